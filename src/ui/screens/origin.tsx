import type { OriginStep } from "../../core/query/model.ts";
import type { Env } from "../components/env.ts";
import { Lines } from "../components/lines.tsx";
import type { Body, Frame } from "../state/frame.ts";
import { formatMoment } from "../text/format.ts";
import { LineBuilder } from "../text/line-builder.ts";
import { evidenceText, stepGuides } from "../text/origin-text.ts";
import { textWidth } from "../text/width.ts";
import type { Ground, Token } from "../theme/tokens.ts";

const SIGN: Readonly<Record<OriginStep["subject"]["kind"], Token>> = {
  process: "strong",
  connection: "outward",
  file: "write",
  channel: "info",
};

/** Titles get what they need, up to this share of the line; the explanations begin below each other. */
const TITLE_SHARE = 0.5;

function stepLine(
  env: Env,
  frame: Frame,
  step: OriginStep,
  guide: string,
  titleWidth: number,
  selected: boolean,
): string {
  const ground: Ground = selected ? "selected" : step.target ? "marked" : "plain";
  const line = new LineBuilder(env.theme, frame.layout.columns, ground);
  const { glyphs } = env.theme;
  line.add(step.severity ?? "text", step.severity === undefined ? "   " : ` ${glyphs.suspicious} `);
  const wall = frame.nowMs - (frame.nowNs - step.atNs) / 1e6;
  line.add("dim", `${formatMoment(wall, frame.nowMs)}  `);
  const end = line.used + titleWidth;
  line.add("guide", guide).clipped(SIGN[step.subject.kind], step.title, end - line.used);
  line.to(end).add("text", "  ");
  if (step.target) {
    line.add("match", "THIS  ");
  }
  const more = step.left === undefined ? "" : `  (${step.left} more: *)`;
  const note = `${step.certainty === "observed" ? "" : `  (${step.certainty})`}${more}`;
  line.clipped("text", step.explanation, line.left - textWidth(note));
  return line.add("warn", note).build();
}

interface OriginProps {
  readonly env: Env;
  readonly frame: Frame;
  readonly body: Extract<Body, { screen: "origin" | "impact" }>;
}

export function OriginScreen({ env, frame, body }: OriginProps) {
  const { columns: width, list, head, foot } = frame.layout;
  const { trace, sentence } = body;
  const [asks, answers] = body.screen === "origin" ? [" Origin of ", " because "] : [" Impact of ", " "];
  const { top, index } = frame.cursor;
  const title = new LineBuilder(env.theme, width).add("title", asks).clipped("strong", trace.title).build();
  const cause = new LineBuilder(env.theme, width).add("dim", answers).clipped("text", sentence).build();
  const guides = stepGuides(trace.steps, env.theme.glyphs);
  const wanted = trace.steps.map((step, at) => textWidth(guides[at] ?? "") + textWidth(step.title));
  const titleWidth = Math.min(Math.max(...wanted, 10), Math.floor(width * TITLE_SHARE));
  const lines = trace.steps
    .slice(top, top + list)
    .map((step, at) => stepLine(env, frame, step, guides[top + at] ?? "", titleWidth, top + at === index));
  const whole = trace.gaps.length === 0 && trace.observedLinks === trace.links;
  const evidence = new LineBuilder(env.theme, width)
    .add("dim", " evidence: ")
    .clipped(whole ? "good" : "warn", evidenceText(trace))
    .build();
  return (
    <>
      <Lines lines={[title, cause].slice(0, head)} height={head} />
      <Lines lines={lines} height={list} />
      <Lines lines={[evidence]} height={foot} />
    </>
  );
}

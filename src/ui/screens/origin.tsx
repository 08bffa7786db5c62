import type { OriginStep } from "../../core/query/model.ts";
import type { Env } from "../components/env.ts";
import { Lines } from "../components/lines.tsx";
import type { Body, Frame } from "../state/frame.ts";
import { formatMoment } from "../text/format.ts";
import { LineBuilder } from "../text/line-builder.ts";
import { evidenceText, stepGuides } from "../text/origin-text.ts";
import { sanitise } from "../text/sanitise.ts";
import { textWidth, truncateMiddle, wrapWords } from "../text/width.ts";
import type { Ground, Token } from "../theme/tokens.ts";

const SIGN: Readonly<Record<OriginStep["subject"]["kind"], Token>> = {
  process: "strong",
  connection: "outward",
  file: "write",
  channel: "info",
};

/** From this width on titles and explanations stand beside each other, below each other otherwise. */
const BESIDE_FROM = 110;
const MOST_OF_A_TITLE = 0.45;
/** A guide deeper than this leaves no room for the title. */
const DEEPEST = 0.4;
const SIGN_CELLS = 3;

interface Sizes {
  readonly width: number;
  /** Cells of the longest time: all begin and end in one column. */
  readonly time: number;
  readonly title: number;
  readonly beside: boolean;
}

interface StepText {
  readonly step: OriginStep;
  readonly time: string;
  /** The lines of the tree in front of the title, and those that go on below it. */
  readonly guide: string;
  readonly below: string;
}

const clipGuide = (guide: string, most: number): string => (textWidth(guide) > most ? guide.slice(-most) : guide);

function stepTexts(env: Env, frame: Frame, steps: readonly OriginStep[], width: number): readonly StepText[] {
  const guides = stepGuides(steps, env.theme.glyphs);
  const most = Math.floor(width * DEEPEST);
  return steps.map((step, at) => ({
    step,
    time: formatMoment(frame.nowMs - (frame.nowNs - step.atNs) / 1e6, frame.nowMs),
    guide: clipGuide(guides[at]?.lead ?? "", most),
    below: clipGuide(guides[at]?.below ?? "", most),
  }));
}

/** All that is said of a step, in as many lines as it takes: nothing of a reason is cut. */
function stepLines(
  env: Env,
  { step, time, guide, below }: StepText,
  sizes: Sizes,
  selected: boolean,
): readonly string[] {
  const { theme } = env;
  const ground: Ground = selected ? "selected" : step.target ? "marked" : "plain";
  const more = step.left === undefined ? "" : ` (${step.left} more: *)`;
  const note = `${step.certainty === "observed" ? "" : ` (${step.certainty})`}${more}`;
  const titleAt = SIGN_CELLS + sizes.time + 2;
  const explanationAt = sizes.beside ? titleAt + sizes.title + 2 : titleAt + textWidth(below);
  const lead = step.target ? "THIS " : "";
  const room = sizes.width - explanationAt - 1;
  const text = wrapWords(sanitise(lead + step.explanation + note), room);
  const count = sizes.beside ? text.length : text.length + 1;
  return Array.from({ length: count }, (_, row) => {
    const line = new LineBuilder(theme, sizes.width, ground);
    if (row === 0) {
      line.add(step.severity ?? "text", step.severity === undefined ? "   " : ` ${theme.glyphs.suspicious} `);
      line.cell("dim", time, sizes.time, "right").add("text", "  ").add("guide", guide);
      const left = (sizes.beside ? titleAt + sizes.title : sizes.width) - line.used;
      line.add(SIGN[step.subject.kind], truncateMiddle(sanitise(step.title), left, theme.glyphs.ellipsis));
    } else {
      line.to(titleAt).add("guide", below);
    }
    const words = sizes.beside ? text[row] : text[row - 1];
    if (words !== undefined) {
      line.to(explanationAt);
      addExplanation(line, words, row === (sizes.beside ? 0 : 1) ? lead : "", row === count - 1 ? note : "");
    }
    return line.build();
  });
}

/** The lead and the note stand out where the line was not broken inside them. */
function addExplanation(line: LineBuilder, words: string, lead: string, note: string): void {
  const ends = note !== "" && words.endsWith(note.trim());
  const end = ends ? words.length - note.trim().length : words.length;
  line.add("match", lead).add("text", words.slice(lead.length, end));
  line.add("warn", words.slice(end));
}

interface OriginProps {
  readonly env: Env;
  readonly frame: Frame;
  readonly body: Extract<Body, { screen: "origin" | "impact" }>;
}

/** The lines that are shown: the selected step in the middle where not all fit. */
function visible(blocks: readonly (readonly string[])[], index: number, height: number): readonly string[] {
  const lines = blocks.flat();
  const before = blocks.slice(0, index).reduce((sum, block) => sum + block.length, 0);
  const middle = before + Math.floor((blocks[index]?.length ?? 1) / 2);
  const first = Math.max(Math.min(middle - Math.floor(height / 2), lines.length - height), 0);
  return lines.slice(first, first + height);
}

export function OriginScreen({ env, frame, body }: OriginProps) {
  const { columns: width, list, head, foot } = frame.layout;
  const { trace, sentence } = body;
  const [asks, answers] = body.screen === "origin" ? [" Origin of ", " because "] : [" Impact of ", " "];
  const { index } = frame.cursor;
  const { ellipsis } = env.theme.glyphs;
  const title = new LineBuilder(env.theme, width).add("title", asks);
  title.add("strong", truncateMiddle(sanitise(trace.title), title.left, ellipsis));
  const [first = "", ...rest] = wrapWords(sanitise(sentence), width - answers.length - 1);
  const because = [first, rest.join(" ")].map((text, row) =>
    new LineBuilder(env.theme, width)
      .add("dim", row === 0 ? answers : "")
      .to(answers.length)
      .clipped("text", text),
  );
  const texts = stepTexts(env, frame, trace.steps, width);
  const beside = width >= BESIDE_FROM;
  const wanted = texts.map(({ guide, step }) => textWidth(guide) + textWidth(sanitise(step.title)));
  const sizes: Sizes = {
    width,
    time: Math.max(...texts.map(({ time }) => time.length), 0),
    title: Math.min(Math.max(...wanted, 10), Math.floor(width * MOST_OF_A_TITLE)),
    beside,
  };
  const blocks = texts.map((text, at) => stepLines(env, text, sizes, at === index));
  const whole = trace.gaps.length === 0 && trace.observedLinks === trace.links;
  const evidence = new LineBuilder(env.theme, width)
    .add("dim", " evidence: ")
    .clipped(whole ? "good" : "warn", evidenceText(trace));
  return (
    <>
      <Lines lines={[title, ...because].map((line) => line.build()).slice(0, head)} height={head} />
      <Lines lines={visible(blocks, index, list)} height={list} />
      <Lines lines={[evidence.build()]} height={foot} />
    </>
  );
}

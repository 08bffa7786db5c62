import type { Finding } from "../../core/query/model.ts";
import { type FooterKey, footerKeys } from "../keymap/help.ts";
import { queryProblem } from "../search/mistyped.ts";
import type { Frame } from "../state/frame.ts";
import { selected } from "../state/selection.ts";
import { currentScreen, type TextInput, type ViewState } from "../state/view-state.ts";
import { LineBuilder } from "../text/line-builder.ts";
import { sanitise } from "../text/sanitise.ts";
import { textWidth, wrapWords } from "../text/width.ts";
import type { Token } from "../theme/tokens.ts";
import type { Env } from "./env.ts";

/** What a process did itself before what something below it did; findings come worst first. */
function findingOf(findings: readonly Finding[], process: number | undefined): Finding | undefined {
  return (
    findings.find((finding) => finding.process === process) ??
    findings.find((finding) => finding.chain.some((id) => id === process))
  );
}

interface Info {
  readonly token: Token;
  readonly lead: string;
  readonly textToken: Token;
  readonly text: string;
}

/** A notice, why the row is suspicious, or the row in full. */
function infoOf(env: Env, view: ViewState, frame: Frame): Info | undefined {
  const { body, cursor, findings } = frame;
  if (view.notice !== undefined) {
    return { token: "text", lead: "", textToken: view.notice.token, text: view.notice.text };
  }
  if (body.screen === "origin" || body.screen === "impact") {
    const step = body.trace.steps[cursor.index];
    return step && { token: "dim", lead: "", textToken: "dim", text: step.title };
  }
  const { process } = selected(frame);
  const row = body.screen === "tree" ? body.row(cursor.index) : undefined;
  const finding = body.screen === "findings" ? body.rows[cursor.index]?.finding : findingOf(findings, process);
  if (finding !== undefined) {
    const { glyphs } = env.theme;
    const below = row !== undefined && !row.suspect;
    const sign = below ? `${glyphs.above} below it: ` : `${glyphs.suspicious} `;
    const lead = `${sign}${finding.title}: `;
    return { token: below ? "dim" : finding.severity, lead, textToken: "text", text: finding.reason };
  }
  return row && { token: "dim", lead: `${row.pid} `, textToken: "dim", text: row.command };
}

/** The lines above the keys. */
export function infoLines(env: Env, view: ViewState, frame: Frame): readonly string[] {
  const { columns, info: rows } = frame.layout;
  const info = infoOf(env, view, frame);
  if (info === undefined) {
    return [];
  }
  const lead = sanitise(info.lead);
  const [first = "", ...more] = wrapWords(sanitise(info.text), columns - 2 - textWidth(lead), columns - 3);
  const shown = rows > 1 ? [first, more.join(" ")] : [[first, ...more].join(" ")];
  return shown.map((text, index) => {
    const line = new LineBuilder(env.theme, columns).add("text", index === 0 ? " " : "   ");
    return line
      .add(info.token, index === 0 ? lead : "")
      .clipped(info.textToken, text)
      .build();
  });
}

/** A text field with its cursor, `width` cells at most. */
export function addInput(line: LineBuilder, input: TextInput): LineBuilder {
  const after = input.text.slice(input.at);
  line.add("strong", input.text.slice(0, input.at));
  return line.add("cursor", after.slice(0, 1) || " ").add("strong", after.slice(1));
}

/** The last line: the keys of this screen and where the cursor is; a text field while one is open. */
export function keysLine(env: Env, view: ViewState, frame: Frame): string {
  const { columns } = frame.layout;
  const line = new LineBuilder(env.theme, columns);
  if (view.overlay?.name === "jump") {
    const { input, problem } = view.overlay;
    addInput(line.add("key", " go to: "), input);
    return line
      .add(problem === undefined ? "dim" : "warn", `   ${problem ?? "-5m  +30s  14:31:29"}   Esc cancel`)
      .build();
  }
  if (view.overlay?.name === "filter") {
    addInput(line.add("key", " filter: "), view.overlay.input);
    const problem = queryProblem(view.overlay.input.text);
    const hint = problem ?? "Enter keep  Esc cancel   user: pid: port: cont: path: !not";
    return line.add(problem === undefined ? "dim" : "warn", `   ${hint}`).build();
  }
  const { ids } = frame.body;
  const position = ids.length === 0 ? "" : `${frame.cursor.index + 1}/${ids.length} `;
  const keys = footerKeys(currentScreen(view).name);
  const width = ({ key, label }: FooterKey): number => textWidth(` ${key} ${label} `);
  // The way out is always there; of the others as many as fit.
  const always = keys.filter(({ always }) => always);
  let room = columns - position.length - always.reduce((sum, key) => sum + width(key), 0);
  const shown = keys.filter((key) => {
    const fits = key.always || width(key) <= room;
    room = key.always ? room : fits ? room - width(key) : 0;
    return fits;
  });
  for (const { key, label } of shown) {
    line.add("key", ` ${key}`).add("keyLabel", ` ${label} `);
  }
  return line
    .to(columns - position.length)
    .add("dim", position)
    .build();
}

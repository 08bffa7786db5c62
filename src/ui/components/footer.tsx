import type { Finding, Severity } from "../../core/query/model.ts";
import { footerKeys } from "../keymap/help.ts";
import type { Frame } from "../state/frame.ts";
import { selected } from "../state/selection.ts";
import { currentScreen, type TextInput, type ViewState } from "../state/view-state.ts";
import { LineBuilder } from "../text/line-builder.ts";
import { sanitise } from "../text/sanitise.ts";
import { textWidth } from "../text/width.ts";
import type { Token } from "../theme/tokens.ts";
import type { Env } from "./env.ts";

const ORDER: readonly Severity[] = ["info", "low", "medium", "high", "critical"];

/** The worst finding a process takes part in; the newest of equals. */
function worstFinding(findings: readonly Finding[], process: number | undefined): Finding | undefined {
  let worst: Finding | undefined;
  for (const finding of findings) {
    if (
      finding.chain.some((id) => id === process) &&
      (worst === undefined || ORDER.indexOf(finding.severity) >= ORDER.indexOf(worst.severity))
    ) {
      worst = finding;
    }
  }
  return worst;
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
    return step && { token: "dim", lead: `${step.title}: `, textToken: "text", text: step.explanation };
  }
  const { process } = selected(frame);
  const finding = body.screen === "findings" ? body.rows[cursor.index]?.finding : worstFinding(findings, process);
  if (finding !== undefined) {
    const lead = `${env.theme.glyphs.suspicious} ${finding.title}: `;
    return { token: finding.severity, lead, textToken: "text", text: finding.reason };
  }
  const row = body.screen === "tree" ? body.rows[cursor.index] : undefined;
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
  const [first = "", ...more] = wrap(sanitise(info.text), columns - 2 - textWidth(lead), columns - 3);
  const shown = rows > 1 ? [first, more.join(" ")] : [[first, ...more].join(" ")];
  return shown.map((text, index) => {
    const line = new LineBuilder(env.theme, columns).add("text", index === 0 ? " " : "   ");
    return line
      .add(info.token, index === 0 ? lead : "")
      .clipped(info.textToken, text)
      .build();
  });
}

/** Words into lines: the first of `first` cells, the others of `width`. */
function wrap(text: string, first: number, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (textWidth(joined) > (lines.length === 0 ? first : width) && line !== "") {
      lines.push(line);
      line = word;
    } else {
      line = joined;
    }
  }
  return [...lines, line];
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
  if (view.overlay?.name === "filter") {
    addInput(line.add("key", " filter: "), view.overlay.input);
    return line.add("dim", "   Enter keep  Esc cancel   user: pid: port: cont: path: !not").build();
  }
  const { ids } = frame.body;
  const position = ids.length === 0 ? "" : `${frame.cursor.index + 1}/${ids.length} `;
  for (const { key, label } of footerKeys(currentScreen(view).name)) {
    const text = ` ${key} ${label} `;
    if (line.used + textWidth(text) > columns - position.length) {
      break;
    }
    line.add("key", ` ${key}`).add("keyLabel", ` ${label} `);
  }
  return line
    .to(columns - position.length)
    .add("dim", position)
    .build();
}

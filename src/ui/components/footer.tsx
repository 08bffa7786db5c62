import type { Finding, Severity } from "../../core/query/model.ts";
import { footerKeys } from "../keymap/help.ts";
import type { Frame } from "../state/frame.ts";
import { selected } from "../state/selection.ts";
import { currentScreen, type TextInput, type ViewState } from "../state/view-state.ts";
import { LineBuilder } from "../text/line-builder.ts";
import { textWidth } from "../text/width.ts";
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

/** The line above the keys: a notice, why the row is suspicious, or the row in full. */
export function infoLine(env: Env, view: ViewState, frame: Frame): string {
  const { columns } = frame.layout;
  const line = new LineBuilder(env.theme, columns).add("text", " ");
  if (view.notice !== undefined) {
    return line.clipped(view.notice.token, view.notice.text).build();
  }
  const { body, cursor } = frame;
  const finding =
    body.screen === "findings"
      ? body.rows[cursor.index]?.finding
      : worstFinding(frame.findings, selected(frame).process);
  if (finding !== undefined) {
    return line
      .add(finding.severity, `${env.theme.glyphs.suspicious} ${finding.title}: `)
      .clipped("text", finding.reason)
      .build();
  }
  if (body.screen === "tree") {
    const row = body.rows[cursor.index];
    return row === undefined ? "" : line.add("dim", `${row.pid} `).clipped("dim", row.command).build();
  }
  return "";
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

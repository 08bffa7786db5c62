import type { SearchEntry } from "../../core/query/model.ts";
import { Dialog, type DialogLine } from "../components/dialog.tsx";
import type { Env } from "../components/env.ts";
import { addInput } from "../components/footer.tsx";
import { queryProblem } from "../search/mistyped.ts";
import { parseQuery } from "../search/query.ts";
import type { SearchResult } from "../search/search-index.ts";
import type { Frame } from "../state/frame.ts";
import type { Overlay } from "../state/view-state.ts";
import { formatCount } from "../text/format.ts";
import type { LineBuilder } from "../text/line-builder.ts";
import { sanitise } from "../text/sanitise.ts";
import { textWidth, truncate } from "../text/width.ts";
import type { Token } from "../theme/tokens.ts";

const KIND_LABEL: Readonly<Record<SearchEntry["subject"]["kind"], string>> = {
  process: "proc",
  connection: "conn",
  file: "file",
  channel: "pipe",
  finding: "alert",
};

const KIND_TOKEN: Readonly<Record<SearchEntry["subject"]["kind"], Token>> = {
  process: "dim",
  connection: "outward",
  file: "write",
  channel: "info",
  finding: "high",
};

/** What fits of a text: from its beginning, or with its first word kept from a little before what was found further on. */
function around(text: string, words: readonly string[], width: number, ellipsis: string): string {
  const lower = text.toLowerCase();
  const ends = lower.length === text.length ? words.map((word) => lower.indexOf(word) + word.length) : [];
  const last = Math.max(...ends, 0);
  if (last < width || textWidth(text) !== text.length) {
    return truncate(text, width, ellipsis);
  }
  const head = text.slice(0, text.indexOf(" ") + 1);
  const from = last - Math.floor((width - head.length) / 2);
  return truncate(`${head}${ellipsis}${text.slice(from)}`, width, ellipsis);
}

/** Text with the searched words set off. */
function addMatches(
  line: LineBuilder,
  text: string,
  words: readonly string[],
  width: number,
  token: Token,
  ellipsis: string,
): void {
  const clean = around(sanitise(text), words, width, ellipsis);
  const lower = clean.toLowerCase();
  // Lower case may have another length ("İ"): then nothing is set off.
  const marks = lower.length === clean.length ? words.map((word) => [lower.indexOf(word), word.length] as const) : [];
  let at = 0;
  for (const [start, length] of marks.filter(([start]) => start >= 0).toSorted((a, b) => a[0] - b[0])) {
    if (start >= at) {
      line.add(token, clean.slice(at, start)).add("match", clean.slice(start, start + length));
      at = start + length;
    }
  }
  line.add(token, clean.slice(at));
}

/** Of most pids: commands begin in one column. */
const PID_CELLS = 6;

/** On a narrower terminal the dialog takes the whole width. */
const WIDEST = 120;

function noteOf({ total, searched, fuzzy, filesLeft }: SearchResult): string {
  const left = filesLeft > 0 ? `, not in ${formatCount(filesLeft)} older files` : "";
  return `${total} of ${searched}${fuzzy > 0 ? " (similar)" : ""}${left}`;
}

interface SearchProps {
  readonly env: Env;
  readonly frame: Frame;
  readonly overlay: Extract<Overlay, { name: "search" }>;
}

/** The search dialog: one ranked list over everything that is remembered. */
export function SearchOverlay({ env, frame, overlay }: SearchProps) {
  const { layout, search } = frame;
  const hits = search?.hits ?? [];
  const width = layout.columns <= WIDEST + 4 ? layout.columns : WIDEST;
  const height = Math.max(Math.min(layout.rows - 8, 24), 3);
  const index = Math.max(Math.min(overlay.index, hits.length - 1), 0);
  const top = Math.max(Math.min(index - Math.floor(height / 2), hits.length - height), 0);
  const words = parseQuery(overlay.input.text)
    .filter((term) => !term.negated && term.field === undefined)
    .map((term) => term.text);
  const problem = queryProblem(overlay.input.text);
  const hit =
    (entry: SearchEntry): DialogLine =>
    (line) => {
      const { kind } = entry.subject;
      const noteWidth = Math.min(entry.note.length, 28);
      line.add(KIND_TOKEN[kind], ` ${KIND_LABEL[kind].padEnd(6)}`);
      const { ellipsis } = env.theme.glyphs;
      const pid = kind === "process" ? entry.text.indexOf(" ") : 0;
      line.add("text", " ".repeat(pid > 0 ? Math.max(PID_CELLS - pid, 0) : 0));
      addMatches(line, entry.text, words, line.left - noteWidth - 3, entry.live ? "text" : "faint", ellipsis);
      line.to(width - 2 - noteWidth - 1).clipped("dim", entry.note, noteWidth);
    };
  const rows = Array.from({ length: height }, (_, row) => {
    const entry = hits[top + row];
    if (entry !== undefined) {
      return { draw: hit(entry), selected: top + row === index };
    }
    const nothing: DialogLine = (line) =>
      line.add(
        problem === undefined ? "dim" : "warn",
        row === 0 && hits.length === 0
          ? `  ${problem ?? (search?.searching ? "looking for what is similar" : "nothing found")}`
          : "",
      );
    return { draw: nothing };
  });
  const note = search === undefined ? "" : noteOf(search);
  const hint: DialogLine = (line) =>
    line.clipped(
      "dim",
      " Enter show  ^o origin  Tab complete  Up earlier  Esc close  user: pid: port: host: path: cont: state: !not",
    );
  return (
    <Dialog
      env={env}
      layout={layout}
      title="Search"
      note={note}
      width={width}
      top={2}
      lines={[{ draw: (line) => addInput(line.add("key", " / "), overlay.input) }, ...rows, { draw: hint }]}
    />
  );
}

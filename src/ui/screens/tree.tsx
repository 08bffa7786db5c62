import type { Activity, SortKey, TreeRow } from "../../core/query/model.ts";
import type { Env } from "../components/env.ts";
import { Lines } from "../components/lines.tsx";
import type { Body, Frame } from "../state/frame.ts";
import type { ViewState } from "../state/view-state.ts";
import { formatAge, formatBytes, formatPercent } from "../text/format.ts";
import { LineBuilder } from "../text/line-builder.ts";
import { textWidth } from "../text/width.ts";
import type { Ground, Token } from "../theme/tokens.ts";
import { anyContainer, GUTTER, type TreeColumns, treeColumns } from "./tree-columns.ts";

const ACTIVITY_TOKEN: Readonly<Record<Activity["kind"], Token>> = {
  listen: "inward",
  accepted: "inward",
  connected: "outward",
  datagram: "outward",
  write: "write",
  "execute-written": "execute",
  delete: "remove",
};

function headLine({ theme }: Env, view: ViewState, columns: TreeColumns, width: number): string {
  const { glyphs } = theme;
  const line = new LineBuilder(theme, width).add("columns", " ".repeat(GUTTER));
  const title = (text: string, key: SortKey | undefined, cells: number, align: "left" | "right"): void => {
    if (cells > 0) {
      const sorted = key === view.sort;
      const arrow = sorted ? (view.descending ? glyphs.descending : glyphs.ascending) : "";
      line.cell(sorted ? "columnSorted" : "columns", text + arrow, cells, align).add("columns", " ");
    }
  };
  title("PID", "pid", columns.pid, "right");
  title("USER", "user", columns.user, "left");
  title("CPU%", "cpu", columns.cpu, "right");
  title("RES", "memory", columns.memory, "right");
  title("AGE", "age", columns.age, "right");
  title(`${glyphs.down}/s`, "receive", columns.receive, "right");
  title(`${glyphs.up}/s`, "send", columns.send, "right");
  title("CONTAINER", undefined, columns.container, "left");
  title("COMMAND", "command", columns.command, "left");
  title("ACTIVITY", undefined, columns.activity, "left");
  return line.build("columns");
}

function flag({ theme }: Env, row: TreeRow): readonly [Token, string] {
  if (row.severity !== undefined && row.suspect) {
    return [row.severity, theme.glyphs.suspicious];
  }
  if (row.exit !== undefined) {
    return ["faint", theme.glyphs.exited];
  }
  if (row.severity !== undefined) {
    return ["dim", theme.glyphs.above];
  }
  return row.collapsed ? ["key", theme.glyphs.collapsed] : ["text", " "];
}

export function cpuToken(percent: number): Token {
  if (percent < 0.05) {
    return "faint";
  }
  return percent >= 50 ? "bad" : percent >= 10 ? "warn" : "text";
}

/** The row's usual tokens, or one quiet token for a row that is gone or only gives context. */
const quiet = (row: TreeRow, token: Token): Token => (row.exit !== undefined || row.context ? "faint" : token);

function addNumbers(line: LineBuilder, row: TreeRow, columns: TreeColumns, env: Env): void {
  const number = (cells: number, token: Token, text: string): void => {
    if (cells > 0) {
      line.cell(quiet(row, token), text, cells, "right").add("text", " ");
    }
  };
  const gone = row.exit !== undefined;
  const none = env.theme.glyphs.none;
  const { cpuPercent, rxBytesPerSecond: rx, txBytesPerSecond: tx } = row;
  number(
    columns.cpu,
    cpuToken(cpuPercent ?? 0),
    gone ? none : cpuPercent === undefined ? "" : formatPercent(cpuPercent),
  );
  number(columns.memory, row.rssBytes > 0 ? "text" : "faint", gone ? none : formatBytes(row.rssBytes));
  number(columns.age, "dim", formatAge(row.ageNs));
  number(columns.receive, "receive", rx >= 1 ? formatBytes(rx) : "");
  number(columns.send, "send", tx >= 1 ? formatBytes(tx) : "");
}

function guides({ theme }: Env, row: TreeRow): string {
  if (row.depth === 0) {
    return "";
  }
  const { through, branch, lastBranch } = theme.glyphs;
  const above = row.guides.slice(1, row.depth).map((open) => (open ? through : "   "));
  return above.join("") + (row.lastChild ? lastBranch : branch);
}

/** Found gone rather than seen to exit: how it ended is not known. */
function exitStatus(status: number | undefined): string {
  return status === undefined ? "gone" : `exit ${status}`;
}

/** From this width of the activity column on, also how long ago. */
const EXIT_AGE_FROM = 22;

function exitText({ exit }: TreeRow, width: number, nowNs: number): string {
  if (exit === undefined) {
    return "";
  }
  const how = exit.signal === undefined ? exitStatus(exit.status) : `signal ${exit.signal}`;
  return width < EXIT_AGE_FROM ? how : `${how}, ${formatAge(nowNs - exit.atNs)} ago`;
}

const MOST_OF_A_LINE = 0.7;

/** Directory of the executable quiet, its name strong, arguments plain; the tree's lines in front. */
function addCommand(line: LineBuilder, env: Env, row: TreeRow, width: number): void {
  const end = line.used + width;
  const branch = guides(env, row);
  // A chain of forty shells must not push its own name off the screen.
  line.add("guide", textWidth(branch) > width - 12 ? `${env.theme.glyphs.ellipsis}${branch.slice(-3)}` : branch);
  const space = row.command.indexOf(" ");
  const program = space < 0 ? row.command : row.command.slice(0, space);
  const slash = row.kernelThread ? 0 : program.lastIndexOf("/") + 1;
  const severity = row.suspect ? row.severity : undefined;
  const name: Token = quiet(row, severity ?? (row.kernelThread ? "dim" : "strong"));
  const below = row.collapsed && row.hidden > 0 ? `  (${row.hidden} below)` : "";
  const room = end - line.used - textWidth(below);
  const clip = (token: Token, text: string): void => {
    line.clipped(token, text, end - line.used - textWidth(below));
  };
  // A directory that would push the name out is left out.
  clip(quiet(row, "dim"), program.length <= room * MOST_OF_A_LINE ? program.slice(0, slash) : "");
  clip(name, program.slice(slash));
  clip(quiet(row, severity === undefined ? "dim" : "text"), space < 0 ? "" : row.command.slice(space));
  line.clipped("info", below, end - line.used).to(end);
}

/** How it ended, then as many chips as fit, and how many more there are. */
function addActivity(line: LineBuilder, env: Env, row: TreeRow, width: number, nowNs: number): void {
  const end = line.used + width;
  const { glyphs } = env.theme;
  const ended = exitText(row, width, nowNs);
  line.clipped("faint", ended, width);
  for (const [index, chip] of row.activity.entries()) {
    const left = row.activity.length - index - 1;
    const more = left > 0 ? ` +${left + 1}` : "";
    const count = chip.count > 1 ? ` ${glyphs.times}${chip.count}` : "";
    const gap = index > 0 || ended !== "" ? "  " : "";
    const room = end - line.used - textWidth(gap) - more.length;
    const needed = textWidth(glyphs.activity[chip.kind]) + 1 + textWidth(chip.text) + count.length;
    if (gap !== "" && needed > room) {
      line.add("dim", ` +${left + 1}`);
      break;
    }
    const token = quiet(row, chip.severity ?? ACTIVITY_TOKEN[chip.kind]);
    line.add(token, `${gap}${glyphs.activity[chip.kind]} `);
    line.clipped(
      quiet(row, chip.severity ?? "text"),
      chip.text,
      Math.max(end - line.used - count.length - more.length, 0),
    );
    line.add(quiet(row, "dim"), count);
  }
}

function groundOf(row: TreeRow, selected: boolean): Ground {
  if (selected) {
    return "selected";
  }
  const marked = row.suspect && row.severity !== undefined && row.severity !== "info" && row.exit === undefined;
  return marked ? "marked" : "plain";
}

export function treeLine(
  env: Env,
  row: TreeRow,
  columns: TreeColumns,
  width: number,
  selected: boolean,
  nowNs: number,
): string {
  const line = new LineBuilder(env.theme, width, groundOf(row, selected));
  const user = env.names.user(row.uid);
  const [token, sign] = flag(env, row);
  line.add("text", " ").add(token, sign);
  line.cell(quiet(row, "text"), String(row.pid), columns.pid, "right").add("text", " ");
  if (columns.user > 0) {
    line.cell(quiet(row, row.uid === 0 ? "root" : "text"), user, columns.user).add("text", " ");
  }
  addNumbers(line, row, columns, env);
  if (columns.container > 0) {
    line.cell(quiet(row, "container"), env.names.container(row.cgroup), columns.container).add("text", " ");
  }
  addCommand(line, env, row, columns.command);
  line.add("text", " ");
  addActivity(line, env, row, columns.activity, nowNs);
  return line.build();
}

interface TreeProps {
  readonly env: Env;
  readonly view: ViewState;
  readonly frame: Frame;
  readonly body: Extract<Body, { screen: "tree" }>;
}

export function TreeScreen({ env, view, frame, body }: TreeProps) {
  const { columns: width, list, head } = frame.layout;
  const { top, index } = frame.cursor;
  const visible = body.rows.slice(top, top + list);
  const columns = treeColumns(width, anyContainer(env, body.rows));
  const lines = visible.map((row, at) => treeLine(env, row, columns, width, top + at === index, frame.nowNs));
  return (
    <>
      {head > 0 && <Lines lines={[headLine(env, view, columns, width)]} />}
      <Lines lines={lines} height={list} />
    </>
  );
}

import type { Activity, TreeRow } from "../../core/query/model.ts";
import type { Env } from "../components/env.ts";
import type { TreeItem } from "../state/frame.ts";
import { formatAge, formatBytes, formatCount, formatPercent } from "../text/format.ts";
import { LineBuilder } from "../text/line-builder.ts";
import { textWidth } from "../text/width.ts";
import type { Ground, Token } from "../theme/tokens.ts";
import { GUTTER, TO_THE_LEFT, type TreeColumn, type TreeColumns } from "./tree-columns.ts";

const ACTIVITY_TOKEN: Readonly<Record<Activity["kind"], Token>> = {
  listen: "inward",
  accepted: "inward",
  connected: "outward",
  datagram: "outward",
  write: "write",
  "execute-written": "execute",
  delete: "remove",
};

function flag({ theme }: Env, row: TreeRow): readonly [Token, string] {
  if (row.severity !== undefined && row.suspect) {
    return [row.severity, theme.glyphs.suspicious];
  }
  if (row.count > 1) {
    return ["key", row.open ? theme.glyphs.unfolded : theme.glyphs.collapsed];
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

/** Text of a cell between PID and command, and how it is drawn. */
export function cellOf(env: Env, row: TreeRow, name: TreeColumn): readonly [Token, string] {
  const { names, theme } = env;
  const gone = row.exit !== undefined;
  const { cpuPercent, rxBytesPerSecond: rx, txBytesPerSecond: tx, loginUid } = row;
  switch (name) {
    case "ppid":
      return ["dim", String(row.ppid)];
    case "user":
      return [row.uid === 0 ? "root" : "text", names.user(row.uid)];
    case "login":
      return ["dim", loginUid === undefined ? theme.glyphs.none : names.user(loginUid)];
    case "cpu": {
      const text = cpuPercent === undefined ? "" : formatPercent(cpuPercent);
      return [cpuToken(cpuPercent ?? 0), gone ? theme.glyphs.none : text];
    }
    case "memory":
      // Nothing was sampled yet.
      if (gone || (row.rssBytes === 0 && cpuPercent === undefined)) {
        return ["faint", theme.glyphs.none];
      }
      return [row.rssBytes > 0 ? "text" : "faint", formatBytes(row.rssBytes)];
    case "threads":
      return ["dim", gone || row.threads === 0 ? "" : formatCount(row.threads)];
    case "age":
      return ["dim", formatAge(row.ageNs)];
    case "receive":
      return ["receive", rx >= 1 ? formatBytes(rx) : ""];
    case "send":
      return ["send", tx >= 1 ? formatBytes(tx) : ""];
    case "container":
      return ["container", names.container(row.cgroup)];
    case "unit": {
      const known = names.cgroup(row.cgroup);
      return ["dim", known?.kind === "unit" || known?.kind === "session" ? known.name : ""];
    }
  }
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
/** Of the runs of a loop, where there is room beside the name: the activity column tells it, too. */
const EXITED = " exited";

/** Directory of the executable quiet, its name strong, arguments plain; the tree's lines in front. */
function addCommand(line: LineBuilder, env: Env, row: TreeRow, columns: TreeColumns, nowNs: number): void {
  const width = columns.command;
  const end = line.used + width;
  const branch = guides(env, row);
  // A chain of forty shells must not push its own name off the screen.
  line.add("guide", textWidth(branch) > width - 12 ? `${env.theme.glyphs.ellipsis}${branch.slice(-3)}` : branch);
  const space = row.command.indexOf(" ");
  const program = space < 0 ? row.command : row.command.slice(0, space);
  const slash = row.kernelThread ? 0 : program.lastIndexOf("/") + 1;
  const severity = row.suspect ? row.severity : undefined;
  const name: Token = quiet(row, severity ?? (row.kernelThread ? "dim" : "strong"));
  const ended = columns.activity > 0 || row.exit === undefined ? "" : `  ${exitText(row, width, nowNs)}`;
  const times = row.count > 1 ? `  ${env.theme.glyphs.times}${formatCount(row.count)}` : "";
  const fits = line.used + textWidth(`${program.slice(slash)}${times}${EXITED}`) <= end;
  const below = `${times}${times !== "" && fits ? EXITED : ""}${row.collapsed && row.hidden > 0 ? `  (${row.hidden} below)` : ""}${ended}`;
  const room = end - line.used - textWidth(below);
  const clip = (token: Token, text: string): void => {
    line.clipped(token, text, end - line.used - textWidth(below));
  };
  // A directory that would push the name out is left out.
  clip(quiet(row, "dim"), program.length <= room * MOST_OF_A_LINE ? program.slice(0, slash) : "");
  clip(name, program.slice(slash));
  const args = space < 0 ? "" : row.command.slice(space);
  clip(quiet(row, severity === undefined ? "dim" : "text"), row.mixed ? ` ${env.theme.glyphs.ellipsis}` : args);
  line.clipped(ended === "" ? "info" : "faint", below, end - line.used).to(end);
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

/** One thing a process does, in a row of its own. */
function addLeaf(line: LineBuilder, env: Env, row: TreeRow, leaf: Activity, columns: TreeColumns): void {
  const { glyphs } = env.theme;
  line.to(GUTTER + columns.pid + 1 + columns.shown.reduce((sum, { width }) => sum + width + 1, 0));
  line
    .add("guide", guides(env, row))
    .add(quiet(row, leaf.severity ?? ACTIVITY_TOKEN[leaf.kind]), glyphs.activity[leaf.kind]);
  line.add("text", " ").clipped(quiet(row, leaf.severity ?? "text"), leaf.text);
  line.add("dim", leaf.count > 1 ? ` ${glyphs.times}${leaf.count}` : "");
}

export interface RowLook {
  readonly selected: boolean;
  readonly tagged: boolean;
}

export function treeLine(
  env: Env,
  row: TreeItem,
  columns: TreeColumns,
  width: number,
  look: RowLook,
  nowNs: number,
): string {
  const line = new LineBuilder(
    env.theme,
    width,
    row.leaf === undefined ? groundOf(row, look.selected) : look.selected ? "selected" : "plain",
  );
  if (row.leaf !== undefined) {
    addLeaf(line, env, row, row.leaf, columns);
    return line.build();
  }
  const [token, sign] = flag(env, row);
  line.add("match", look.tagged ? env.theme.glyphs.tagged : " ").add(token, sign);
  line.cell(quiet(row, look.tagged ? "match" : "text"), String(row.pid), columns.pid, "right").add("text", " ");
  for (const { name, width: cells } of columns.shown) {
    const [cellToken, text] = cellOf(env, row, name);
    line.cell(quiet(row, cellToken), text, cells, TO_THE_LEFT.has(name) ? "left" : "right").add("text", " ");
  }
  addCommand(line, env, row, columns, nowNs);
  if (columns.activity > 0) {
    line.add("text", " ");
    addActivity(line, env, row, columns.activity, nowNs);
  }
  return line.build();
}

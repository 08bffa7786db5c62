import type { Env } from "../components/env.ts";

/** Columns between the PID and the command, in their order. */
const OPTIONAL = [
  "ppid",
  "user",
  "login",
  "cpu",
  "memory",
  "threads",
  "age",
  "receive",
  "send",
  "container",
  "unit",
] as const;

export type TreeColumn = (typeof OPTIONAL)[number];

export const TO_THE_LEFT: ReadonlySet<TreeColumn> = new Set(["user", "login", "container", "unit"]);

/** Widths of the tree's columns on a terminal. */
export interface TreeColumns {
  readonly pid: number;
  /** Those that are shown, in order. */
  readonly shown: readonly { readonly name: TreeColumn; readonly width: number }[];
  readonly command: number;
  /** 0 = left out. */
  readonly activity: number;
}

const WIDTH: Readonly<Record<TreeColumn, number>> = {
  ppid: 7,
  user: 8,
  login: 8,
  cpu: 5,
  memory: 5,
  threads: 4,
  age: 4,
  receive: 5,
  send: 5,
  container: 11,
  unit: 16,
};

/** What goes first when there is too little room for command and activity. */
const DROP_ORDER: readonly TreeColumn[] = ["receive", "send", "memory", "age", "container", "user", "cpu"];
/** These wait until they are asked for. */
const OFF: ReadonlySet<TreeColumn> = new Set(["ppid", "login", "threads", "unit"]);

/** Flag, blank, PID of seven digits (the kernel's limit), blank. */
export const GUTTER = 2;
const PID = 7;
const COMMAND_AND_ACTIVITY = 46;
/** Columns that were asked for may take more of the command, but not all of it. */
const LEAST_COMMAND = 24;
/** Narrower than this there is only PID, command and one chip. */
const COLUMNS_FROM = 60;

export interface TreeColumnOptions {
  /** Any row is in a container. */
  readonly container: boolean;
  /** Columns that were turned on or off. */
  readonly chosen?: Readonly<Record<string, boolean>> | undefined;
  /** Whether there is an activity column. */
  readonly activity?: boolean;
}

/** Command and activity keep at least 46 cells; columns before them give way in a fixed order, those asked for last. */
export function treeColumns(
  columns: number,
  { container, chosen = {}, activity = true }: TreeColumnOptions,
): TreeColumns {
  const shown = new Set(
    OPTIONAL.filter((name) => chosen[name] ?? (!OFF.has(name) && (name !== "container" || container))),
  );
  const rest = (): number =>
    columns - GUTTER - PID - 1 - [...shown].reduce((sum, name) => sum + WIDTH[name] + 1, 0) - 1;
  const enough = (cells: number): boolean => rest() >= cells && columns >= COLUMNS_FROM;
  for (const name of DROP_ORDER) {
    if (!chosen[name] && !enough(COMMAND_AND_ACTIVITY)) {
      shown.delete(name);
    }
  }
  for (const name of [...DROP_ORDER, ...OFF]) {
    if (!enough(LEAST_COMMAND)) {
      shown.delete(name);
    }
  }
  const beside = activity ? Math.min(Math.max(Math.floor(rest() * 0.42), 16), 64) : 0;
  return {
    pid: PID,
    shown: OPTIONAL.filter((name) => shown.has(name)).map((name) => ({ name, width: WIDTH[name] })),
    command: rest() - beside - (activity ? 1 : 0),
    activity: beside,
  };
}

/** Whether any cgroup is a container's: without one the column is left out. */
export function anyContainer({ names }: Env, cgroups: ReadonlySet<string>): boolean {
  return [...cgroups].some((cgroup) => names.container(cgroup) !== "");
}

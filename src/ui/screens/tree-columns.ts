import type { TreeRow } from "../../core/query/model.ts";
import type { Env } from "../components/env.ts";

/** Widths of the tree's columns on a terminal; 0 = left out. */
export interface TreeColumns {
  readonly pid: number;
  readonly user: number;
  readonly cpu: number;
  readonly memory: number;
  readonly age: number;
  readonly receive: number;
  readonly send: number;
  readonly container: number;
  readonly command: number;
  readonly activity: number;
}

type Optional = "user" | "cpu" | "memory" | "age" | "receive" | "send" | "container";

const WIDTH: Readonly<Record<Optional, number>> = {
  user: 8,
  cpu: 5,
  memory: 5,
  age: 4,
  receive: 5,
  send: 5,
  container: 11,
};

/** What goes first when there is too little room for command and activity. */
const DROP_ORDER: readonly Optional[] = ["receive", "send", "memory", "age", "container", "user", "cpu"];

/** Flag, blank, PID of seven digits (the kernel's limit), blank. */
export const GUTTER = 2;
const PID = 7;
const COMMAND_AND_ACTIVITY = 46;

/** Command and activity keep at least 46 cells; columns before them give way in a fixed order. */
export function treeColumns(columns: number, container: boolean): TreeColumns {
  const shown = new Set<Optional>(["user", "cpu", "memory", "age", "receive", "send"]);
  if (container) {
    shown.add("container");
  }
  const rest = (): number =>
    columns - GUTTER - PID - 1 - [...shown].reduce((sum, name) => sum + WIDTH[name] + 1, 0) - 1;
  for (const name of DROP_ORDER) {
    if (rest() >= COMMAND_AND_ACTIVITY && columns >= 60) {
      break;
    }
    shown.delete(name);
  }
  const activity = Math.min(Math.max(Math.floor(rest() * 0.42), 16), 64);
  const width = (name: Optional): number => (shown.has(name) ? WIDTH[name] : 0);
  return {
    pid: PID,
    user: width("user"),
    cpu: width("cpu"),
    memory: width("memory"),
    age: width("age"),
    receive: width("receive"),
    send: width("send"),
    container: width("container"),
    command: rest() - activity - 1,
    activity,
  };
}

/** Whether any row is in a container: without one the column is left out. */
export function anyContainer(env: Env, rows: readonly TreeRow[]): boolean {
  return rows.some((row) => env.names.container(row.cgroup) !== "");
}

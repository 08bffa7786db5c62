import type { Names, Queries } from "../ports.ts";
import { isTable, optionalColumns, orderOf, sortBy, sortColumns } from "./columns.ts";
import { TOP } from "./cursor.ts";
import { filterOf, stay, withCursor, withFilter } from "./navigation.ts";
import type { Step } from "./reduce.ts";
import { LEAST_NICE, MOST_NICE, niceOf } from "./targets.ts";
import { currentScreen, type MenuOverlay, type SignalTarget, type ViewState } from "./view-state.ts";

export interface MenuItem {
  readonly label: string;
  readonly note: string;
  /** A box beside it, ticked or not; or none. */
  readonly ticked?: boolean;
}

/** A list to choose from, as it is drawn. */
export interface Menu {
  readonly title: string;
  readonly items: readonly MenuItem[];
  readonly hint: string;
  /** Whether digits choose a row, as its number says. */
  readonly numbered?: false;
}

const SIGNALS: readonly (MenuItem & { readonly label: NodeJS.Signals })[] = [
  { label: "SIGTERM", note: "ask it to end" },
  { label: "SIGINT", note: "interrupt, as ^C does" },
  { label: "SIGHUP", note: "hang up; many servers reload" },
  { label: "SIGKILL", note: "end at once, without clean-up" },
  { label: "SIGSTOP", note: "stop" },
  { label: "SIGCONT", note: "continue" },
  { label: "SIGQUIT", note: "quit with a core dump" },
  { label: "SIGUSR1", note: "user signal 1" },
  { label: "SIGUSR2", note: "user signal 2" },
];

/** "4242 sleep 60", or how many there are. */
export function targetText(targets: readonly SignalTarget[]): string {
  const [first] = targets;
  return targets.length === 1 && first !== undefined
    ? `${first.pid} ${first.command}`
    : `${targets.length} tagged processes`;
}

function niceItems(): readonly MenuItem[] {
  return Array.from({ length: MOST_NICE - LEAST_NICE + 1 }, (_, at) => {
    const nice = LEAST_NICE + at;
    const note =
      nice === LEAST_NICE ? "most CPU" : nice === 0 ? "as usual" : nice === MOST_NICE ? "what is left over" : "";
    return { label: String(nice), note };
  });
}

/** What Enter does with the value that is chosen or typed. */
function niceHint({ index, nice, typed }: MenuOverlay): string {
  if (typed !== undefined && niceOf(typed) === undefined) {
    return typed === "-" ? "type a number" : `${typed} is no nice value: ${LEAST_NICE} to ${MOST_NICE}`;
  }
  const chosen = LEAST_NICE + index;
  const from = nice === undefined ? "" : `, now ${nice}`;
  const root = chosen < (nice ?? 0) ? `: more CPU, needs root` : "";
  return `Enter sets ${chosen}${from}${root}  Esc close  type a number`;
}

interface User {
  readonly name: string;
  readonly processes: number;
}

/** Users by how many processes they have. */
function usersOf(view: ViewState, queries: Queries, names: Names): readonly User[] {
  const { rows } = queries.tree({
    layout: "flat",
    sort: "user",
    descending: false,
    collapsed: new Set(),
    showKernelThreads: view.kernelThreads,
    lingerNs: 0,
    nowNs: queries.nowNs,
  });
  const counts = new Map<string, number>();
  for (const row of rows) {
    const name = names.user(row.uid);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, processes]) => ({ name, processes })).sort((a, b) => b.processes - a.processes);
}

/** What a menu offers at this moment. */
export function menuOf(view: ViewState, overlay: MenuOverlay, queries: Queries, names: Names): Menu {
  const { name } = currentScreen(view);
  switch (overlay.menu) {
    case "sort": {
      const order = isTable(name) ? orderOf(view, name) : undefined;
      const items = (isTable(name) ? sortColumns(name) : []).map(({ key, label }) => ({
        label,
        note: key !== order?.key ? "" : order.descending ? "now, largest first" : "now, smallest first",
      }));
      return { title: "Sort by", items, hint: "Enter sort, again: invert  Esc close" };
    }
    case "columns": {
      const chosen = isTable(name) ? view.columns[name] : undefined;
      const items = (isTable(name) ? optionalColumns(name) : []).map(({ key, label, off }) => ({
        label,
        note: chosen?.[key] === undefined ? "where there is room" : "",
        ticked: chosen?.[key] ?? !off,
      }));
      return { title: "Columns", items: items.map(tidy), hint: "Enter on or off  Esc close" };
    }
    case "user": {
      const users = usersOf(view, queries, names).map(({ name: user, processes }) => ({
        label: user,
        note: `${processes} ${processes === 1 ? "process" : "processes"}`,
      }));
      return {
        title: "Only one user",
        items: [{ label: "all users", note: "" }, ...users],
        hint: "Enter show  Esc close",
      };
    }
    case "signal":
      return { title: `Signal for ${targetText(overlay.targets)}`, items: SIGNALS, hint: "Enter choose  Esc close" };
    case "renice":
      return {
        title: `Nice value of ${targetText(overlay.targets)}`,
        items: niceItems(),
        hint: niceHint(overlay),
        numbered: false,
      };
  }
}

/** A column that is off is off at every width. */
const tidy = (item: MenuItem): MenuItem => (item.ticked ? item : { ...item, note: "" });

const USER_TERM = /(?:^|\s)user:=(?:"[^"]*"|\S+)/u;

function onlyUser(view: ViewState, user: string | undefined): ViewState {
  const others = filterOf(view).replace(USER_TERM, "").trim();
  const filter = user === undefined ? others : `${others} user:=${user}`.trim();
  return withFilter(withCursor(view, TOP), filter);
}

/** Enter in a menu. `closed` is the view without it. */
export function choose(closed: ViewState, overlay: MenuOverlay, queries: Queries, names: Names): Step {
  const { name } = currentScreen(closed);
  const { index, targets } = overlay;
  switch (overlay.menu) {
    case "sort": {
      const key = isTable(name) ? sortColumns(name)[index]?.key : undefined;
      return { view: isTable(name) && key !== undefined ? sortBy(closed, name, key) : closed };
    }
    case "columns": {
      const column = isTable(name) ? optionalColumns(name)[index] : undefined;
      if (!isTable(name) || column === undefined) {
        return { view: closed };
      }
      const chosen = closed.columns[name] ?? {};
      const shown = chosen[column.key] ?? !column.off;
      const columns = { ...closed.columns, [name]: { ...chosen, [column.key]: !shown } };
      // More than one may be changed: the menu stays.
      return { view: { ...closed, columns, overlay } };
    }
    case "user":
      return { view: onlyUser(closed, index === 0 ? undefined : usersOf(closed, queries, names)[index - 1]?.name) };
    case "signal":
      return { view: { ...closed, overlay: { name: "confirm", signal: SIGNALS[index]?.label ?? "SIGTERM", targets } } };
    case "renice":
      return { view: stay(closed), effect: { kind: "renice", nice: LEAST_NICE + index, targets } };
  }
}

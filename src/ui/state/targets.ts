import type { ProcessId, ProcessRow } from "../../core/query/model.ts";
import { moveBy } from "./cursor.ts";
import { isOfFile } from "./layout.ts";
import { cursorOf, withCursor } from "./navigation.ts";
import type { Context } from "./reduce.ts";
import { selected } from "./selection.ts";
import type { Notice, SignalTarget, ViewState } from "./view-state.ts";

/** Why nothing can be done to processes here. */
function refusal({ frame, readOnly }: Context): string | undefined {
  if (frame.time?.file !== undefined || isOfFile(frame.meters.capture)) {
    return "this is a replay: the past gets no signals and no nice values";
  }
  if (frame.time !== undefined) {
    return "this is the past: L goes back to the present, where this is done";
  }
  return readOnly ? "started with --read-only: no signals, no nice values" : undefined;
}

/** What a key acts on: the tagged processes that are alive, or the one under the cursor. Or why there is none. */
function targets(view: ViewState, context: Context): readonly SignalTarget[] | Notice | undefined {
  const refused = refusal(context);
  if (refused !== undefined) {
    return { text: refused, token: "warn" };
  }
  const { frame, queries } = context;
  const { process } = selected(frame);
  const ids = view.tags.size > 0 ? [...view.tags] : process === undefined ? [] : [process];
  const rows = ids.map((id) => queries.process(id)).filter((row) => row !== undefined);
  const living = rows.filter((row) => row.exit === undefined);
  if (living.length > 0) {
    return living.map(({ id, pid, command }) => ({ id, pid, command }));
  }
  const [gone] = rows;
  if (gone === undefined) {
    return undefined;
  }
  const text = rows.length > 1 ? "all tagged processes have exited" : `${gone.pid} ${gone.name} has exited already`;
  return { text, token: "warn" };
}

const isNotice = (found: readonly SignalTarget[] | Notice): found is Notice => "text" in found;

export function signalMenu(view: ViewState, context: Context): ViewState {
  const found = targets(view, context);
  if (found === undefined) {
    return view;
  }
  if (isNotice(found)) {
    return { ...view, notice: found };
  }
  return { ...view, overlay: { name: "menu", menu: "signal", index: 0, targets: found } };
}

export const LEAST_NICE = -20;
export const MOST_NICE = 19;
/** Characters of the longest one, and one more, so that a slip of the finger is seen. */
export const LONGEST_NICE = 4;

/** The nice value a text is; undefined when it is none. */
export function niceOf(text: string): number | undefined {
  const nice = Number(text);
  return /^-?\d+$/u.test(text) && nice >= LEAST_NICE && nice <= MOST_NICE ? nice : undefined;
}

export function reniceMenu(view: ViewState, context: Context): ViewState {
  const found = targets(view, context);
  if (found === undefined) {
    return view;
  }
  if (isNotice(found)) {
    return { ...view, notice: found };
  }
  const nice = found.length === 1 ? context.nice(found[0]?.pid ?? 0) : undefined;
  const index = (nice ?? 0) - LEAST_NICE;
  const now = nice === undefined ? {} : { nice };
  return { ...view, overlay: { name: "menu", menu: "renice", index, targets: found, ...now } };
}

/** Tags the process under the cursor, or untags it, and goes on to the next row. */
export function toggleTag(view: ViewState, { frame }: Context): ViewState {
  const { process } = selected(frame);
  if (process === undefined) {
    return view;
  }
  const tags = new Set(view.tags);
  if (!tags.delete(process)) {
    tags.add(process);
  }
  return withCursor({ ...view, tags }, moveBy(cursorOf(view), frame.body.ids, frame.layout.list, 1));
}

/** Tags the process under the cursor and every living one that descends from it. */
export function tagSubtree(view: ViewState, { frame, queries }: Context): ViewState {
  const { process } = selected(frame);
  if (process === undefined) {
    return view;
  }
  const all = queries.tree({
    layout: "flat",
    sort: "pid",
    descending: false,
    collapsed: new Set(),
    showKernelThreads: view.kernelThreads,
    lingerNs: 0,
    nowNs: frame.nowNs,
  });
  const below = (row: ProcessRow): boolean => row.id === process || queries.ancestors(row.id).includes(process);
  const found = all.rows.filter((row) => row.exit === undefined && below(row)).map((row) => row.id);
  const text = `${found.length} processes tagged; a signal or a new nice value goes to all of them, U untags`;
  return { ...view, tags: new Set<ProcessId>([...view.tags, ...found]), notice: { text, token: "info" } };
}

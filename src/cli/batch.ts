import { setTimeout as sleep } from "node:timers/promises";
import type { Finding, ProcessId, TreeOptions, TreeRow, TreeView } from "../core/query/model.ts";
import { anyContainer, treeColumns } from "../ui/screens/tree-columns.ts";
import { treeHead } from "../ui/screens/tree-head.ts";
import { treeLine } from "../ui/screens/tree-line.ts";
import { isOfFile } from "../ui/state/layout.ts";
import { formatClock, formatCount, formatDay } from "../ui/text/format.ts";
import { sanitise } from "../ui/text/sanitise.ts";
import { createTheme } from "../ui/theme/theme.ts";
import type { BatchOptions } from "./args.ts";
import { frameJson } from "./format/frame-json.ts";
import { EXIT } from "./manual.ts";
import { openSource } from "./open-source.ts";
import { interrupted, note, print, tellLimits } from "./output.ts";
import { createSession, follow, type Session } from "./session.ts";

const WIDTH = 200;
const LINGER_NS = 30e9;
const PLAIN = { selected: false, tagged: false };

/** Prints frames as text or JSON until there are enough or it is interrupted. Resolves with the exit code. */
export async function runBatch(options: BatchOptions): Promise<number> {
  const { frames, input, refreshMs, pid, user, json } = options;
  const source = await openSource(input);
  const stop = interrupted();
  try {
    const session = createSession(source, follow(input));
    await session.settle(stop.signal);
    tellLimits(source.status());
    for (let printed = 0; frames === 0 || printed < frames; printed++) {
      // Shares of a core need two samples; a file has had them.
      if (printed > 0 || input.from === undefined)
        await sleep(refreshMs, undefined, { signal: stop.signal }).catch(() => {});
      if (stop.signal.aborted) break;
      source.refresh();
      await session.settle(stop.signal);
      if (stop.signal.aborted) break;
      const view = chosen(session, options);
      if (view.rows.length === 0 && (pid ?? user) !== undefined) {
        if (printed === 0 || pid !== undefined) note(`there is no process ${missing(options)}`);
        // A user's may come and go.
        if (pid !== undefined) return EXIT.FAILED;
      }
      const findings = session.queries.findings().filter(({ chain }) => view.about(chain));
      const frame = json ? frameJson(session, view, findings) : frameText(session, view, findings, options.ascii);
      if (!(await print(frame, stop.signal))) {
        source.close();
        process.exit(EXIT.OK);
      }
    }
    return EXIT.OK;
  } finally {
    source.close();
  }
}

function missing({ pid, user, input }: BatchOptions): string {
  if (user === undefined) return String(pid);
  const known =
    input.from === undefined ? "a name of /etc/passwd, or a uid" : "a uid in most files: names are those of a machine";
  return `of ${user}${pid === undefined ? "" : ` at ${pid} or below`}; a user is ${known}`;
}

interface Chosen extends TreeView {
  /** Whether one of these processes was asked for. */
  about(processes: readonly ProcessId[]): boolean;
}

/** The tree of the processes that were asked for, below those they descend from. */
function chosen({ queries, names }: Session, { pid, user }: BatchOptions): Chosen {
  const options: TreeOptions = {
    layout: "tree",
    sort: "pid",
    descending: false,
    collapsed: new Set(),
    showKernelThreads: false,
    lingerNs: LINGER_NS,
    nowNs: queries.nowNs,
  };
  if (pid === undefined && user === undefined) return { ...queries.tree(options), about: () => true };
  const { rows } = queries.tree({ ...options, showKernelThreads: true });
  const branch = pid === undefined ? rows : branchOf(rows, pid);
  const matches = new Set<ProcessId>();
  for (const row of branch)
    if (user === undefined || names.user(row.uid) === user || String(row.uid) === user) matches.add(row.id);
  const view = queries.tree({ ...options, showKernelThreads: true, matches });
  return { ...view, about: (processes) => processes.some((id) => matches.has(id)) };
}

/** A process and what is below it; of several with that pid the one that lives. */
function branchOf(rows: readonly TreeRow[], pid: number): readonly TreeRow[] {
  const top = rows.find((row) => row.pid === pid && row.exit === undefined) ?? rows.findLast((row) => row.pid === pid);
  if (top === undefined) return [];
  const first = rows.indexOf(top);
  const end = rows.findIndex((row, at) => at > first && row.depth <= top.depth);
  return rows.slice(first, end < 0 ? rows.length : end);
}

function frameText(
  session: Session,
  { rows, cgroups, processes, exited }: TreeView,
  findings: readonly Finding[],
  ascii: boolean,
): string {
  const { queries, names } = session;
  const env = { theme: createTheme({ name: "dark", depth: "none", ascii }), names, hostname: "" };
  const totals = session.totals();
  const columns = treeColumns(WIDTH, { container: anyContainer(env, cgroups) });
  const lines = rows.map((row) => treeLine(env, row, columns, WIDTH, PLAIN, queries.nowNs));
  const now = isOfFile(totals) ? formatDay : formatClock;
  const head = `${now(queries.wallMs(queries.nowNs))} ${totals.kind}: ${processes} processes, ${exited} exited, ${formatCount(totals.events)} events, ${totals.lost} lost`;
  const alerts = findings.map(({ severity, title, reason }) => sanitise(`${severity}: ${title}: ${reason}`));
  const untold = queries.untold();
  if (untold > 0) alerts.push(`${formatCount(untold)} more alerts are not told: too many alike`);
  const plain = [head, ...alerts, treeHead(env.theme, columns, WIDTH), ...lines].map((line) =>
    line.replace(/\x1b\[[\d;]*m/gu, "").trimEnd(),
  );
  return `${plain.join("\n")}\n\n`;
}

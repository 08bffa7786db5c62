import { setTimeout as sleep } from "node:timers/promises";
import type { TreeOptions } from "../core/query/model.ts";
import { treeLine } from "../ui/screens/tree.tsx";
import { anyContainer, treeColumns } from "../ui/screens/tree-columns.ts";
import { formatClock, formatCount } from "../ui/text/format.ts";
import { sanitise } from "../ui/text/sanitise.ts";
import { createTheme } from "../ui/theme/theme.ts";
import type { TopOptions } from "./args.ts";
import { openSource } from "./open-source.ts";
import { createSession, type Session } from "./session.ts";

const WIDTH = 200;
const LINGER_NS = 30e9;
const PLAIN = { selected: false, tagged: false };

function frame(session: Session, ascii: boolean): string {
  const { queries, names } = session;
  const env = { theme: createTheme({ name: "dark", depth: "none", ascii }), names, hostname: "" };
  const options: TreeOptions = {
    layout: "tree",
    sort: "pid",
    descending: false,
    collapsed: new Set(),
    showKernelThreads: false,
    lingerNs: LINGER_NS,
    nowNs: queries.nowNs,
  };
  const { rows, processes, exited } = queries.tree(options);
  const totals = session.totals();
  const columns = treeColumns(WIDTH, { container: anyContainer(env, rows) });
  const lines = rows.map((row) => treeLine(env, row, columns, WIDTH, PLAIN, queries.nowNs));
  const head = `${formatClock(queries.wallMs(queries.nowNs))} ${totals.kind}: ${processes} processes, ${exited} exited, ${formatCount(totals.events)} events, ${totals.lost} lost`;
  const findings = queries
    .findings()
    .map(({ severity, title, reason }) => sanitise(`${severity}: ${title}: ${reason}`));
  const plain = [head, ...findings, ...lines].map((line) => line.replace(/\x1b\[[\d;]*m/gu, "").trimEnd());
  return `${plain.join("\n")}\n\n`;
}

/** Prints frames as text. Resolves with the exit code. */
export async function runBatch(options: TopOptions): Promise<number> {
  const source = openSource(options.input);
  try {
    const session = createSession(source);
    session.settle();
    for (let printed = 0; options.frames === 0 || printed < options.frames; printed++) {
      await sleep(options.refreshMs);
      source.refresh();
      session.settle();
      process.stdout.write(frame(session, options.ascii));
    }
    return 0;
  } finally {
    source.close();
  }
}

import fc from "fast-check";
import { expect, test } from "vitest";
import { treeColumns } from "../../src/ui/screens/tree-columns.ts";
import { treeLine } from "../../src/ui/screens/tree-line.ts";
import { type LookedAt, TreeLines } from "../../src/ui/screens/tree-lines.ts";
import type { TreeItem } from "../../src/ui/state/frame.ts";
import { createTheme } from "../../src/ui/theme/theme.ts";

const WIDTH = 140;
const HOUR = 3600e9;

const anyOf = <T>(...values: readonly T[]) => fc.constantFrom(...values);

const anyChip = fc.record({
  kind: anyOf("listen" as const, "write" as const),
  text: anyOf(":22", "/tmp/x"),
  count: anyOf(1, 2),
  subject: fc.constant({ kind: "file", id: 1 } as const),
});

/** Rows of few values, so that the next frame often says the same, or nearly. */
const anyRow: fc.Arbitrary<TreeItem> = fc
  .record({
    id: anyOf(1, 2),
    ppid: anyOf(1, 2),
    uid: anyOf(0, 1000),
    cpuPercent: anyOf(0, 0.04, 0.05, 9.96, 10.01, 60),
    rssBytes: anyOf(0, 100, 5000),
    ageNs: anyOf(HOUR, HOUR + 1e9, 3 * HOUR),
    rxBytesPerSecond: anyOf(0, 10),
    cgroup: anyOf("", "/box"),
    command: anyOf("/bin/sh -c x", "sh", "\x1b[2J"),
    severity: anyOf(undefined, "high" as const),
    suspect: fc.boolean(),
    context: fc.boolean(),
    count: fc.constantFrom(1, 12),
    mixed: fc.boolean(),
    open: fc.boolean(),
    member: fc.boolean(),
    activity: fc.array(anyChip, { maxLength: 3 }),
    exit: anyOf(undefined, undefined, { status: 1, atNs: 0 }),
    guides: anyOf([], [false], [true]),
    lastChild: fc.boolean(),
    collapsed: fc.boolean(),
    hidden: anyOf(0, 3),
  })
  .map(({ severity, exit, ...row }) => ({
    ...row,
    pid: row.id,
    name: "sh",
    kernelThread: false,
    threads: 1,
    txBytesPerSecond: 0,
    depth: row.guides.length,
    children: row.hidden,
    ...(severity === undefined ? {} : { severity }),
    ...(exit === undefined ? {} : { exit }),
  }));

const anyLook = fc.record({ row: anyRow, selected: fc.boolean(), tagged: fc.boolean() });

test("lines that are taken from the frame before are those that would be made afresh", () => {
  let named = "";
  const names = { user: (uid: number) => `u${uid}`, container: () => named, cgroup: () => undefined };
  const env = { theme: createTheme({ name: "dark", depth: "truecolor", ascii: false }), names, hostname: "" };
  const columns = treeColumns(WIDTH, { container: true });
  const anyFrame = fc.record({ looks: fc.array(fc.option(anyLook), { maxLength: 3 }), container: anyOf("", "web") });
  fc.assert(
    fc.property(fc.array(anyFrame, { minLength: 2, maxLength: 12 }), (frames) => {
      const lines = new TreeLines(env, columns, WIDTH);
      for (const [second, { looks, container }] of frames.entries()) {
        named = container;
        const nowNs = second * 1e9;
        const rows = looks.map((look): LookedAt | undefined => look ?? undefined);
        expect(lines.draw(rows, nowNs)).toEqual(
          rows.map((look) => (look === undefined ? "" : treeLine(env, look.row, columns, WIDTH, look, nowNs))),
        );
      }
    }),
    { numRuns: 300 },
  );
});

import type { Env } from "../components/env.ts";
import type { Column } from "../components/table.ts";
import { TableScreen } from "../components/table-screen.tsx";
import type { Body, FindingItem, Frame } from "../state/frame.ts";
import { formatMoment } from "../text/format.ts";

function findingColumns(env: Env, frame: Frame, wallMs: (ns: number) => number): readonly Column<FindingItem>[] {
  const { glyphs } = env.theme;
  return [
    { title: "", width: 1, value: () => glyphs.suspicious, token: ({ finding }) => finding.severity },
    {
      title: "SEV",
      width: 8,
      value: ({ finding }) => finding.severity.toUpperCase(),
      token: ({ finding }) => finding.severity,
    },
    {
      title: "TIME",
      width: 12,
      from: 60,
      value: ({ finding }) => formatMoment(wallMs(finding.atNs), frame.nowMs),
      token: () => "dim",
    },
    { title: "RULE", share: 3, value: ({ finding }) => finding.rule, token: () => "strong" },
    {
      title: "ATT&CK",
      width: 16,
      from: 100,
      value: ({ finding }) => finding.techniques.join(" "),
      token: () => "info",
    },
    {
      title: "CHAIN",
      share: 5,
      value: ({ chain }) => chain.map((row) => row.name).join(` ${glyphs.chevron} `),
      token: () => "text",
    },
  ];
}

interface FindingsProps {
  readonly env: Env;
  readonly frame: Frame;
  readonly body: Extract<Body, { screen: "findings" }>;
}

export function FindingsScreen({ env, frame, body }: FindingsProps) {
  const wallMs = (ns: number): number => frame.nowMs - (frame.nowNs - ns) / 1e6;
  return (
    <TableScreen
      env={env}
      frame={frame}
      columns={findingColumns(env, frame, wallMs)}
      rows={body.rows}
      empty={body.total > 0 ? "nothing matches the filter" : "nothing suspicious so far"}
      marked={() => false}
    />
  );
}

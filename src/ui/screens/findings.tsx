import type { Env } from "../components/env.ts";
import type { Column } from "../components/table.ts";
import { TableScreen } from "../components/table-screen.tsx";
import type { Body, FindingItem, Frame } from "../state/frame.ts";
import type { ViewState } from "../state/view-state.ts";
import { formatCount, formatMoment } from "../text/format.ts";

function findingColumns(env: Env, frame: Frame, wallMs: (ns: number) => number): readonly Column<FindingItem>[] {
  const { glyphs } = env.theme;
  const wide = frame.layout.columns >= 100;
  return [
    {
      title: "",
      width: 1,
      value: ({ count, open }) => (count === 1 ? glyphs.suspicious : open ? glyphs.unfolded : glyphs.collapsed),
      token: ({ finding }) => finding.severity,
    },
    {
      key: "severity",
      title: "SEV",
      width: 8,
      value: ({ finding, member }) => (member ? ` ${finding.severity}` : finding.severity.toUpperCase()),
      token: ({ finding }) => finding.severity,
    },
    {
      key: "time",
      title: "TIME",
      width: wide ? 12 : 8,
      from: 60,
      value: ({ finding }) => formatMoment(wallMs(finding.atNs), frame.nowMs),
      token: () => "dim",
    },
    {
      key: "count",
      title: "",
      width: 5,
      value: ({ count }) => (count > 1 ? `${glyphs.times}${formatCount(count)}` : ""),
      token: () => "info",
    },
    { key: "rule", title: "RULE", width: 21, value: ({ finding }) => finding.rule, token: () => "strong" },
    {
      key: "techniques",
      title: "ATT&CK",
      width: 16,
      from: 100,
      value: ({ finding }) => finding.techniques.join(" "),
      token: () => "info",
    },
    {
      key: "chain",
      title: "CHAIN",
      share: 5,
      cut: "chain",
      value: ({ chain, finding, member }) =>
        member ? finding.reason : chain.map((row) => row.name).join(` ${glyphs.chevron} `),
      token: () => "text",
    },
  ];
}

interface FindingsProps {
  readonly env: Env;
  readonly view: ViewState;
  readonly frame: Frame;
  readonly body: Extract<Body, { screen: "findings" }>;
}

export function FindingsScreen({ env, view, frame, body }: FindingsProps) {
  const wallMs = (ns: number): number => frame.nowMs - (frame.nowNs - ns) / 1e6;
  return (
    <TableScreen
      env={env}
      view={view}
      frame={frame}
      table="findings"
      columns={findingColumns(env, frame, wallMs)}
      rows={body.rows}
      empty={body.total > 0 ? "nothing matches the filter" : "nothing suspicious so far"}
      marked={() => false}
    />
  );
}

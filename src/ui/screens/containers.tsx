import type { Env } from "../components/env.ts";
import type { Column } from "../components/table.ts";
import { TableScreen } from "../components/table-screen.tsx";
import type { Body, ContainerItem, Frame } from "../state/frame.ts";
import type { ViewState } from "../state/view-state.ts";
import { formatAge, formatBytes, formatCount, formatPercent } from "../text/format.ts";
import { cpuToken } from "./tree-line.ts";

const rate = (value: number): string => (value >= 1 ? formatBytes(value) : "");

function nameOf({ known, name }: ContainerItem): string {
  if (known === undefined) {
    return name === "" ? "(not known)" : name === "/" ? "(root cgroup)" : name;
  }
  return known.pod ? `${known.pod}/${name}` : name;
}

function containerColumns(env: Env, nowNs: number): readonly Column<ContainerItem>[] {
  const { glyphs } = env.theme;
  return [
    {
      title: "",
      width: 1,
      value: ({ suspects }) => (suspects > 0 ? glyphs.suspicious : ""),
      token: () => "high",
    },
    {
      key: "kind",
      title: "KIND",
      width: 9,
      from: 60,
      value: ({ known }) => known?.kind ?? "cgroup",
      token: () => "dim",
    },
    {
      key: "name",
      title: "NAME",
      share: 5,
      value: nameOf,
      token: ({ known }) => (known?.kind === "container" || known?.kind === "pod" ? "container" : "strong"),
    },
    {
      key: "image",
      title: "IMAGE",
      share: 4,
      from: 110,
      value: ({ known }) => known?.image ?? (known?.kind === "container" ? (known.runtime ?? "") : ""),
      token: () => "dim",
    },
    {
      key: "processes",
      title: "PROCS",
      width: 5,
      align: "right",
      value: ({ processes }) => formatCount(processes),
      token: () => "text",
    },
    {
      key: "cpu",
      title: "CPU%",
      width: 5,
      align: "right",
      value: ({ cpuPercent }) => formatPercent(cpuPercent),
      token: ({ cpuPercent }) => cpuToken(cpuPercent),
    },
    {
      key: "memory",
      title: "RES",
      width: 5,
      align: "right",
      value: ({ rssBytes }) => formatBytes(rssBytes),
      token: () => "text",
    },
    {
      key: "receive",
      title: `${glyphs.down}/s`,
      width: 5,
      align: "right",
      from: 100,
      value: ({ rxBytesPerSecond }) => rate(rxBytesPerSecond),
      token: () => "receive",
    },
    {
      key: "send",
      title: `${glyphs.up}/s`,
      width: 5,
      align: "right",
      from: 100,
      value: ({ txBytesPerSecond }) => rate(txBytesPerSecond),
      token: () => "send",
    },
    {
      key: "connections",
      title: "CONNS",
      width: 5,
      align: "right",
      from: 60,
      value: ({ connections }) => (connections > 0 ? formatCount(connections) : ""),
      token: () => "text",
    },
    {
      key: "age",
      title: "AGE",
      width: 4,
      align: "right",
      from: 70,
      value: ({ oldestNs }) => formatAge(nowNs - oldestNs),
      token: () => "dim",
    },
    {
      key: "listening",
      title: "LISTENS ON",
      share: 4,
      from: 70,
      value: ({ listening }) =>
        listening.map((address) => address.replace(/^(?:0\.0\.0\.0|\[::\]|\*)(?=:)/u, "")).join(" "),
      token: () => "inward",
    },
  ];
}

interface ContainersProps {
  readonly env: Env;
  readonly view: ViewState;
  readonly frame: Frame;
  readonly body: Extract<Body, { screen: "containers" }>;
}

export function ContainersScreen({ env, view, frame, body }: ContainersProps) {
  return (
    <TableScreen
      env={env}
      view={view}
      frame={frame}
      table="containers"
      columns={containerColumns(env, frame.nowNs)}
      rows={body.rows}
      empty={body.total > 0 ? "nothing matches the filter" : "no process yet"}
      marked={() => false}
    />
  );
}

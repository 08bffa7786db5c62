import type { Env } from "../components/env.ts";
import type { Column } from "../components/table.ts";
import { TableScreen } from "../components/table-screen.tsx";
import type { Body, ContainerItem, Frame } from "../state/frame.ts";
import { formatAge, formatBytes, formatCount, formatPercent } from "../text/format.ts";
import { cpuToken } from "./tree.tsx";

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
    { title: "KIND", width: 9, from: 60, value: ({ known }) => known?.kind ?? "cgroup", token: () => "dim" },
    {
      title: "NAME",
      share: 5,
      value: nameOf,
      token: ({ known }) => (known?.kind === "container" || known?.kind === "pod" ? "container" : "strong"),
    },
    {
      title: "IMAGE",
      share: 4,
      from: 110,
      value: ({ known }) => known?.image ?? (known?.kind === "container" ? (known.runtime ?? "") : ""),
      token: () => "dim",
    },
    {
      title: "PROCS",
      width: 5,
      align: "right",
      value: ({ processes }) => formatCount(processes),
      token: () => "text",
    },
    {
      title: "CPU%",
      width: 5,
      align: "right",
      value: ({ cpuPercent }) => formatPercent(cpuPercent),
      token: ({ cpuPercent }) => cpuToken(cpuPercent),
    },
    { title: "RES", width: 5, align: "right", value: ({ rssBytes }) => formatBytes(rssBytes), token: () => "text" },
    {
      title: `${glyphs.down}/s`,
      width: 5,
      align: "right",
      from: 100,
      value: ({ rxBytesPerSecond }) => rate(rxBytesPerSecond),
      token: () => "receive",
    },
    {
      title: `${glyphs.up}/s`,
      width: 5,
      align: "right",
      from: 100,
      value: ({ txBytesPerSecond }) => rate(txBytesPerSecond),
      token: () => "send",
    },
    {
      title: "CONNS",
      width: 5,
      align: "right",
      from: 60,
      value: ({ connections }) => (connections > 0 ? formatCount(connections) : ""),
      token: () => "text",
    },
    {
      title: "AGE",
      width: 4,
      align: "right",
      from: 70,
      value: ({ oldestNs }) => formatAge(nowNs - oldestNs),
      token: () => "dim",
    },
    {
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
  readonly frame: Frame;
  readonly body: Extract<Body, { screen: "containers" }>;
}

export function ContainersScreen({ env, frame, body }: ContainersProps) {
  return (
    <TableScreen
      env={env}
      frame={frame}
      columns={containerColumns(env, frame.nowNs)}
      rows={body.rows}
      empty={body.total > 0 ? "nothing matches the filter" : "no process yet"}
      marked={() => false}
    />
  );
}

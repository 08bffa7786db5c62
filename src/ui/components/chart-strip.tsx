import { useMemo } from "react";
import { type ChartSeries, createLineChart, niceMax } from "../charts/charts.ts";
import type { Frame } from "../state/frame.ts";
import { formatBytes, formatCount } from "../text/format.ts";
import { LineBuilder } from "../text/line-builder.ts";
import type { Token } from "../theme/tokens.ts";
import type { Env } from "./env.ts";
import { Lines } from "./lines.tsx";

interface Chart {
  readonly title: string;
  readonly now: readonly (readonly [Token, string])[];
  readonly series: readonly ChartSeries[];
  readonly max: number;
  readonly maxLabel: string;
}

function chartsOf({ theme }: Env, { meters }: Frame, points: number): readonly Chart[] {
  const { host, history, eventsPerSecond } = meters;
  const net = niceMax([...history.receive.slice(-points), ...history.send.slice(-points)], 1024);
  const events = niceMax(history.events.slice(-points), 10);
  const { down, up } = theme.glyphs;
  return [
    {
      title: "cpu",
      now: [["cpu", `${host.cpuPercent.toFixed(0)}%`]],
      series: [{ values: history.cpu, token: "cpu" }],
      max: 100,
      maxLabel: "max 100%",
    },
    {
      title: "network",
      now: [
        ["receive", `${down}${formatBytes(host.rxBytesPerSecond)} `],
        ["send", `${up}${formatBytes(host.txBytesPerSecond)}`],
      ],
      series: [
        { values: history.receive, token: "receive" },
        { values: history.send, token: "send" },
      ],
      max: net,
      maxLabel: `max ${formatBytes(net)}/s`,
    },
    {
      title: "events",
      now: [["events", `${formatCount(eventsPerSecond)}/s`]],
      series: [{ values: history.events, token: "events" }],
      max: events,
      maxLabel: `max ${formatCount(events)}/s`,
    },
  ];
}

/** CPU, network and event rate of the last minutes, beside each other. */
export function ChartStrip({ env, frame }: { readonly env: Env; readonly frame: Frame }) {
  const { columns, charts: rows } = frame.layout;
  const width = Math.floor((columns - 4) / 3);
  const paint = useMemo(
    () => Array.from({ length: 3 }, () => createLineChart(env.theme, width, rows - 1)),
    [env.theme, width, rows],
  );
  const charts = chartsOf(env, frame, width);
  const titles = new LineBuilder(env.theme, columns);
  for (const [index, chart] of charts.entries()) {
    titles.to(1 + index * (width + 1)).add("dim", `${chart.title} `);
    for (const [token, text] of chart.now) {
      titles.add(token, text);
    }
    titles.to(1 + index * (width + 1) + width - chart.maxLabel.length).add("faint", chart.maxLabel);
  }
  const painted = charts.map((chart, index) => paint[index]?.(chart.series, chart.max) ?? []);
  const lines = Array.from({ length: rows - 1 }, (_, row) => {
    const line = new LineBuilder(env.theme, columns);
    for (const [index, chart] of painted.entries()) {
      line.to(1 + index * (width + 1)).painted(chart[row] ?? "", width);
    }
    return line.build();
  });
  return <Lines lines={[titles.build(), ...lines]} />;
}

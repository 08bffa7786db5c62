import { sparkLine } from "../charts/charts.ts";
import type { Frame } from "../state/frame.ts";
import { isOfFile } from "../state/layout.ts";
import { barCells, type TimeFrame } from "../state/time.ts";
import { formatAge } from "../text/format.ts";
import { LineBuilder } from "../text/line-builder.ts";
import { textWidth } from "../text/width.ts";
import type { Token } from "../theme/tokens.ts";
import type { Env } from "./env.ts";
import { wallClock } from "./header.tsx";

/** Cells of the bar with their signs: what happened, alerts and bookmarks over it, the moment shown over both. */
function cellsOf({ theme }: Env, time: TimeFrame, cells: number): readonly (readonly [Token, string])[] {
  const counts = Array.from({ length: cells }, (_, cell) => time.counts[cell] ?? 0);
  // A burst of thousands would leave everything else flat.
  const heights = counts.map((count) => Math.log2(1 + count));
  const line = Array.from(sparkLine(theme, heights, cells, Math.max(...heights, 1)));
  const bar: [Token, string][] = counts.map((count, cell) => [
    count === 0 ? "faint" : "events",
    count === 0 ? theme.glyphs.frame[0] : (line[cell] ?? " "),
  ]);
  const spanNs = Math.max(time.endNs - time.startNs, 1);
  const put = (atNs: number, token: Token, sign: string): void => {
    const cell = Math.floor(((atNs - time.startNs) / spanNs) * cells);
    if (atNs >= time.startNs && atNs <= time.endNs) {
      bar[Math.min(Math.max(cell, 0), cells - 1)] = [token, sign];
    }
  };
  for (const { atNs, severity } of time.marks) {
    put(atNs, severity ?? "strong", severity === undefined ? theme.glyphs.tagged : theme.glyphs.suspicious);
  }
  put(Math.max(time.nowNs, time.startNs), "paused", theme.glyphs.live);
  return bar;
}

/** A duration of whole seconds or minutes: "5s", "2m". */
function span(ns: number): string {
  return ns < 1e9 ? `${Math.max(Math.round(ns / 1e6), 1)}ms` : formatAge(ns).replace(/\.0s$/u, "s");
}

const KEYS = "[ ] step  { } 1m  ( ) alert  b jump  m mark  V speed";

/** Where in time the screen stands: the moment, all that can be gone to, and what the keys do. */
export function timeBarLine(env: Env, frame: Frame): string {
  const { time } = frame;
  const { columns } = frame.layout;
  const line = new LineBuilder(env.theme, columns);
  if (time === undefined) {
    return line.build();
  }
  const { glyphs } = env.theme;
  const wall = (ns: number): string => wallClock(frame, ns);
  const behindNs = time.endNs - time.nowNs;
  const behind = behindNs >= 1e9 ? ` (-${formatAge(behindNs)})` : "";
  const sign = time.mode === "playing" ? glyphs.collapsed : glyphs.paused;
  const cells = barCells(columns);
  line
    .add("paused", ` ${sign} ${wall(time.nowNs)}${behind} `)
    .add("dim", ` ${wall(time.startNs)} `)
    .add("faint", "|");
  for (const [token, cell] of cellsOf(env, time, cells)) {
    line.add(token, cell);
  }
  const ends = time.file !== undefined || isOfFile(frame.meters.capture);
  const end = ends ? wall(time.endNs) : "live";
  line.add("faint", "|").add("dim", ` ${end} `);
  const speed = `${glyphs.times}${time.speed}`;
  const rest = [speed, `${span((time.endNs - time.startNs) / cells)} a cell`, KEYS, ends ? "L end" : "L live"];
  for (const text of rest) {
    if (line.left > textWidth(text) + 1) {
      line.add(text === speed ? "strong" : "dim", ` ${text} `);
    }
  }
  return line.build();
}

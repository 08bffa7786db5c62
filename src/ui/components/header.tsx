import { niceMax, sparkLine } from "../charts/charts.ts";
import type { Frame } from "../state/frame.ts";
import { bannerLines, isOfFile } from "../state/layout.ts";
import { filterOf } from "../state/navigation.ts";
import { TABS, type ViewState } from "../state/view-state.ts";
import { formatBytes, formatClock, formatCount, formatDay } from "../text/format.ts";
import { LineBuilder } from "../text/line-builder.ts";
import { textWidth } from "../text/width.ts";
import type { Token } from "../theme/tokens.ts";
import type { Env } from "./env.ts";

interface Part {
  readonly segments: readonly (readonly [Token, string])[];
  /** The part with the largest number is dropped first when the line is too narrow. */
  readonly drop: number;
}

/** Newest values shown beside a number where the charts have no room. */
const SPARK_CELLS = 4;
/** From this width on network and events have one too. */
const ALL_SPARKS_FROM = 132;

/** Wall clock of a moment, from that of the moment shown. */
export function wallClock(frame: Frame, ns: number): string {
  return formatClock(frame.nowMs + (ns - frame.nowNs) / 1e6);
}

function statusPart({ theme }: Env, frame: Frame): Part {
  // Of a file nothing has been read yet.
  const { kind } = frame.meters.capture;
  const { time } = frame;
  // A file may be of any day.
  const now = time?.file !== undefined || isOfFile(frame.meters.capture) ? formatDay : formatClock;
  const clock = frame.nowMs === 0 ? "reading" : now(frame.nowMs);
  if (time !== undefined) {
    const word = time.mode === "playing" || time.file !== undefined ? "REPLAY" : "PAUSED";
    const sign = time.mode === "playing" ? theme.glyphs.collapsed : theme.glyphs.paused;
    const making =
      time.making === undefined ? "" : ` rebuilding ${wallClock(frame, time.making.toNs)}${theme.glyphs.ellipsis}`;
    return {
      segments: [["bar", `${sign} ${word}${time.file === undefined ? "" : ` ${time.file}`} ${clock}${making}`]],
      drop: 0,
    };
  }
  const word = kind === "live" ? "LIVE" : kind === "procfs" ? "POLLING" : kind === "replay" ? "REPLAY" : "IMPORT";
  return {
    segments: [
      [kind === "live" ? "barLive" : "barWarn", `${theme.glyphs.live} ${word} `],
      ["bar", clock],
    ],
    drop: 0,
  };
}

/** What is being recorded, and how much of it there is. */
function recordingPart({ theme }: Env, frame: Frame): Part {
  const { recording } = frame.meters.capture;
  if (recording === undefined) {
    return { segments: [], drop: 0 };
  }
  const text = recording.failed ? "REC FAILED" : `${theme.glyphs.live} REC ${formatBytes(recording.bytes)}`;
  return { segments: [["barBad", text]], drop: 0 };
}

function meterParts({ theme }: Env, frame: Frame): readonly Part[] {
  const { host, history, capture, eventsPerSecond } = frame.meters;
  const { columns, charts } = frame.layout;
  const { glyphs } = theme;
  const spark = (values: readonly number[], max: number, token: Token, from = 0): readonly [Token, string] =>
    charts > 0 || columns < from ? ["bar", ""] : [token, `${sparkLine(theme, values, SPARK_CELLS, max)} `];
  const machine: readonly Part[] = [
    {
      segments: [["barDim", "cpu "], spark(history.cpu, 100, "barCpu"), ["bar", `${Math.round(host.cpuPercent)}%`]],
      drop: 3,
    },
    {
      segments: [
        ["barDim", "mem "],
        ["bar", `${formatBytes(host.memoryUsedBytes)}/${formatBytes(host.memoryTotalBytes)}`],
      ],
      drop: 5,
    },
    {
      segments: [
        ["barDim", "net "],
        spark(history.receive, niceMax(history.receive.slice(-SPARK_CELLS), 1024), "barReceive", ALL_SPARKS_FROM),
        [
          "bar",
          `${glyphs.down}${formatBytes(host.rxBytesPerSecond)} ${glyphs.up}${formatBytes(host.txBytesPerSecond)}`,
        ],
      ],
      drop: 4,
    },
  ];
  return [
    ...(isOfFile(capture) ? [] : machine),
    {
      segments: [
        ["barDim", "ev "],
        spark(history.events, niceMax(history.events.slice(-SPARK_CELLS), 10), "barEvents", ALL_SPARKS_FROM),
        ["bar", `${formatCount(eventsPerSecond)}/s `],
        ["barDim", "lost "],
        [capture.lost > 0 ? "barBad" : "bar", formatCount(capture.lost)],
      ],
      drop: 1,
    },
    {
      segments: [
        ["barDim", "self "],
        ["bar", `${host.selfCpuPercent.toFixed(1)}%`],
        ["bar", columns < 120 ? "" : ` ${formatBytes(host.selfRssBytes)}`],
      ],
      drop: 2,
    },
  ];
}

function widthOf(part: Part): number {
  return part.segments.reduce((sum, [, text]) => sum + textWidth(text), 0);
}

/** The first line: what this is, whether it is live, the machine's meters, losses, our own cost, open findings. */
export function headerLine(env: Env, frame: Frame): string {
  const { columns } = frame.layout;
  const findings = frame.findings.length;
  let parts: readonly Part[] = [
    { segments: [["barStrong", "spydertop"]], drop: 7 },
    { segments: [["bar", env.hostname]], drop: 6 },
    statusPart(env, frame),
    recordingPart(env, frame),
    ...meterParts(env, frame),
    { segments: findings === 0 ? [] : [["barBad", `${env.theme.glyphs.suspicious} ${findings}`]], drop: 0 },
  ];
  const total = (): number => parts.reduce((sum, part) => sum + widthOf(part) + 2, 0);
  while (total() > columns && parts.some((part) => part.drop > 0)) {
    const worst = Math.max(...parts.map((part) => part.drop));
    parts = parts.filter((part) => part.drop !== worst);
  }
  // Away from the present the whole line looks like it.
  const token = (own: Token): Token => (frame.time === undefined ? own : "paused");
  const line = new LineBuilder(env.theme, columns).add(token("bar"), " ");
  for (const { segments } of parts) {
    for (const [own, text] of segments) {
      line.add(token(own), text);
    }
    line.add(token("bar"), segments.length === 0 ? "" : "  ");
  }
  return line.build(token("bar"));
}

/** On a narrower terminal only the view one is on has its name beside its number. */
const TAB_NAMES_FROM = 72;

/** The second line: the views, and what narrows the current one. */
export function tabsLine(env: Env, view: ViewState, frame: Frame): string {
  const line = new LineBuilder(env.theme, frame.layout.columns);
  const root = view.screens[0]?.name;
  const narrow = frame.layout.columns < TAB_NAMES_FROM;
  for (const [index, { name, label }] of TABS.entries()) {
    const active = name === root;
    const alerts = name === "findings" && frame.findings.length > 0 ? ` ${frame.findings.length}` : "";
    line
      .add("key", ` ${index + 1}`)
      .add("tab", " ")
      .add(active ? "tabActive" : "tab", narrow && !active ? "" : label);
    line.add("bad", alerts).add("tab", " ");
  }
  const notes = tabNotes(view, frame);
  const width = textWidth(notes) + 1;
  if (notes !== "" && line.left > width) {
    line.to(frame.layout.columns - width).add("warn", notes);
  }
  return line.build();
}

function tabNotes(view: ViewState, { body }: Frame): string {
  const filter = filterOf(view);
  const notes: string[] = [];
  if (body.screen === "tree") {
    const top = body.row(0);
    const zoomed = view.zoom !== undefined && top?.id === view.zoom ? [`below ${top.pid} ${top.name}`] : [];
    const exited = view.exited ? [] : ["exited hidden"];
    const kernel = view.kernelThreads ? ["kernel threads"] : [];
    notes.push(
      ...(view.layout === "flat" ? ["flat"] : []),
      ...kernel,
      ...exited,
      ...(view.follow ? [] : ["follow off"]),
      ...zoomed,
    );
  }
  if (view.tags.size > 0) {
    notes.push(`${view.tags.size} tagged`);
  }
  if ((body.screen === "connections" || body.screen === "files") && body.of !== undefined) {
    notes.push(`of ${body.of.pid} ${body.of.name}`);
  }
  if (body.screen === "connections") {
    notes.push(view.closedConnections ? "closed: all" : "closed: last 30 s");
  }
  if (body.screen === "connections" && body.unnamed > 0) {
    notes.push(`+${body.unnamed} socket pairs: filter unix`);
  }
  if ((body.screen === "connections" || body.screen === "files") && body.left > 0) {
    notes.push(`${formatCount(body.left)} older left out`);
  }
  if (body.screen === "findings" && body.untold > 0) {
    notes.push(`${formatCount(body.untold)} more not told: too many alike`);
  }
  if (filter !== "") {
    notes.push(`filter: ${filter}`);
  }
  return notes.join("  ");
}

/** Capture sees less than it should: what is missed, what to do, why. */
export function bannerTexts(env: Env, frame: Frame): readonly string[] {
  const { columns, banner } = frame.layout;
  return bannerLines(frame.meters.capture.limited, columns, banner).map((text) =>
    new LineBuilder(env.theme, columns).add("banner", " ").clipped("banner", text).build("banner"),
  );
}

import type { Note } from "../capture/recording/notes.ts";
import { type Recollection, recollections } from "../core/detect/recall.ts";
import type { Monitor, MonitorOptions } from "../core/monitor.ts";
import { monitorQueries } from "../ui/monitor-queries.ts";
import type { Making, Names, Queries, Standing, TimeAction, TimeMachine, TimeMark } from "../ui/ports.ts";
import { formatClock } from "../ui/text/format.ts";
import { type OpenReplay, Past } from "./past.ts";
import { recalling } from "./recalled.ts";

/** What is followed while the past is looked at. */
export interface Present {
  readonly monitor: Monitor;
  /** Start of what can be gone back to. */
  readonly startNs: () => number;
  /** Resolves when everything up to now can be replayed. */
  readonly ready: () => Promise<void>;
  readonly open: OpenReplay;
  /** Brings what its records do not tell to a monitor of the past. */
  readonly complete: (monitor: Monitor) => void;
  /** Puts a bookmark into what is recorded. */
  readonly note: (note: Note) => void;
}

/** A recording, in place of a present. */
export interface Shelf {
  readonly file: string;
  readonly open: OpenReplay;
  /** Findings and bookmarks of the recording. */
  readonly notes: readonly Note[];
}

export const BOOKMARK = "bookmark";
const SPEEDS = [1, 4, 16, 64] as const;
const DENSITY_MS = 500;
/** A moment that takes longer to make is late; how it goes is told so often. */
const LATE_MS = 250;

/** Leads the queries of the screens through time: the present, a rewind window or a recording. */
export class TimeTravel implements TimeMachine {
  /** Answers for the moment that is shown. */
  readonly queries: Queries;
  onSwitch: ((before: Queries, after: Queries) => void) | undefined;
  /** Called when a monitor of the past is no longer needed. */
  onDropped: (() => void) | undefined;
  revision = 0;
  readonly #names: Names;
  readonly #limits: MonitorOptions;
  readonly #present: Present | undefined;
  readonly #shelf: Shelf | undefined;
  readonly #live: Queries | undefined;
  #past: Past | undefined;
  /** What the queries answer from; the monitor it was made of. */
  #shown: Queries;
  #shownMonitor: Monitor;
  /** Grows with every switch, so that versions of different monitors differ. */
  #epoch = 0;
  #playing = false;
  #speed: number = SPEEDS[0];
  /** A way back that is being opened: the moment it was asked for at, and what was asked. */
  #opening: { readonly toNs: number; readonly actions: TimeAction[] } | undefined;
  /** Since when what is shown is not what was asked for. */
  #makingSinceMs: number | undefined;
  #toldMs = 0;
  #bookmarks: readonly number[];
  /** The alert or bookmark that was gone to last. */
  #atMark: number | undefined;
  #density: { key: string; atMs: number; counts: ArrayLike<number> } | undefined;

  constructor(names: Names, limits: MonitorOptions, from: Present | Shelf) {
    this.#limits = limits;
    this.#names = names;
    if ("monitor" in from) {
      this.#present = from;
      this.#shownMonitor = from.monitor;
      this.#live = this.#shown = monitorQueries(from.monitor, names);
      this.#bookmarks = [];
    } else {
      this.#shelf = from;
      this.#bookmarks = from.notes.filter(({ text }) => text === BOOKMARK).map(({ timeNs }) => timeNs);
      // What was found is known at the end: the monitor there begins at the last checkpoint, which has all of it.
      let found: readonly Recollection[] = [];
      this.#past = new Past(
        from.open,
        limits,
        recalling((index) => found.slice(index)),
      );
      this.#past.seek(this.#past.source.endNs);
      while (this.#past.pump(Number.POSITIVE_INFINITY));
      this.#shownMonitor = this.#past.monitor as Monitor;
      found = recollections(this.#shownMonitor, 0);
      this.#shown = monitorQueries(this.#shownMonitor, names);
    }
    this.queries = this.#switchboard();
  }

  /** The graph of the moment that is shown. */
  get monitor(): Monitor {
    return this.#shownMonitor;
  }

  /** On the way to the moment that was asked for. */
  get seeking(): boolean {
    return this.#opening !== undefined || this.#past?.seeking === true;
  }

  get standing(): Standing {
    const away = this.#past !== undefined || this.#opening !== undefined;
    const mode = !away ? "live" : this.#playing ? "playing" : "paused";
    const file = this.#shelf === undefined ? {} : { file: this.#shelf.file };
    const endNs = this.#endNs;
    const startNs = this.#startNs;
    const making = this.#making;
    return {
      mode,
      ...file,
      ...(making === undefined ? {} : { making }),
      nowNs: this.#shownNs,
      startNs,
      endNs,
      speed: this.#speed,
      marks: this.#marks(),
    };
  }

  /** Takes in what is due of the past, for at most budgetMs; true when there is more. */
  pump(budgetMs: number): boolean {
    const more = this.#pump(budgetMs);
    this.#noteMaking();
    return more;
  }

  #pump(budgetMs: number): boolean {
    const past = this.#past;
    if (past === undefined) return false;
    const seeking = past.seeking;
    const more = past.pump(budgetMs);
    if (seeking && !past.seeking) this.revision++;
    this.#follow(past);
    if (this.#playing && past.source.atEnd && past.source.cursorNs >= past.source.endNs) this.#atEnd();
    return more;
  }

  act(action: TimeAction): string | undefined {
    const told = this.#act(action);
    this.#noteMaking();
    return told;
  }

  #act(action: TimeAction): string | undefined {
    this.revision++;
    if (action.kind !== "alert") this.#atMark = undefined;
    if (action.kind === "bookmark") return this.#bookmark();
    if (action.kind === "speed") return this.#nextSpeed();
    if (action.kind === "live") return this.#goLive();
    if (this.#past !== undefined) return this.#move(this.#past, action);
    if (this.#opening === undefined) return this.#leave(action);
    this.#opening.actions.push(action);
    return this.#tooEarly(this.#target(action, this.#opening.toNs));
  }

  density(cells: number): ArrayLike<number> {
    const source = this.#past?.source;
    if (source === undefined) return [];
    const key = `${cells}`;
    const nowMs = performance.now();
    if (this.#density?.key !== key || nowMs - this.#density.atMs > DENSITY_MS)
      this.#density = { key, atMs: nowMs, counts: source.density(cells).counts };
    return this.#density.counts;
  }

  close(): void {
    this.#past?.close();
  }

  get #making(): Making | undefined {
    const sinceMs = this.#makingSinceMs;
    if (sinceMs === undefined || !this.seeking) return undefined;
    const late = performance.now() - sinceMs >= LATE_MS;
    return { toNs: this.#aimNs, share: this.#past?.source.share ?? 0, late };
  }

  /** Has the screens drawn when a moment begins to be late, and from then on as it comes nearer. */
  #noteMaking(): void {
    if (!this.seeking) {
      this.#makingSinceMs = undefined;
      return;
    }
    const nowMs = performance.now();
    if (this.#makingSinceMs === undefined) this.#makingSinceMs = this.#toldMs = nowMs;
    if (nowMs - this.#toldMs < LATE_MS) return;
    this.#toldMs = nowMs;
    this.revision++;
  }

  /** The moment that was asked for last, also when it is not reached yet. */
  get #aimNs(): number {
    if (this.#opening !== undefined) {
      const { toNs, actions } = this.#opening;
      const aim = actions.reduce((at, action) => this.#target(action, at) ?? at, toNs);
      return Math.min(Math.max(aim, this.#startNs), this.#endNs);
    }
    const source = this.#past?.source;
    if (source === undefined) return (this.#present as Present).monitor.nowNs;
    return Math.min(Math.max(source.cursorNs, source.startNs), this.#endNs);
  }

  /** The moment the queries answer for: one that stands still may be kept no longer. */
  get #shownNs(): number {
    const past = this.#past;
    if (past === undefined || past.monitor !== this.#shownMonitor) return this.#shownMonitor.nowNs;
    return Math.min(past.shownNs, this.#endNs);
  }

  get #startNs(): number {
    return this.#past?.source.startNs ?? this.#present?.startNs() ?? 0;
  }

  get #endNs(): number {
    return this.#present?.monitor.nowNs ?? this.#past?.source.endNs ?? 0;
  }

  /** From the present into the past: what happens from now on is on its way there until it has been opened. */
  #leave(action: TimeAction): string | undefined {
    const present = this.#present as Present;
    if (action.kind === "alert" && action.by > 0) return "this is the present: no alert comes after it";
    if ((action.kind === "step" && action.by > 0) || (action.kind === "move" && action.byNs > 0))
      return "this is the present";
    const target = this.#target(action, present.monitor.nowNs);
    if (action.kind === "alert" && target === undefined) return "no alert yet";
    const opening = { toNs: present.monitor.nowNs, actions: [action] };
    this.#opening = opening;
    // By then one may be back in the present, and on another way from there.
    present.ready().then(
      () => opening === this.#opening && this.#opened(present, opening),
      () => opening === this.#opening && this.#goLive(),
    );
    return this.#tooEarly(target);
  }

  #opened(present: Present, { toNs, actions }: { readonly toNs: number; readonly actions: TimeAction[] }): void {
    this.#opening = undefined;
    const past = new Past(present.open, this.#limits, present.complete);
    this.#past = past;
    past.seek(toNs);
    for (const [at, action] of actions.entries()) {
      // The first key that stops the time has done so already; one of those after it may have led back to the present.
      if (this.#past === past && (at > 0 || action.kind !== "toggle")) this.#move(past, action);
    }
    this.revision++;
  }

  #move(past: Past, action: TimeAction): string | undefined {
    const { source } = past;
    switch (action.kind) {
      case "toggle":
        return this.#toggle(past);
      case "step":
        this.#stop(past);
        if (action.by > 0) {
          if (past.seeking) return "the moment is still being rebuilt";
          if (past.monitor?.held === true) return "the moment is still being saved";
          const stepped = past.step();
          this.#follow(past);
          return stepped ? undefined : "nothing happened after this that is recorded yet";
        }
        return this.#seekTo(past, source.changesBefore(this.#aimNs)[1], this.#beginning);
      case "alert":
      case "move":
      case "go": {
        const target = this.#target(action, this.#aimNs);
        if (target === undefined) return action.kind === "alert" ? "no further alert" : undefined;
        if (this.#present !== undefined && target >= this.#endNs) return this.#goLive();
        this.#stop(past);
        if (action.kind === "alert") this.#atMark = target;
        // An alert is told from its batch on; a bookmark is a moment that was shown.
        const alert = action.kind === "alert" && !this.#bookmarks.includes(target);
        const told = alert ? (source.momentFrom(target) ?? target) : target;
        return this.#seekTo(past, told, undefined);
      }
      default:
        return undefined;
    }
  }

  #target(action: TimeAction, nowNs: number): number | undefined {
    switch (action.kind) {
      case "move":
        return nowNs + action.byNs;
      case "go":
        return action.toNs;
      case "alert": {
        const from = this.#atMark ?? nowNs;
        const times = this.#marks().map(({ atNs }) => atNs);
        return action.by > 0 ? times.find((atNs) => atNs > from) : times.findLast((atNs) => atNs < from);
      }
      default:
        return nowNs;
    }
  }

  #seekTo(past: Past, toNs: number | undefined, nothing: string | undefined): string | undefined {
    if (toNs === undefined) return nothing;
    past.seek(toNs);
    return this.#tooEarly(toNs);
  }

  /** What to tell when a moment is not kept, or no longer. */
  #tooEarly(toNs: number | undefined): string | undefined {
    if (toNs === undefined || toNs >= this.#startNs) {
      const after = this.#shelf !== undefined && toNs !== undefined && toNs > this.#endNs;
      return after ? `the recording ends at ${this.#clock(this.#endNs)}` : undefined;
    }
    return this.#beginning;
  }

  get #beginning(): string {
    const what = this.#shelf === undefined ? "memory" : "the recording";
    return `${what} begins at ${this.#clock(this.#startNs)}: nothing before it is kept`;
  }

  #clock(ns: number): string {
    return formatClock(this.#shown.wallMs(ns));
  }

  #toggle(past: Past): string | undefined {
    if (this.#playing) {
      this.#stop(past);
      return undefined;
    }
    if (this.#shelf !== undefined && this.#aimNs >= past.source.endNs) past.seek(past.source.startNs);
    this.#playing = true;
    past.source.speed = this.#speed;
    past.source.resume();
    return undefined;
  }

  #stop(past: Past): void {
    this.#playing = false;
    past.source.pause();
  }

  #nextSpeed(): string {
    this.#speed = SPEEDS[(SPEEDS.indexOf(this.#speed as 1) + 1) % SPEEDS.length] ?? 1;
    if (this.#past !== undefined && this.#playing) this.#past.source.speed = this.#speed;
    return `${this.#speed} times as fast as it happened`;
  }

  #goLive(): string | undefined {
    this.#opening = undefined;
    this.#playing = false;
    const past = this.#past;
    if (this.#present === undefined || this.#live === undefined) {
      past?.source.pause();
      past?.seek(past.source.endNs);
      return "a recording has no present: this is its end";
    }
    if (past === undefined) return undefined;
    this.#past = undefined;
    past.close();
    this.#show(this.#live, this.#present.monitor);
    return undefined;
  }

  /** A recording stops at its end; what is played faster than it happens catches up with the present. */
  #atEnd(): void {
    this.revision++;
    if (this.#shelf !== undefined && this.#past !== undefined) this.#stop(this.#past);
    else this.#goLive();
  }

  #bookmark(): string {
    const atNs = this.seeking ? this.#aimNs : this.#shownNs;
    const at = `bookmark at ${this.#clock(atNs)}`;
    if (this.#bookmarks.includes(atNs)) {
      this.#bookmarks = this.#bookmarks.filter((other) => other !== atNs);
      return `${at} removed`;
    }
    this.#bookmarks = [...this.#bookmarks, atNs];
    this.#present?.note({ timeNs: atNs, severity: "info", text: BOOKMARK });
    return `${at} set: ( and ) stop there too`;
  }

  /** Alerts and bookmarks, oldest first. What a recording notes is known before it has been played. */
  #marks(): readonly TimeMark[] {
    const { detector } = this.#present?.monitor ?? this.#shownMonitor;
    const found = detector.findings.map(({ atNs, severity }) => ({ atNs, severity }));
    const noted = (this.#shelf?.notes ?? [])
      .filter(({ text }) => text !== BOOKMARK)
      .map(({ timeNs, severity }) => ({ atNs: timeNs, severity }));
    const bookmarks = this.#bookmarks.map((atNs) => ({ atNs }));
    const known = new Set(noted.map(({ atNs }) => atNs));
    return [...noted, ...found.filter(({ atNs }) => !known.has(atNs)), ...bookmarks].sort((a, b) => a.atNs - b.atNs);
  }

  /** Shows the monitor of the past once it has arrived. */
  #follow(past: Past): void {
    const { monitor } = past;
    if (monitor === undefined || past.seeking || monitor === this.#shownMonitor) return;
    this.#show(monitorQueries(monitor, this.#names), monitor);
  }

  #show(queries: Queries, monitor: Monitor): void {
    const before = this.#shown;
    if (this.#shownMonitor !== this.#present?.monitor) this.onDropped?.();
    this.#shown = queries;
    this.#shownMonitor = monitor;
    this.#epoch++;
    this.revision++;
    this.onSwitch?.(before, queries);
  }

  /** Queries that answer from whatever is shown; now is the moment shown, not the last one that anything happened. */
  #switchboard(): Queries {
    const value = (name: string | symbol): unknown => {
      if (name === "nowNs") return this.#shownNs;
      if (name === "version") return this.#epoch * 2 ** 32 + this.#shown.version;
      return Reflect.get(this.#shown, name);
    };
    return new Proxy({} as Queries, { get: (_target, name) => value(name) });
  }
}

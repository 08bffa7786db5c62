import type { ReadStream, WriteStream } from "node:tty";
import type { Instance } from "ink";
import type { Env } from "./components/env.ts";
import type { CaptureTotals, HostSample } from "./ports.ts";
import { renderApp } from "./render/render-app.tsx";
import type { Sources } from "./state/bodies.ts";
import { runEffect, SAVING } from "./state/effects.ts";
import { Store } from "./state/store.ts";
import type { Beginning } from "./state/view-state.ts";
import { Terminal } from "./terminal/terminal.ts";

/** Longest stretch of reading events between two looks at the keyboard. */
const DRAIN_BUDGET_MS = 8;
/** Pause between two reads of events. The ring holds a third of a second of the worst flood. */
const PUMP_MS = 40;
/** While next to nothing comes: waking up is most of what an idle monitor costs. */
const QUIET_PUMP_MS = 100;
/** A read that took no longer found next to nothing. */
const QUIET_READ_MS = 1;
/** A frame of very many rows takes a quarter of the time at most: keys and events have the rest. */
const FRAME_REST = 3;
/** CPU and rates need two samples: the second one soon after the first. */
const SECOND_SAMPLE_MS = 250;
/** How far the saving of a moment is, is told so often. */
const PROGRESS_MS = 250;

export interface UiOptions {
  readonly env: Env;
  readonly sources: Sources;
  readonly stdin: ReadStream;
  readonly stdout: WriteStream & { readonly fd: number };
  readonly refreshMs: number;
  readonly readOnly: boolean;
  readonly mouse: boolean;
  readonly beginning: Beginning;
  /** Reads events for at most budgetMs; true when more is waiting. */
  readonly drain: (budgetMs: number) => boolean;
  /** Asks the source for fresh usage and socket counters. */
  readonly refresh: () => void;
  readonly totals: () => CaptureTotals;
  readonly sampleHost: () => HostSample;
  readonly signal: (pid: number, startSinceBootNs: number, signal: string) => string | undefined;
  /** Sets a nice value; the reason when it could not. */
  readonly renice: (pid: number, startSinceBootNs: number, nice: number) => string | undefined;
  /** Nice value of a process; undefined when there is none of that pid. */
  readonly nice: (pid: number) => number | undefined;
  /** Saves the moment that is shown, telling how far it is; resolves with the sentence about it, rejects with the reason. */
  readonly snapshot: (told: (progress: string) => void) => Promise<string>;
  /** Given a function that puts a sentence on the screen, for what happens by itself. */
  readonly announce?: (tell: (text: string) => void) => void;
}

/**
 * Runs the screens until the user quits. Resolves with the exit code: 0, or 128 + n for signal n; rejects with what
 * went wrong. The terminal is restored before either.
 */
export function runUi(options: UiOptions): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const ui = new Ui(options, resolve, reject);
  ui.start();
  return promise;
}

const HANG_UP = 128 + 1;

type Signal = "SIGTERM" | "SIGHUP" | "SIGINT" | "SIGQUIT";
const SIGNALS: readonly (readonly [Signal, number])[] = [
  ["SIGHUP", 1],
  ["SIGINT", 2],
  ["SIGQUIT", 3],
  ["SIGTERM", 15],
];

class Ui {
  readonly #options: UiOptions;
  readonly #resolve: (code: number) => void;
  readonly #reject: (error: unknown) => void;
  readonly #terminal: Terminal;
  readonly #store: Store;
  readonly #cleanups: (() => void)[] = [];
  #ink: Instance | undefined;
  #pump: NodeJS.Timeout | undefined;
  #tick: NodeJS.Timeout | undefined;
  #tickAtMs = 0;
  #done = false;

  constructor(options: UiOptions, resolve: (code: number) => void, reject: (error: unknown) => void) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    const { sources, stdin, stdout, mouse, readOnly, beginning, env } = options;
    this.#terminal = new Terminal({
      stdin,
      stdout,
      fd: stdout.fd,
      mouse,
      onInput: (event) => this.#guard(() => this.#store.input(event)),
      // The signal itself comes only to the one who leads the session.
      onHangUp: () => this.#finish(HANG_UP),
    });
    this.#store = new Store({
      sources,
      readOnly,
      beginning,
      capture: options.totals(),
      size: this.#size(),
      nice: options.nice,
      runEffect: (effect) =>
        runEffect(effect, {
          shown: this.#store.snapshot(),
          env,
          queries: sources.queries,
          copy: (text) => this.#terminal.copy(text),
          signal: options.signal,
          renice: options.renice,
          quit: () => this.#finish(0),
          suspend: () => this.#suspend(),
          redraw: () => this.#terminal.output.repaint(),
          time: (action) => (sources.time ? sources.time.act(action) : "nothing is kept to go back to"),
          snapshot: () => this.#snapshot(),
        }),
    });
    options.announce?.((text) => this.#guard(() => this.#store.notify({ text, token: "bad" })));
  }

  start(): void {
    this.#listen();
    this.#terminal.enter();
    const { env } = this.#options;
    this.#guard(() => {
      this.#sample();
      this.#ink = renderApp(this.#terminal.output, env, this.#store);
      this.#ink.waitUntilExit().then(
        () => this.#finish(0),
        (error: unknown) => this.#fail(error),
      );
    });
    this.#schedulePump(PUMP_MS);
    this.#scheduleTick(SECOND_SAMPLE_MS);
  }

  #size(): { columns: number; rows: number } {
    const { columns, rows } = this.#terminal.output;
    return { columns, rows };
  }

  #listen(): void {
    const on = (event: string, listener: (...args: never[]) => void): void => {
      process.on(event, listener as () => void);
      this.#cleanups.push(() => process.off(event, listener as () => void));
    };
    for (const [signal, number] of SIGNALS) {
      // Later: signal-exit, which Ink brings, would find itself the only listener left and kill the process at once.
      on(signal, () => setImmediate(() => this.#finish(128 + number)));
    }
    on("SIGTSTP", () => this.#suspend());
    on("uncaughtException", (error: unknown) => this.#fail(error));
    on("unhandledRejection", (error: unknown) => this.#fail(error));
    on("exit", () => this.#terminal.leave());
    const resized = (): void => this.#guard(() => this.#store.resize(this.#size()));
    this.#terminal.output.on("resize", resized);
  }

  #schedulePump(delayMs: number): void {
    this.#pump = setTimeout(() => {
      this.#guard(() => {
        const began = performance.now();
        const more = this.#options.drain(DRAIN_BUDGET_MS);
        const searching = this.#store.follow(DRAIN_BUDGET_MS);
        const quiet = performance.now() - began < QUIET_READ_MS;
        this.#schedulePump(more || searching ? 0 : quiet ? QUIET_PUMP_MS : PUMP_MS);
      });
    }, delayMs);
  }

  #scheduleTick(delayMs: number): void {
    this.#tick = setTimeout(() => {
      this.#guard(() => {
        const beganMs = performance.now();
        this.#options.refresh();
        this.#options.drain(DRAIN_BUDGET_MS);
        this.#sample();
        this.#scheduleTick(Math.max(this.#options.refreshMs, FRAME_REST * (performance.now() - beganMs)));
      });
    }, delayMs);
  }

  #snapshot(): void {
    const tell = (text: string, token: "good" | "bad" | "info"): void =>
      this.#guard(() => this.#store.notify({ text, token }));
    let toldMs = performance.now();
    const told = (progress: string): void => {
      if (performance.now() - toldMs < PROGRESS_MS || this.#done) return;
      toldMs = performance.now();
      tell(`${SAVING}: ${progress}`, "info");
    };
    this.#options.snapshot(told).then(
      (text) => tell(text, "good"),
      (error: unknown) => tell(error instanceof Error ? error.message : String(error), "bad"),
    );
  }

  #sample(): void {
    const nowMs = performance.now();
    const seconds = this.#tickAtMs === 0 ? 0 : (nowMs - this.#tickAtMs) / 1000;
    this.#tickAtMs = nowMs;
    this.#store.tick(this.#options.sampleHost(), this.#options.totals(), seconds);
  }

  /** Stops the whole job as the shell's ^Z would; when it is continued, the timer finds the process running again. */
  #suspend(): void {
    if (this.#done) {
      return;
    }
    this.#terminal.leave();
    const listeners = process.listeners("SIGTSTP");
    process.removeAllListeners("SIGTSTP");
    process.kill(0, "SIGTSTP");
    setTimeout(() => {
      for (const listener of listeners) {
        process.on("SIGTSTP", listener);
      }
      if (!this.#done) {
        this.#terminal.enter();
        this.#store.resize(this.#size());
      }
    }, 50);
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#fail(error);
    }
  }

  #finish(code: number): void {
    this.#stop();
    this.#resolve(code);
  }

  #fail(error: unknown): void {
    this.#stop();
    this.#reject(error);
  }

  #stop(): void {
    if (this.#done) {
      return;
    }
    this.#done = true;
    clearTimeout(this.#pump);
    clearTimeout(this.#tick);
    // First the valve is shut: what Ink writes while it unmounts must not reach the restored screen.
    this.#terminal.leave();
    try {
      this.#ink?.unmount();
    } catch {
      // It failed on its way down; the terminal is restored and the first error is the one to report.
    }
    for (const cleanup of this.#cleanups) {
      cleanup();
    }
  }
}

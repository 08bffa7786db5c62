import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { CaptureError } from "../source.ts";

export interface NativeFeature {
  readonly name: string;
  readonly hook: string;
  readonly ok: boolean;
  /** What is missing without it, in words. */
  readonly lost: string;
  /** It runs on a lesser hook, which is named: `why` the better one does not load, `lost` what that costs. */
  readonly onBase: boolean;
  /** It worked, until someone took it away. */
  readonly detached: boolean;
  /** The verifier"s or kernel"s own words; empty when ok. */
  readonly why: string;
  /** Name of the errno it refused with; undefined when it was not asked, because its version says that it would. */
  readonly code?: string | undefined;
}

/** Columns are indexed by kind number. */
export interface NativeStats {
  readonly produced: Float64Array;
  readonly dropped: Float64Array;
  /** Left out because the process had its share of a crowded ring; as of the last refresh. */
  readonly throttled: Float64Array;
  readonly delivered: Float64Array;
  readonly malformed: number;
  /** Runs the kernel skipped because the program already ran on that CPU, and no second one made up for. */
  readonly missedRuns: number;
  readonly ringUsed: number;
  readonly ringBytes: number;
}

/** native/src/addon.cc. Every method throws, start rejects with, {message, code, errno, hint}. */
export interface NativeSession {
  /**
   * Loads and attaches on a native thread; until it settles all else but close throws EBUSY. What fails holds nothing;
   * closed meanwhile it rejects with ECANCELED, once all is released.
   */
  start(options: { objectPath: string; activityBytes?: number }): Promise<void>;
  /** Queues what is there now; returns the pids of the processes seen. */
  snapshot(): Uint32Array;
  /** Queues changed usage and socket counters. */
  refresh(): void;
  /** Fills one batch (at least 64 KiB, 8-byte aligned); returns its bytes, 0 = nothing waiting. */
  read(into: Uint8Array): number;
  features(): NativeFeature[];
  stats(): NativeStats;
  /** Idempotent. */
  close(): void;
}

interface Addon {
  readonly Session: new () => NativeSession;
  /** native/src/signal.h. The name of the errno, undefined when it was sent. */
  signalProcess(pid: number, startNs: number, signal: number): string | undefined;
}

/** A file of build/, found from where this code runs: the bundle in dist/ or the sources. */
function built(name: string): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const path = join(folder, "build", name);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) throw new CaptureError(`${name} is not built`, "ENOENT", "run: npm run setup");
  }
}

export const objectPath = (): string => built("spydertop.bpf.o");

export const newNativeSession = (): NativeSession => new (loadAddon().Session)();

/** Signals exactly the process that began startNs after boot. Throws CaptureError without the addon. */
export const signalProcess: Addon["signalProcess"] = (pid, startNs, signal) =>
  loadAddon().signalProcess(pid, startNs, signal);

function loadAddon(): Addon {
  const path = built("spydertop.node");
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (error) {
    throw new CaptureError(`cannot load ${path}: ${(error as Error).message}`, "EADDON", "rebuild it: npm run setup");
  }
}

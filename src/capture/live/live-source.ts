import { Host } from "../host.ts";
import { HOST_PIDS_FIX, nestedPidNamespace } from "../pid-namespace.ts";
import { CaptureError, type EventSource, type Feature, type SourceStatus } from "../source.ts";
import { type NativeFeature, type NativeSession, type NativeStats, newNativeSession, objectPath } from "./native.ts";

export interface LiveOptions {
  /** Size of the ring for everything but fork, exec and exit: a power of two, bytes. */
  readonly activityBytes?: number;
}

const BATCH_BYTES = 1 << 20;

/** The kernel counts processes by their number on the machine, wherever this program runs. */
const HOST_PIDS = {
  why: "spydertop runs in a PID namespace of its own",
  missed: "PIDs are the machine's; signals reach only this namespace; what ran outside it before the start is not seen",
  fix: HOST_PIDS_FIX,
};
const RESTART = "find out who did it, then start spydertop anew";

/** The kernel"s own events. Batches are views into one buffer that the next batch overwrites. */
export class LiveSource implements EventSource {
  readonly kind = "live";
  readonly #session: NativeSession;
  readonly #options: LiveOptions;
  readonly #buffer = new Uint8Array(BATCH_BYTES);
  readonly #limited = nestedPidNamespace(new Host("")) === undefined ? {} : { limited: HOST_PIDS };

  constructor(options: LiveOptions = {}) {
    this.#options = options;
    this.#session = newNativeSession();
  }

  async start(): Promise<void> {
    const { activityBytes } = this.#options;
    try {
      await this.#session.start({
        objectPath: objectPath(),
        ...(activityBytes === undefined ? {} : { activityBytes }),
      });
      // Hooks first, then what is there: nothing falls between.
      this.#session.snapshot();
      this.#session.refresh();
    } catch (error) {
      throw captureError(error);
    }
  }

  drain(sink: (batch: Uint8Array) => void, budgetMs: number): boolean {
    const deadline = performance.now() + budgetMs;
    for (;;) {
      const bytes = this.#session.read(this.#buffer);
      if (bytes === 0) return false;
      sink(this.#buffer.subarray(0, bytes));
      if (performance.now() >= deadline) return true;
    }
  }

  refresh(): void {
    try {
      this.#session.refresh();
    } catch (error) {
      throw captureError(error);
    }
  }

  stats(): NativeStats {
    return this.#session.stats();
  }

  status(): SourceStatus {
    const stats = this.#session.stats();
    const column = (values: Float64Array) => new Map(Array.from(values.entries()).filter(([, count]) => count > 0));
    const lost = stats.dropped.map((count, kind) => count + (stats.throttled[kind] ?? 0));
    const hooks = this.#session.features();
    const features: Feature[] = hooks.map(featureOf);
    if (stats.missedRuns > 0)
      features.push({
        name: "reentrancy",
        hook: "all programs",
        state: "degraded",
        why: `the kernel skipped ${stats.missedRuns} runs of a program that was already running on that CPU: as many records may be missing`,
      });
    const status = { delivered: column(stats.delivered), lost: column(lost), features, ...this.#limited };
    const gone = hooks.filter((hook) => hook.detached);
    if (gone.length === 0) return status;
    const missed = gone.map((hook) => hook.lost).join("; ");
    const why = gone.map((hook) => `${hook.name}: ${hook.why}`).join("; ");
    return { ...status, limited: { why, missed, fix: RESTART } };
  }

  close(): void {
    this.#session.close();
  }
}

function featureOf({ name, hook, ok, onBase, lost, why, code, detached }: NativeFeature): Feature {
  if (ok && !onBase) return { name, hook, state: "ok" };
  const fix = detached ? RESTART : code === "EPERM" ? "a kernel that permits them" : "a newer kernel";
  return { name, hook, state: ok ? "degraded" : "missing", why: `${why}; not seen: ${lost}`, fix };
}

/** Attaches to the running kernel. Rejects with CaptureError and the true cause. */
export async function openLive(options: LiveOptions = {}): Promise<LiveSource> {
  const source = new LiveSource(options);
  try {
    await source.start();
    return source;
  } catch (error) {
    source.close();
    throw error;
  }
}

function captureError(error: unknown): CaptureError {
  if (error instanceof CaptureError) return error;
  const { message, code, hint } = error as Error & { code?: string; hint?: string };
  return new CaptureError(message, code ?? "EUNKNOWN", hint ?? "");
}

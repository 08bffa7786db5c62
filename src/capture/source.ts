/** One capability of a source and the hook it runs on. */
export interface Feature {
  readonly name: string;
  /** The hook in use, or the one that was wanted. */
  readonly hook: string;
  readonly state: "ok" | "degraded" | "missing";
  /** Why it is not 'ok': the true cause, with errno where there was one. */
  readonly why?: string;
  /** What an administrator does about it. */
  readonly fix?: string;
}

export interface SourceStatus {
  /** Records the kernel handed over, per kind number. */
  readonly delivered: ReadonlyMap<number, number>;
  /** Records that were produced but not delivered, or left out of a flood as of the last refresh, per kind number. */
  readonly lost: ReadonlyMap<number, number>;
  readonly features: readonly Feature[];
  /** Present when the source sees less than the kernel's events: shown as a banner. */
  readonly limited?: { readonly why: string; readonly missed: string; readonly fix: string };
}

/**
 * Where batches come from. Nobody downstream can tell a live kernel from a replay: everything is in the
 * batches (layout: bpf/wire.h, src/core/wire).
 */
export interface EventSource {
  readonly kind: "live" | "procfs" | "replay" | "import";
  /** Attaches, takes the first snapshot. Throws, or rejects with, CaptureError. */
  start(): void | Promise<void>;
  /**
   * Hands over what is waiting, oldest first, for at most budgetMs. A batch is valid only during the call
   * of sink. Returns true when more is waiting.
   */
  drain(sink: (batch: Uint8Array) => void, budgetMs: number): boolean;
  /** Asks for fresh usage and socket counters; they arrive with the next drain. */
  refresh(): void;
  status(): SourceStatus;
  close(): void;
}

/** A failure the user must read: message, the failing call's errno name, and what to do. */
export class CaptureError extends Error {
  override readonly name = "CaptureError";
  readonly code: string;
  readonly hint: string;

  constructor(message: string, code: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

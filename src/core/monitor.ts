import { Detector } from "./detect/detector.ts";
import { type Recollection, recalledSignal } from "./detect/recall.ts";
import { type CheckpointSteps, checkpoint } from "./graph/checkpoint.ts";
import { Graph } from "./graph/graph.ts";
import { retain } from "./graph/retain.ts";

export interface MonitorOptions {
  /** Bytes the graph may take before it forgets; default 128 MiB. */
  readonly memoryLimitBytes?: number;
}

export const DEFAULT_MEMORY_BYTES = 128 * 1024 * 1024;

/** The graph and what was found in it, fed by batches. Queries (src/core/query, src/core/origin) take a Monitor. */
export class Monitor {
  readonly graph = new Graph();
  readonly detector: Detector;
  readonly #memoryLimitBytes: number;
  /** Grows whenever an answer may have changed. */
  version = 0;
  #holds = 0;

  constructor(options: MonitorOptions = {}) {
    this.detector = new Detector(this.graph);
    this.#memoryLimitBytes = options.memoryLimitBytes ?? DEFAULT_MEMORY_BYTES;
  }

  /** Takes in one batch; it may be reused by the caller afterwards. */
  ingest(batch: Uint8Array): void {
    this.graph.ingest(batch);
    this.detector.examine();
    this.graph.changes.clear();
    retain(this.graph, this.#memoryLimitBytes);
    this.version++;
  }

  /** Takes in what another monitor of the same capture found. Whether it could: its process is known. */
  recall(found: Recollection): boolean {
    if (this.detector.has(found.key)) return true;
    const signal = recalledSignal(this, found);
    if (signal === undefined) return false;
    this.detector.recall(signal);
    this.version++;
    return true;
  }

  /** The present state as batches, about limitBytes at most: another monitor that takes them in answers alike. */
  *checkpoint(limitBytes: number): Generator<Uint8Array, void, void> {
    for (const batch of this.checkpointInSteps(limitBytes)) if (batch !== undefined) yield batch;
  }

  /** The same as work that may pause wherever it yields undefined, while the monitor is held. */
  checkpointInSteps(limitBytes: number): CheckpointSteps {
    return checkpoint(this.graph, this.detector.kept(), limitBytes);
  }

  /** Until as many releases: its state is read piece by piece, and whoever feeds it waits. */
  hold(): void {
    this.#holds++;
  }

  release(): void {
    this.#holds--;
  }

  get held(): boolean {
    return this.#holds > 0;
  }

  /** ns since capture began, as of the newest batch. */
  get nowNs(): number {
    return this.graph.clock.nowNs;
  }

  /** Records since the start. */
  get events(): number {
    return this.graph.events;
  }

  /** Records that were not delivered, by kind number. */
  get lost(): ReadonlyMap<number, number> {
    return this.graph.lost;
  }

  get lostTotal(): number {
    return this.graph.lostTotal;
  }
}

import { BatchWriter } from "../../core/wire/encode.ts";
import { BATCH, HDR } from "../../core/wire/layout.gen.ts";
import type { ImportedFinding } from "./findings.ts";
import type { Problems } from "./problems.ts";

/** Rows of a batch, about what a busy host gives in 50 ms: detection looks at the graph once a batch. */
const ROWS = 1024;
/** A batch tells of one moment, which can be gone to: what happens so much later is in another. */
const SPAN_NS = 1e9;
const CLOSED = 64;

/** Where an importer puts what it read: rows in the order of their time, and what the wire has no rows for. */
export class Output {
  readonly writer = new BatchWriter();
  readonly problems: Problems;
  readonly findings: ImportedFinding[] = [];
  /** Names of user ids on the machine the file is from. */
  readonly users = new Map<number, string>();
  /** Container names by cgroup path. */
  readonly containers = new Map<string, string>();
  readonly delivered = new Map<number, number>();
  /** Name of the machine, when the file tells. */
  host = "";
  #bootWallNs = 0n;
  #begun = false;
  /** Without rows: its header is the start of capture. */
  #opening: Uint8Array | undefined;
  readonly #closed: Uint8Array[] = [];
  #startNs = 0;
  #timeNs = 0;
  /** Of the first of the rows. */
  #sinceNs = 0;

  constructor(problems: Problems) {
    this.problems = problems;
  }

  /**
   * Fixes time: once, before the first row.
   * @param bootWallNs ns since 1970 of the moment that row times count from
   * @param startNs ns since then at which capture began: time 0 of everything shown
   */
  begin(bootWallNs: bigint, startNs: number): void {
    this.#bootWallNs = bootWallNs;
    this.#begun = true;
    this.#startNs = this.#timeNs = startNs;
    this.#opening = this.writer.finish(startNs, this.#wallNs(startNs));
  }

  get begun(): boolean {
    return this.#begun;
  }

  get startNs(): number {
    return this.#startNs;
  }

  /** Says how far the rows are; every row is written after this was called with its time. */
  at(timeNs: number): void {
    if (timeNs <= this.#timeNs) return;
    if (this.writer.rows > 0 && timeNs - this.#sinceNs >= SPAN_NS) this.#closed.push(this.#close());
    this.#timeNs = timeNs;
    if (this.writer.rows === 0) this.#sinceNs = timeNs;
  }

  get full(): boolean {
    return this.writer.rows >= ROWS || this.#closed.length >= CLOSED;
  }

  /** The batches of the rows so far. */
  *take(): Generator<Uint8Array> {
    if (this.#opening !== undefined) {
      yield this.#opening;
      this.#opening = undefined;
    }
    yield* this.#closed.splice(0);
    if (this.writer.rows > 0) yield this.#close();
  }

  #close(): Uint8Array {
    const batch = this.writer.finish(this.#timeNs, this.#wallNs(this.#timeNs));
    this.#count(batch);
    return batch;
  }

  #wallNs(timeNs: number): bigint {
    return this.#bootWallNs + BigInt(Math.round(timeNs));
  }

  #count(batch: Uint8Array): void {
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    const end = BATCH.SIZE + view.getUint32(BATCH.rowBytes, true);
    for (let at = BATCH.SIZE; at < end; at += view.getUint16(at + HDR.size, true)) {
      const kind = view.getUint16(at + HDR.kind, true);
      this.delivered.set(kind, (this.delivered.get(kind) ?? 0) + 1);
    }
  }
}

import type { RecordingInfo } from "../../src/capture/recording/info.ts";
import type { ReplaySource } from "../../src/capture/recording/replay-source.ts";
import { BatchWriter } from "../../src/core/wire/encode.ts";
import { BATCH, BATCH_FLAG, HDR, KIND, MARK_WHAT, OPEN_FLAG } from "../../src/core/wire/layout.gen.ts";

/** Long before the tests, with digits beyond what a double holds. */
export const BOOT_NS = 104n * 24n * 3600n * 1_000_000_000n + 9_007_199_254_740_993n;
export const WALL_NS = 1_700_000_000_000_000_000n;

export const INFO: RecordingInfo = { program: "spydertop 0", host: "here", kernel: "6.1", bootId: "b", source: "live" };

export interface Activity {
  /** Batches to make. */
  readonly batches: number;
  readonly rowsPerBatch?: number;
  /** Between two batches. */
  readonly stepMs?: number;
  /** String ids restart every so many batches. */
  readonly keyEvery?: number;
  readonly seed?: number;
}

/** What a busy machine may tell: the same for the same seed. Each batch refers to strings of earlier ones. */
export function* activity({
  batches,
  rowsPerBatch = 20,
  stepMs = 100,
  keyEvery = 50,
  seed = 1,
}: Activity): Generator<Uint8Array> {
  const writer = new BatchWriter();
  let state = seed;
  /** Numbers that are given once: of processes and of sockets. */
  let next = 1_000;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let n = 0; n < batches; n++) {
    if (n > 0 && n % keyEvery === 0) writer.restart();
    const timeNs = BOOT_NS + BigInt(n * stepMs) * 1_000_000n;
    for (let row = 0; row < rowsPerBatch; row++) {
      const pid = 100 + random(50);
      const head = { timeNs: timeNs - BigInt(random(stepMs * 1_000_000)), pid, startNs: BOOT_NS - BigInt(pid) };
      switch (random(6)) {
        case 0:
          writer.fork({ ...head, childPid: next++, childStartNs: timeNs });
          break;
        case 1:
          writer.image({
            ...head,
            exe: `/usr/bin/tool${random(20)}`,
            argv: ["tool", `--n=${random(1000)}`],
            cwd: "/",
            uid: 1000,
          });
          break;
        case 2:
          writer.exit({ ...head, code: random(3) << 8, cpuNs: random(1e9) });
          break;
        case 3:
          writer.tick({ ...head, cpuNs: random(1e9), rssBytes: random(1e9) });
          break;
        case 4:
          writer.sock(KIND.CONNECT, {
            ...head,
            sock: next++,
            local: "10.0.0.1",
            remote: `192.0.2.${random(250)}`,
            remotePort: 443,
          });
          break;
        default:
          writer.open({
            ...head,
            path: `/srv/data/${random(300)}/ü.txt`,
            dev: 1,
            ino: random(1e6),
            open: OPEN_FLAG.WRITE,
          });
      }
    }
    if (n % 10 === 9) writer.mark({ timeNs, pid: 1, startNs: 0, what: MARK_WHAT.TICK });
    yield writer.finish(timeNs, WALL_NS + BigInt(n * stepMs) * 1_000_000n);
  }
}

/** Rows of batches as text: their bytes with the strings in place of their ids, so that rows compare whatever their ids. */
export class RowReader {
  rows: string[] = [];
  /** Times of the batches, ns since BOOT_NS. */
  timesNs: number[] = [];
  keyBatches = 0;
  #strings: string[] = [""];

  take(batch: Uint8Array): void {
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    const bytes = Buffer.from(batch.buffer, batch.byteOffset, batch.byteLength);
    this.timesNs.push(Number(view.getBigUint64(BATCH.time, true) - BOOT_NS));
    if ((view.getUint16(BATCH.flags, true) & BATCH_FLAG.KEY) !== 0) {
      this.#strings = [""];
      this.keyBatches++;
    }
    const end = BATCH.SIZE + view.getUint32(BATCH.rowBytes, true);
    const first = view.getUint32(BATCH.firstStr, true);
    let at = end;
    for (let i = 0; i < view.getUint32(BATCH.strs, true); i++) {
      const length = view.getUint32(at, true);
      this.#strings[first + i] = bytes.toString("latin1", at + 4, at + 4 + length);
      at += 4 + ((length + 3) & ~3);
    }
    for (let row = BATCH.SIZE; row < end; row += view.getUint16(row + HDR.size, true)) {
      const copy = Buffer.from(bytes.subarray(row, row + view.getUint16(row + HDR.size, true)));
      const texts: string[] = [];
      for (let slot = 0; slot < (copy[HDR.nstr] ?? 0); slot++) {
        const place = HDR.SIZE + 4 * slot;
        const text = this.#strings[copy.readUInt32LE(place)];
        if (text === undefined) throw new Error("a row refers to a string that was never announced");
        texts.push(text);
        copy.writeUInt32LE(0, place);
      }
      this.rows.push(`${copy.toString("base64")} ${texts.join("|")}`);
    }
  }
}

/** A replay and what it has delivered. */
export class Player {
  readonly source: ReplaySource;
  readonly #reader = new RowReader();

  constructor(source: ReplaySource) {
    this.source = source;
  }

  readonly sink = (batch: Uint8Array): void => this.#reader.take(batch);

  /** Forgets what was delivered. */
  forget(): void {
    this.#reader.rows = [];
    this.#reader.timesNs = [];
  }

  /** What came since the last call, all of which is due now. */
  play(): { readonly rows: readonly string[]; readonly timesNs: readonly number[]; readonly lastNs: number } {
    while (this.source.drain(this.sink, 1_000));
    const { rows, timesNs } = this.#reader;
    this.forget();
    return { rows, timesNs, lastNs: Math.max(...timesNs) };
  }
}

export function rowsOf(batches: Iterable<Uint8Array>): string[] {
  const reader = new RowReader();
  for (const batch of batches) reader.take(batch);
  return reader.rows;
}

/** Everything a source has to give, as rows. */
export function drained(source: { drain(sink: (batch: Uint8Array) => void, budgetMs: number): boolean }): string[] {
  const reader = new RowReader();
  while (source.drain((batch) => reader.take(batch), 1_000));
  return reader.rows;
}

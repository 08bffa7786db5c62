import { spawn } from "node:child_process";
import { join } from "node:path";
import { openLive } from "../../src/capture/live/live-source.ts";
import { BATCH, HDR } from "../../src/core/wire/layout.gen.ts";
import { activity } from "../../test/capture/recording-batches.ts";
import { BusyHost } from "../lib/busy-host.ts";
import { workFolder } from "../lib/workload.ts";

const BUSY_FILES = 500_000;
const BUSY_ROWS = 400_000;

/** Batches to record, over and over with later times. */
export class Load {
  readonly name: string;
  /** What ran when capture began: stands in for the state of a checkpoint. */
  readonly snapshot: readonly Uint8Array[];
  readonly batches: readonly Uint8Array[];
  readonly events: number;
  readonly durationNs: number;

  constructor(name: string, snapshot: readonly Uint8Array[], batches: readonly Uint8Array[]) {
    this.name = name;
    this.snapshot = snapshot;
    this.batches = batches;
    this.events = batches.reduce((sum, batch) => sum + rowsOf(batch), 0);
    this.durationNs = Number(timeOf(batches.at(-1)!) - timeOf(batches[0]!));
  }

  /** The batches without end; each round begins where the one before ended. They are changed in place. */
  *forever(): Generator<Uint8Array> {
    const roundNs = BigInt(Math.ceil(this.durationNs / 1e7) * 1e7 + 1e7);
    for (;;) {
      yield* this.batches;
      for (const batch of this.batches) shift(batch, roundNs);
    }
  }
}

export const rowsOf = (batch: Uint8Array): number =>
  new DataView(batch.buffer, batch.byteOffset).getUint32(BATCH.rows, true);

const timeOf = (batch: Uint8Array): bigint =>
  new DataView(batch.buffer, batch.byteOffset).getBigUint64(BATCH.time, true);

/** Moves a batch and its rows in time. */
function shift(batch: Uint8Array, byNs: bigint): void {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const add = (at: number) => view.setBigUint64(at, view.getBigUint64(at, true) + byNs, true);
  add(BATCH.time);
  add(BATCH.wall);
  const end = BATCH.SIZE + view.getUint32(BATCH.rowBytes, true);
  for (let row = BATCH.SIZE; row < end; row += view.getUint16(row + HDR.size, true)) add(row + HDR.time);
}

const BUILD = 'for i in $(seq 25); do cc -O1 -o w "$1" && ls -laR /etc >l && mv l m && rm m w; done';
const FIND = "find / -xdev -name '*.h' -size -4 2>/dev/null | head -3000 | xargs -n 20 grep -c include | wc -l";

/** The kernel's events while compilers run, and while a tree is searched. */
export async function captured(): Promise<Load> {
  const source = await openLive();
  const take = (into: Uint8Array[]) => {
    while (source.drain((batch) => into.push(batch.slice()), 50));
  };
  const snapshot: Uint8Array[] = [];
  take(snapshot);
  const batches = [...snapshot];
  const workload = join(import.meta.dirname, "..", "workload.c");
  for (const args of [
    ["-c", BUILD, "sh", workload],
    ["-c", FIND],
  ]) {
    const child = spawn("sh", args, { cwd: workFolder(), stdio: "ignore" });
    let over = false;
    child.on("close", () => (over = true));
    let refreshMs = performance.now();
    while (!over) {
      if (performance.now() >= refreshMs) {
        source.refresh();
        refreshMs += 1_000;
      }
      take(batches);
      await new Promise((resolve) => setTimeout(resolve, 16));
    }
  }
  take(batches);
  source.close();
  return new Load("captured: build, find", snapshot, batches);
}

/** A server at work, in large batches. */
export function busy(): Load {
  const { batches } = new BusyHost(BUSY_FILES).load(BUSY_ROWS);
  return new Load("a busy host", [], batches);
}

/** Random numbers in every field: harder to compress than what machines do, and no history that a graph could be made of. */
export function synthetic(): Load {
  const batches = [...activity({ batches: 2_000, rowsPerBatch: 160, stepMs: 16, keyEvery: 1_000 })];
  return new Load("synthetic: random", batches.slice(0, 1), batches);
}

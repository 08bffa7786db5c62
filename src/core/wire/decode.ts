import {
  BATCH,
  BATCH_FLAG,
  BYTES,
  CALL,
  CRED,
  DNS,
  EXIT,
  FILE,
  FORK,
  HDR,
  IMAGE,
  KIND,
  LOSS,
  MAGIC,
  MARK,
  PATH,
  PIPE,
  SOCK,
  STATE_CHANNEL,
  STATE_CONNECTION,
  STATE_EDGE,
  STATE_END,
  STATE_FILE,
  STATE_FINDING,
  STATE_IMAGE,
  STATE_LINK,
  STATE_MARK,
  STATE_NAME,
  STATE_PROCESS,
  TICK,
  UNIX,
  USE,
  WIRE_VERSION,
} from "./layout.gen.ts";
import { StringTable } from "./strings.ts";

const TWO_32 = 0x1_0000_0000;
const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer);

/**
 * Cursor over the rows of one batch after another. Never throws: what does not fit its own lengths is skipped and counted in
 * `malformed`. Nothing is allocated per row: fields are read by their offset (layout.gen.ts) from the current row.
 *
 *     if (reader.open(batch)) while (reader.next()) switch (reader.kind) { ... reader.u32(FORK.childTgid) ... }
 *
 * u64 fields: `lo`/`hi` for identities, `number` for counters (exact below 2^53), `timeNs` for times since the first batch.
 */
export class BatchReader {
  readonly strings = new StringTable();
  /** Batches and rows that could not be read, since the reader was made. */
  malformed = 0;
  /** Rows of a kind this program does not know. */
  unknownKinds = 0;

  /** Of the open batch. */
  keyBatch = false;
  batchTimeNs = Number.NaN;
  batchWallMs = Number.NaN;

  /** Of the current row. */
  kind = 0;
  flags = 0;
  trunc = 0;

  #bytes: Uint8Array = new Uint8Array(0);
  #words: Uint32Array = new Uint32Array(0);
  /** In words: where the current row begins, the next one, and where the last one ends. */
  #row = 0;
  #next = 0;
  #end = 0;
  #based = false;
  #baseLo = 0;
  #baseHi = 0;

  /** Starts on a batch; it must stay unchanged until the last row was read. Returns false (and counts) when its header is unusable. */
  open(batch: Uint8Array): boolean {
    this.#end = this.#next = 0;
    if (batch.byteLength < BATCH.SIZE) return this.#reject();
    const bytes = batch.byteOffset % 4 === 0 ? batch : batch.slice();
    this.#bytes = bytes;
    this.#words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
    this.#row = 0;
    const rowBytes = this.u32(BATCH.rowBytes);
    const strBytes = this.u32(BATCH.strBytes);
    if (this.u32(BATCH.magic) !== MAGIC || this.u16(BATCH.version) !== WIRE_VERSION) return this.#reject();
    if (rowBytes % 8 !== 0 || BATCH.SIZE + rowBytes + strBytes > bytes.byteLength) return this.#reject();
    if (!this.#based) {
      this.#based = true;
      this.#baseLo = this.lo(BATCH.time);
      this.#baseHi = this.hi(BATCH.time);
    }
    this.batchTimeNs = this.timeNs(BATCH.time);
    this.batchWallMs = this.number(BATCH.wall) / 1e6;
    this.keyBatch = (this.u16(BATCH.flags) & BATCH_FLAG.KEY) !== 0;
    if (this.keyBatch) this.strings.reset();
    const rowEnd = BATCH.SIZE + rowBytes;
    if (!this.strings.load(bytes, rowEnd, rowEnd + strBytes, this.u32(BATCH.firstStr), this.u32(BATCH.strs)))
      this.malformed++;
    this.#next = BATCH.SIZE >> 2;
    this.#end = rowEnd >> 2;
    return true;
  }

  /** Moves to the next row of a known kind; false at the end. */
  next(): boolean {
    for (;;) {
      const row = this.#next;
      if (row >= this.#end) return false;
      if (row + HDR.SIZE / 4 > this.#end) return this.#reject();
      this.#row = row;
      const kind = this.u16(HDR.kind);
      const size = this.u16(HDR.size);
      const next = row + (size >> 2);
      if (size < HDR.SIZE || size % 8 !== 0 || next > this.#end) return this.#reject();
      this.#next = next;
      const expected = kind < KIND.MAX ? (SIZES[kind] as number) : 0;
      if (expected === 0) {
        this.unknownKinds++;
        continue;
      }
      if (size < expected) {
        this.malformed++;
        continue;
      }
      this.kind = kind;
      this.flags = this.u16(HDR.flags);
      this.trunc = this.u8(HDR.trunc);
      return true;
    }
  }

  /** Moves to the next row where that is of a kind as well: rows that are alike are taken in one after the other. */
  nextOf(kind: number): boolean {
    if (this.#next >= this.#end) return false;
    const head = this.#words[this.#next] as number;
    // A row that is too short is left out, and the one behind it may be of any kind.
    return (head & 0xffff) === kind && head >>> 16 >= (SIZES[kind] as number) && this.next();
  }

  /** The open batch as words. */
  get words(): Uint32Array {
    return this.#words;
  }

  /** Where the current row begins, and where the last one ends. */
  get word(): number {
    return this.#row;
  }

  get endWord(): number {
    return this.#end;
  }

  u8(offset: number): number {
    return ((this.#words[this.#row + (offset >> 2)] as number) >>> ((offset & 3) * 8)) & 0xff;
  }

  u16(offset: number): number {
    return ((this.#words[this.#row + (offset >> 2)] as number) >>> ((offset & 2) * 8)) & 0xffff;
  }

  u32(offset: number): number {
    return this.#words[this.#row + (offset >> 2)] as number;
  }

  i32(offset: number): number {
    return (this.#words[this.#row + (offset >> 2)] as number) | 0;
  }

  /** Low half of a u64. */
  lo(offset: number): number {
    return this.#words[this.#row + (offset >> 2)] as number;
  }

  /** High half of a u64. */
  hi(offset: number): number {
    return this.#words[this.#row + (offset >> 2) + 1] as number;
  }

  /** A u64 as a number, exact below 2^53. */
  number(offset: number): number {
    const at = this.#row + (offset >> 2);
    return (this.#words[at + 1] as number) * TWO_32 + (this.#words[at] as number);
  }

  /** A u64 of ns since boot as ns since the first batch; negative = before it. */
  timeNs(offset: number): number {
    const at = this.#row + (offset >> 2);
    return ((this.#words[at + 1] as number) - this.#baseHi) * TWO_32 + ((this.#words[at] as number) - this.#baseLo);
  }

  /** A double stored as its bits. */
  f64(offset: number): number {
    halves[0] = this.lo(offset);
    halves[1] = this.hi(offset);
    return double[0] as number;
  }

  /** ns since boot that are time 0: the first batch's; undefined before it. */
  get baseNs(): bigint | undefined {
    return this.#based ? (BigInt(this.#baseHi) << 32n) | BigInt(this.#baseLo) : undefined;
  }

  /** The text of a string slot. */
  text(offset: number): string {
    return this.strings.get(this.u32(offset));
  }

  /** The bytes of a string slot. */
  rawBytes(offset: number): Uint8Array {
    return this.strings.bytes(this.u32(offset));
  }

  /** Copies `length` bytes of the row into target, for addresses. */
  copy(offset: number, length: number, target: Uint8Array, at: number): void {
    const from = 4 * this.#row + offset;
    for (let i = 0; i < length; i++) target[at + i] = this.#bytes[from + i] as number;
  }

  #reject(): false {
    this.malformed++;
    this.#next = this.#end;
    return false;
  }
}

/** Bytes of the fixed struct by kind; 0 = unknown. A longer row of a newer writer is read by its known head. */
const SIZES: Uint16Array = (() => {
  const sizes = new Uint16Array(KIND.MAX);
  const set = (size: number, ...kinds: readonly number[]): void => {
    for (const kind of kinds) sizes[kind] = size;
  };
  set(FORK.SIZE, KIND.FORK);
  set(IMAGE.SIZE, KIND.EXEC, KIND.PROCESS);
  set(EXIT.SIZE, KIND.EXIT);
  set(FILE.SIZE, KIND.OPEN, KIND.CHMOD);
  set(SOCK.SIZE, KIND.CONNECT, KIND.ACCEPT, KIND.LISTEN, KIND.CLOSE, KIND.SOCKET, KIND.DATAGRAM);
  set(UNIX.SIZE, KIND.UNIX_CONNECT, KIND.UNIX_ACCEPT, KIND.UNIX_SOCKET);
  set(USE.SIZE, KIND.READ, KIND.WRITE);
  set(BYTES.SIZE, KIND.BYTES);
  set(PATH.SIZE, KIND.RENAME, KIND.UNLINK, KIND.LINK, KIND.SYMLINK, KIND.MOUNT, KIND.TRUNCATE, KIND.CHOWN);
  set(CRED.SIZE, KIND.CRED);
  set(
    CALL.SIZE,
    KIND.INJECT,
    KIND.MEMORY,
    KIND.SIGNAL,
    KIND.KERNEL,
    KIND.NAMESPACE,
    KIND.URING,
    KIND.FD_PASS,
    KIND.CGROUP,
  );
  set(DNS.SIZE, KIND.DNS);
  set(PIPE.SIZE, KIND.PIPE);
  set(TICK.SIZE, KIND.TICK);
  set(LOSS.SIZE, KIND.LOSS, KIND.THROTTLED);
  set(MARK.SIZE, KIND.MARK);
  set(STATE_FILE.SIZE, KIND.STATE_FILE);
  set(STATE_CHANNEL.SIZE, KIND.STATE_CHANNEL);
  set(STATE_CONNECTION.SIZE, KIND.STATE_CONNECTION);
  set(STATE_IMAGE.SIZE, KIND.STATE_IMAGE);
  set(STATE_PROCESS.SIZE, KIND.STATE_PROCESS);
  set(STATE_EDGE.SIZE, KIND.STATE_EDGE);
  set(STATE_FINDING.SIZE, KIND.STATE_FINDING);
  set(STATE_LINK.SIZE, KIND.STATE_LINK);
  set(STATE_MARK.SIZE, KIND.STATE_MARK);
  set(STATE_NAME.SIZE, KIND.STATE_NAME);
  set(STATE_END.SIZE, KIND.STATE_END);
  return sizes;
})();

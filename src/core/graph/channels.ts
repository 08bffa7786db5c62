import { F64Block, I32Block } from "./blocks.ts";
import { HashIndex, keyedHash2 } from "./hash-index.ts";
import type { ChannelIndex, EdgeIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { Table } from "./table.ts";

/** Pipes by inode. A number that comes back belongs to a new row; the old one keeps its edges. */
export class Channels extends Table {
  readonly #ints = this.column(new I32Block(4));
  readonly inoLo = this.#ints.unsigned(0);
  readonly inoHi = this.#ints.unsigned(1);
  readonly edges = this.#ints.field<EdgeIndex>(2);
  readonly edgeCount = this.#ints.field(3);
  readonly firstNs = this.column(new F64Block(1)).field(0);
  readonly #byInode = new HashIndex();

  find(inoLo: number, inoHi: number): ChannelIndex {
    const index = this.#byInode;
    for (let row = index.first(keyedHash2(inoLo, inoHi)); row >= 0; row = index.next()) {
      if (this.inoLo.get(row) === inoLo && this.inoHi.get(row) === inoHi) return row;
    }
    return NONE;
  }

  add(inoLo: number, inoHi: number, timeNs: number): ChannelIndex {
    const row: ChannelIndex = this.take();
    this.inoLo.set(row, inoLo);
    this.inoHi.set(row, inoHi);
    this.firstNs.set(row, timeNs);
    this.edges.set(row, NONE);
    this.edgeCount.set(row, 0);
    this.#byInode.add(keyedHash2(inoLo, inoHi), row);
    return row;
  }

  /** Its inode may be used again: no later record means this one. */
  retire(row: ChannelIndex): void {
    this.#byInode.remove(keyedHash2(this.inoLo.get(row), this.inoHi.get(row)), row);
  }

  /** Forgets a channel without edges. */
  remove(row: ChannelIndex): void {
    this.retire(row);
    this.give(row);
  }
}

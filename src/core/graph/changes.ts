import type { EdgeIndex, ProcessIndex } from "./indexes.ts";

/** What the last batch added that detection looks at. Valid until the next batch. */
export class Changes {
  /** Processes with a new image. */
  readonly executed: ProcessIndex[] = [];
  /** New edges to connections. */
  readonly sockets: EdgeIndex[] = [];
  /** New READ edges to files that hold credentials. */
  readonly secretReads: EdgeIndex[] = [];
  /** New edges to channels. */
  readonly pipes: EdgeIndex[] = [];

  clear(): void {
    this.executed.length = 0;
    this.sockets.length = 0;
    this.secretReads.length = 0;
    this.pipes.length = 0;
  }
}

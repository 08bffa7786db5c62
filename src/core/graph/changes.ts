import type { EdgeIndex, MarkIndex, ProcessIndex } from "./indexes.ts";
import type { RestoredFinding } from "./ingest-state.ts";

/** Code that somebody else than root can change: its owner, the owner of its directory, or everybody. */
export interface ForeignCode {
  readonly process: ProcessIndex;
  readonly path: string;
  readonly script: boolean;
  readonly ownerUid: number;
  readonly directoryUid: number;
  readonly shared: boolean;
}

/** What the last batch added that detection looks at. Valid until the next batch. */
export class Changes {
  /** Processes with a new image. */
  readonly executed: ProcessIndex[] = [];
  /** Interpreters that opened a file somebody wrote, right after they were executed. */
  readonly readers = new Set<ProcessIndex>();
  /** Code that root has begun to run although others can change it. */
  readonly foreign: ForeignCode[] = [];
  /** New edges to connections. */
  readonly sockets: EdgeIndex[] = [];
  /** New READ edges to files that hold credentials. */
  readonly secretReads: EdgeIndex[] = [];
  /** New edges to channels. */
  readonly pipes: EdgeIndex[] = [];
  /** INJECTED edges that are new or reach in another way than before. */
  readonly injected: EdgeIndex[] = [];
  /** New marks, and old ones of which there is more to say. */
  readonly marked: MarkIndex[] = [];
  /** Findings of a checkpoint. */
  readonly findings: RestoredFinding[] = [];

  clear(): void {
    this.executed.length = 0;
    this.readers.clear();
    this.foreign.length = 0;
    this.sockets.length = 0;
    this.secretReads.length = 0;
    this.pipes.length = 0;
    this.injected.length = 0;
    this.marked.length = 0;
    this.findings.length = 0;
  }
}

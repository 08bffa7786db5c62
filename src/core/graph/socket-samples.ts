import { MixedBlock } from "./blocks.ts";
import { EndTable } from "./end-table.ts";
import type { EndIndex, SampleIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";

/** What sockets moved from one refresh to the next: a row for each end of a connection that a refresh told of. */
export class SocketSamples extends EndTable {
  protected readonly rows = this.column(new MixedBlock(3, 2));
  /** Bytes a second. */
  readonly txRate = this.rows.floats.field(0);
  readonly rxRate = this.rows.floats.field(1);
  readonly atNs = this.rows.floats.field(2);
  /** Number of the refresh that told of it last. */
  readonly refresh = this.rows.ints.field(6);

  /** That of a refresh or of the one before it; NONE = nothing was moved since. */
  current(end: EndIndex, refresh: number): SampleIndex {
    const row = this.find(end);
    return row !== NONE && this.refresh.get(row) + 1 >= refresh ? row : NONE;
  }
}

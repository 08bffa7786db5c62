/** One place of a file that could not be used. */
export interface Problem {
  /** Line number, from 1; 0 = the file as a whole. */
  readonly line: number;
  /** Offset of the line's first byte; of the decompressed text in a gzip file. */
  readonly byte: number;
  readonly why: string;
}

/** Thrown by an importer on a line it cannot use: the line is reported and the next one is read. */
export class MalformedLine extends Error {
  override readonly name = "MalformedLine";
}

/** How many problems are kept word for word; the rest are counted. */
const LISTED = 5;
/** Kinds of records that are counted apart: their names come from the file. */
const KINDS = 50;

/** What was wrong with a file: counted, the first few listed. */
export class Problems {
  total = 0;
  readonly first: Problem[] = [];
  /** Records that were read and have no place in the graph, by kind. */
  readonly ignored = new Map<string, number>();

  add(line: number, byte: number, why: string): void {
    this.total++;
    if (this.first.length < LISTED) this.first.push({ line, byte, why });
  }

  ignore(kind: string): void {
    const known = this.ignored.has(kind) || this.ignored.size < KINDS ? kind : "records of other kinds";
    this.ignored.set(known, (this.ignored.get(known) ?? 0) + 1);
  }

  /** "3 problems: line 7, byte 1201: not JSON; line 9, byte 1377: ..."; undefined without any. */
  describe(): string | undefined {
    if (this.total === 0) return undefined;
    const listed = this.first.map(({ line, byte, why }) => (line === 0 ? why : `line ${line}, byte ${byte}: ${why}`));
    const rest = this.total - listed.length;
    const count = this.total === 1 ? "1 problem" : `${this.total} problems`;
    return `${count}: ${listed.join("; ")}${rest > 0 ? `; and ${rest} more` : ""}`;
  }
}

import type { Line } from "./line-reader.ts";
import type { Output } from "./output.ts";

/** A kind of file that can be imported. */
export interface Format {
  /** As in "a Spyderbat capture". */
  readonly name: string;
  /** Whether a line is one of this format's. */
  recognises(line: string): boolean;
  begin(output: Output): Importer;
}

/** Turns the lines of one file into rows. */
export interface Importer {
  /** Takes the next line. Throws MalformedLine when it cannot be used. */
  line(line: Line): void;
  /** Whether rows can be written before the end. */
  readonly due: boolean;
  /** Writes the rows that are ready, oldest first, a few at each step; all that are left when the file has ended. */
  rows(atEnd: boolean): Generator<void>;
}

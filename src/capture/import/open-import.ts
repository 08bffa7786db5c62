import { CaptureError } from "../source.ts";
import { auditd } from "./auditd/format.ts";
import type { Format } from "./format.ts";
import { ImportSource } from "./import-source.ts";
import { LineReader } from "./line-reader.ts";
import { Problems } from "./problems.ts";
import { spyderbat } from "./spyderbat/format.ts";
import { tetragon } from "./tetragon/format.ts";

const FORMATS: readonly Format[] = [spyderbat, tetragon, auditd];
/** A file may begin in the middle of something. */
const LINES_TRIED = 50;

/**
 * Opens a file of another tool, plain or gzip, as a source; its content says which tool. Nothing of it is read yet beyond that.
 * Throws CaptureError when it cannot be read or no format is recognised.
 */
export function openImport(path: string): ImportSource {
  const problems = new Problems();
  const reader = new LineReader(path, problems);
  const format = recognise(reader);
  if (format !== undefined) return new ImportSource(format, reader, problems);
  reader.close();
  const known = FORMATS.map(({ name }) => name).join(", ");
  const damage = problems.describe();
  const message = damage === undefined ? "" : ` (${damage})`;
  throw new CaptureError(
    `${path} is in no known format${message}`,
    "EFORMAT",
    `known formats: ${known}, plain or gzip; or a recording of spydertop, unpacked and no pipe`,
  );
}

function recognise(reader: LineReader): Format | undefined {
  let tried = 0;
  for (const line of reader.peek()) {
    if (line.trim() === "") continue;
    const format = FORMATS.find((one) => one.recognises(line));
    if (format !== undefined) return format;
    if (++tried >= LINES_TRIED) return undefined;
  }
  return undefined;
}

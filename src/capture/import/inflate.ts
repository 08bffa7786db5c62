import { constants, gunzipSync } from "node:zlib";
import { CaptureError } from "../source.ts";

/** The decompressed text is held in memory as a whole; a larger one is read from a plain file, piece by piece. */
export const MAX_INFLATED = 1 << 30;

const MIN_CHUNK = 1 << 20;
/** Deflate makes nothing smaller than by this. */
const MAX_RATIO = 1032;

const { Z_SYNC_FLUSH } = constants;

export interface Inflated {
  readonly bytes: Buffer;
  /** Why there is not more. */
  readonly problem?: string;
}

export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/** Decompresses a gzip file; of a cut or damaged one everything before the damage. Throws CaptureError when it is too large. */
export function inflate(compressed: Buffer): Inflated {
  try {
    return { bytes: gunzipSync(compressed, { maxOutputLength: MAX_INFLATED, chunkSize: chunkFor(compressed) }) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") {
      const hint = "decompress it first: a plain file is read piece by piece";
      throw new CaptureError(`decompressed it is larger than ${MAX_INFLATED >> 20} MiB`, "EFBIG", hint);
    }
    if (code === "Z_BUF_ERROR") return { bytes: readable(compressed), problem: "the gzip data end too early" };
    return { bytes: salvage(compressed), problem: `the gzip data are damaged (${code ?? (error as Error).message})` };
  }
}

/** The last word is the size of the text (of the last of several members): with room for it nothing has to be put together. */
function chunkFor(compressed: Buffer): number {
  const size = compressed.length < 18 ? 0 : compressed.readUInt32LE(compressed.length - 4);
  const plausible = size <= MAX_INFLATED && size <= compressed.length * MAX_RATIO;
  return Math.max(MIN_CHUNK, plausible ? size + 1 : 0);
}

function readable(compressed: Buffer): Buffer {
  return gunzipSync(compressed, { maxOutputLength: MAX_INFLATED, finishFlush: Z_SYNC_FLUSH });
}

/** The text of the longest beginning that decompresses. */
function salvage(compressed: Buffer): Buffer {
  let best: Buffer = Buffer.alloc(0);
  let good = 0;
  let bad = compressed.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    try {
      best = readable(compressed.subarray(0, middle));
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return best;
}

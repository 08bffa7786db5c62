import { promisify } from "node:util";
import { constants, type ZstdOptions, zstdCompress, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { drop } from "../../core/wire/memory.ts";

/** Level 3 with a window as large as a frame: docs/recording.md has the measurements. */
const COMPRESSION: ZstdOptions = {
  chunkSize: 128 * 1024,
  params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: 20 },
};
const compressAsync = promisify<Uint8Array, ZstdOptions, Uint8Array>(zstdCompress);

/** On the thread pool. The result is as given when it does not get smaller, else in memory of just its size. */
export async function compress(raw: Uint8Array): Promise<Uint8Array> {
  return smaller(raw, raw.length === 0 ? raw : await compressAsync(raw, COMPRESSION));
}

export function compressSync(raw: Uint8Array): Uint8Array {
  return smaller(raw, raw.length === 0 ? raw : zstdCompressSync(raw, COMPRESSION));
}

function smaller(raw: Uint8Array, compressed: Uint8Array): Uint8Array {
  return compressed.length < raw.length ? Uint8Array.from(compressed) : raw;
}

/**
 * The bytes of a payload, 8-byte aligned, for `giveBack`; undefined unless they are exactly rawBytes. Allocates little more than rawBytes.
 */
export function decompress(payload: Uint8Array, rawBytes: number): Uint8Array | undefined {
  if (payload.length === rawBytes) return Uint8Array.from(payload);
  let raw: Uint8Array;
  try {
    // One chunk with room to spare: a full one would make zlib allocate a second.
    const params = { [constants.ZSTD_d_windowLogMax]: 20 };
    raw = zstdDecompressSync(payload, { chunkSize: rawBytes + 64, maxOutputLength: rawBytes, params });
  } catch {
    return undefined;
  }
  if (raw.length !== rawBytes) return undefined;
  // Of a Buffer `slice` would be no copy: whoever keeps a batch must have one.
  return raw.byteOffset % 8 === 0 ? new Uint8Array(raw.buffer, raw.byteOffset, rawBytes) : Uint8Array.from(raw);
}

/** Less may lie in memory that Node shares among its buffers. */
const OWN_BYTES = 1 << 17;

/** Gives the memory of what was decompressed back at once, so that the next has it: nobody reads it any more. */
export function giveBack({ buffer }: Uint8Array): void {
  if (buffer.byteLength >= OWN_BYTES) drop(buffer as ArrayBuffer);
}

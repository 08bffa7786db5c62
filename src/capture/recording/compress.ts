import { promisify } from "node:util";
import { constants, type ZstdOptions, zstdCompress, zstdCompressSync, zstdDecompressSync } from "node:zlib";

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

/** The bytes of a payload, 8-byte aligned; undefined unless they are exactly rawBytes. Allocates little more than rawBytes. */
export function decompress(payload: Uint8Array, rawBytes: number): Uint8Array | undefined {
  let raw = payload;
  if (payload.length !== rawBytes) {
    try {
      // One chunk with room to spare: a full one would make zlib allocate a second.
      const params = { [constants.ZSTD_d_windowLogMax]: 20 };
      raw = zstdDecompressSync(payload, { chunkSize: rawBytes + 64, maxOutputLength: rawBytes, params });
    } catch {
      return undefined;
    }
    if (raw.length !== rawBytes) return undefined;
  }
  return raw.byteOffset % 8 === 0 ? raw : Uint8Array.from(raw);
}

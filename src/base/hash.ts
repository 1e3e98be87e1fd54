/** XXH64, the checksum of format 1 (spec 6.2). WASM, instantiated once, when the module is loaded. */
import xxhash from "xxhash-wasm";

const xxh = await xxhash();

const pieceBytes = 1 << 20;

/** XXH64 with seed 0. The bytes are copied into WASM memory, which never shrinks: a large input goes there in pieces. */
export function hash64(bytes: Uint8Array): bigint {
  if (bytes.length <= pieceBytes) return xxh.h64Raw(bytes);
  const hash = xxh.create64();
  for (let at = 0; at < bytes.length; at += pieceBytes) hash.update(bytes.subarray(at, at + pieceBytes));
  return hash.digest();
}

/** The same hash of bytes that come a piece at a time. */
export interface RunningHash {
  update(piece: Uint8Array): void;
  digest(): bigint;
}

export function runningHash64(): RunningHash {
  return xxh.create64();
}

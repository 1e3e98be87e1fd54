/** XXH64, the checksum of format 1 (spec 6.2). WASM, instantiated once, when the module is loaded. */
import xxhash from "xxhash-wasm";

const xxh = await xxhash();

/** XXH64 with seed 0. The bytes are copied into WASM memory, which grows to the largest input and stays so. */
export function hash64(bytes: Uint8Array): bigint {
  return xxh.h64Raw(bytes);
}

/** The same hash of bytes that come a piece at a time. */
export interface RunningHash {
  update(piece: Uint8Array): void;
  digest(): bigint;
}

export function runningHash64(): RunningHash {
  return xxh.create64();
}

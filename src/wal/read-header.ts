/** The header of a WAL file from the disk (spec 6.2), and whether there is anything behind it. */
import type { Env, File } from "../env/env.ts";
import { readFully } from "../storage/io.ts";
import { type DecodedFileHeader, decodeFileHeader, firstFrameAt } from "./file-header.ts";
import { isZero, sectorBytes } from "./frame.ts";

/** `bytes` is the length of the file. */
export type ReadHeader = (DecodedFileHeader | { readonly outcome: "absent"; readonly reason: string }) & {
  readonly bytes: number;
};

export async function readHeader(env: Env, path: string): Promise<ReadHeader> {
  if ((await env.fs.stat(path)) === undefined) return { outcome: "absent", reason: "absent", bytes: 0 };
  return reading(env, path, async (file) => {
    const sector = new Uint8Array(sectorBytes);
    const got = await readFully(file, sector, 0);
    return { ...decodeFileHeader(sector.subarray(0, got)), bytes: (await file.stat()).size };
  });
}

/**
 * The first file of a shard gets its first frame only after the manifest names it: until then it holds nothing. One that
 * does hold something, unnamed, means that the manifest is not the one it was.
 */
export function holdsNothing(env: Env, path: string): Promise<boolean> {
  return reading(env, path, async (file) => {
    const sector = new Uint8Array(sectorBytes);
    await readFully(file, sector, firstFrameAt);
    return isZero(sector);
  });
}

async function reading<T>(env: Env, path: string, work: (file: File) => Promise<T>): Promise<T> {
  const file = await env.fs.open(path, "read");
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

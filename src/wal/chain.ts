/**
 * Which files make up a shard's log (spec 6.2): the ones that the manifest names, in order, and any with a valid header
 * that continues them. What is named and not there, or not valid, is damage; what is neither is no part of the log.
 */
import type { Env, File } from "../env/env.ts";
import { readFully } from "../storage/io.ts";
import { joinPath, parseWalFileName, walFileName } from "../storage/layout.ts";
import type { Layout } from "../storage/manifest.ts";
import { damage, StartRefusal } from "../storage/refusal.ts";
import { type DecodedFileHeader, decodeFileHeader, firstFrameAt, type WalFileHeader } from "./file-header.ts";
import { isZero, sectorBytes } from "./frame.ts";

export interface ChainFile {
  readonly path: string;
  readonly header: WalFileHeader;
  readonly headerHash: bigint;
  readonly bytes: number;
}

export interface ShardChain {
  readonly files: readonly ChainFile[];
}

export interface Chains {
  readonly shards: readonly ShardChain[];
  /** Files that a start may remove: without a header, or older than everything that is named. */
  readonly removable: readonly string[];
  /** The greatest index seen in any file's name. */
  readonly greatestIndex: number;
}

export async function discoverChains(
  env: Env,
  directory: string,
  directoryId: string,
  layouts: readonly Layout[],
  layoutNumber: number,
): Promise<Chains> {
  const layout = layouts[layoutNumber];
  const present = (await env.fs.readdir(directory))
    .map((name) => ({ name, parsed: parseWalFileName(name) }))
    .filter((entry) => entry.parsed !== undefined)
    .map((entry) => ({ path: joinPath(directory, entry.name), ...entry.parsed! }))
    .sort((a, b) => a.index - b.index || a.shard - b.shard);
  const shards: ShardChain[] = [];
  for (let shard = 0; shard < layout.shards; shard++) {
    const files: ChainFile[] = [];
    for (const index of layout.files[shard] ?? []) {
      const path = joinPath(directory, walFileName(shard, index));
      files.push(
        continues(files.at(-1), await openNamed(env, path), {
          directoryId,
          shard,
          index,
          layout: layoutNumber,
          shards: layout.shards,
        }),
      );
    }
    shards.push({ files });
  }
  const removable: string[] = [];
  const namedBefore = new Set(
    layouts.flatMap((one) => one.files.flatMap((list, shard) => list.map((index) => `${shard}/${index}`))),
  );
  for (const { path, shard, index } of present) {
    if (namedBefore.has(`${shard}/${index}`)) continue;
    const decoded = await readHeader(env, path);
    if (decoded.outcome !== "header") {
      if (decoded.outcome === "version") throw new StartRefusal("version", decoded.reason, { file: path });
      removable.push(path);
      continue;
    }
    const chain = shards[shard]?.files as ChainFile[] | undefined;
    const last = chain?.at(-1);
    const expected = { directoryId, shard, index, layout: layoutNumber, shards: layout.shards };
    if (last && decoded.header.predecessor.index === last.header.index && decoded.header.layout === layoutNumber)
      chain!.push(continues(last, { path, decoded, bytes: decoded.bytes }, expected));
    else if (decoded.header.directoryId !== directoryId)
      throw damage("a WAL file of another directory", { file: path });
    else if (isOlder(layouts, shard, index) || (await isUnusedFirst(env, path, decoded.header))) removable.push(path);
    else throw damage("a WAL file that the manifest does not name, and that continues none it names", { file: path });
  }
  return { shards, removable, greatestIndex: present.at(-1)?.index ?? 0 };
}

/** A retired file that came back: everything named of its shard is newer. */
function isOlder(layouts: readonly Layout[], shard: number, index: number): boolean {
  const named = layouts.flatMap((layout) => layout.files[shard] ?? []);
  return named.length > 0 && named.every((other) => other > index);
}

/**
 * The first file of a shard gets its first frame only after the manifest names it: until then it holds nothing. One that
 * does hold something, unnamed, means that the manifest is not the one it was.
 */
async function isUnusedFirst(env: Env, path: string, header: WalFileHeader): Promise<boolean> {
  if (header.predecessor.index !== 0) return false;
  const file = await env.fs.open(path, "read");
  try {
    const sector = new Uint8Array(sectorBytes);
    await readFully(file, sector, firstFrameAt);
    return isZero(sector);
  } finally {
    await file.close();
  }
}

interface Opened {
  readonly path: string;
  readonly decoded: DecodedFileHeader;
  readonly bytes: number;
}

async function openNamed(env: Env, path: string): Promise<Opened> {
  const decoded = await readHeader(env, path);
  if (decoded.outcome === "absent") throw damage("a WAL file that the manifest names is missing", { file: path });
  return { path, decoded, bytes: decoded.bytes };
}

type Read = (DecodedFileHeader | { readonly outcome: "absent"; readonly reason: string }) & { readonly bytes: number };

async function readHeader(env: Env, path: string): Promise<Read> {
  if ((await env.fs.stat(path)) === undefined) return { outcome: "absent", reason: "absent", bytes: 0 };
  const file: File = await env.fs.open(path, "read");
  try {
    const sector = new Uint8Array(sectorBytes);
    const got = await readFully(file, sector, 0);
    return { ...decodeFileHeader(sector.subarray(0, got)), bytes: (await file.stat()).size };
  } finally {
    await file.close();
  }
}

type Expected = Pick<WalFileHeader, "directoryId" | "shard" | "index" | "layout" | "shards">;

function continues(previous: ChainFile | undefined, opened: Opened, expected: Expected): ChainFile {
  const { path, decoded, bytes } = opened;
  if (decoded.outcome === "version") throw new StartRefusal("version", decoded.reason, { file: path });
  if (decoded.outcome !== "header") {
    const reason = decoded.outcome === "blank" ? "all zero" : decoded.reason;
    throw damage(`the header of a WAL file is not valid: ${reason}`, { file: path, offset: 0, length: sectorBytes });
  }
  const { header } = decoded;
  for (const key of ["directoryId", "shard", "index", "layout", "shards"] as const)
    if (header[key] !== expected[key])
      throw damage(`a WAL file at the wrong place: its ${key} is ${header[key]}, not ${expected[key]}`, {
        file: path,
        offset: 0,
      });
  const follows = previous?.header.index ?? 0;
  if (previous && header.predecessor.index !== follows)
    throw damage(`a WAL file is missing: this one follows file ${header.predecessor.index}, not ${follows}`, {
      file: path,
      offset: 0,
    });
  if (bytes < header.preparedBytes)
    throw damage(`a WAL file is shorter than its header says`, {
      file: path,
      offset: bytes,
      length: header.preparedBytes - bytes,
    });
  return { path, header, headerHash: decoded.hash, bytes };
}

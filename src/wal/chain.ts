/**
 * Which files make up a shard's log (spec 6.2): the ones that the manifest names, in order, and any with a valid header
 * that continues them. What is named and not there, or not valid, is damage; what is neither is no part of the log.
 */
import type { Env } from "../env/env.ts";
import { joinPath, parseWalFileName, walFileName } from "../storage/layout.ts";
import type { Layout } from "../storage/manifest.ts";
import { damage, StartRefusal } from "../storage/refusal.ts";
import { sectorBytes } from "./frame.ts";
import type { WalFileHeader } from "./file-header.ts";
import { holdsNothing, readHeader, type ReadHeader } from "./read-header.ts";
import type { NamedFile } from "./successor.ts";

export interface ChainFile {
  readonly path: string;
  readonly header: WalFileHeader;
  readonly headerHash: bigint;
  readonly bytes: number;
  /** False when an interrupted start or switch has left it to the next start to name. */
  readonly named: boolean;
}

/** Oldest first. What precedes the first one is retired. */
export interface ShardChain {
  readonly files: readonly ChainFile[];
}

export interface Chains {
  readonly shards: readonly ShardChain[];
  /** Files that never were part of a log: without a header, or begun by a start that did not come to name them. */
  readonly unused: readonly NamedFile[];
  /** Files of a log that nothing names any more: they were retired, and are still there or came back. */
  readonly retired: readonly NamedFile[];
  /** The greatest index seen in any file's name. */
  readonly greatestIndex: number;
}

interface PresentFile extends NamedFile {
  readonly path: string;
}

export async function discoverChains(
  env: Env,
  directory: string,
  directoryId: string,
  layouts: readonly Layout[],
  layoutNumber: number,
): Promise<Chains> {
  const { shards: count, files: named } = layouts[layoutNumber];
  const chains: ChainFile[][] = Array.from({ length: count }, () => []);
  const expect = (shard: number, index: number): Expected => ({
    directoryId,
    shard,
    index,
    layout: layoutNumber,
    shards: count,
  });
  for (const [shard, files] of chains.entries())
    for (const index of named[shard] ?? []) {
      const path = joinPath(directory, walFileName(shard, index));
      const read = await readHeader(env, path);
      if (read.outcome === "absent") throw damage("a WAL file that the manifest names is missing", { file: path });
      files.push(continues(files.at(-1), path, read, expect(shard, index), true));
    }
  const unused: NamedFile[] = [];
  const retired: NamedFile[] = [];
  const present = await presentFiles(env, directory);
  for (const file of present.filter((one) => !isNamed(layouts, one))) {
    const { path, shard, index } = file;
    const read = await readHeader(env, path);
    if (read.outcome === "version") throw new StartRefusal("version", read.reason, { file: path });
    if (read.outcome !== "header") unused.push(file);
    else if (read.header.directoryId !== directoryId) throw damage("a WAL file of another directory", { file: path });
    else if (isNext(chains[shard]?.at(-1), read.header, layoutNumber))
      chains[shard].push(continues(chains[shard].at(-1), path, read, expect(shard, index), false));
    else if (isRetired(layouts, layoutNumber, file, read.header)) retired.push(file);
    else if (read.header.predecessor.index === 0 && (await holdsNothing(env, path))) unused.push(file);
    else throw damage("a WAL file that the manifest does not name, and that continues none it names", { file: path });
  }
  const greatestIndex = present.at(-1)?.index ?? 0;
  return { shards: chains.map((files) => ({ files })), unused, retired, greatestIndex };
}

/** By index, so that an unnamed file comes behind the one that it continues. */
async function presentFiles(env: Env, directory: string): Promise<PresentFile[]> {
  return (await env.fs.readdir(directory))
    .flatMap((name) => {
      const parsed = parseWalFileName(name);
      return parsed ? [{ path: joinPath(directory, name), ...parsed }] : [];
    })
    .sort((a, b) => a.index - b.index || a.shard - b.shard);
}

function isNamed(layouts: readonly Layout[], { shard, index }: PresentFile): boolean {
  return layouts.some(({ files }) => files.at(shard)?.includes(index));
}

function isNext(last: ChainFile | undefined, header: WalFileHeader, layoutNumber: number): boolean {
  return last !== undefined && header.predecessor.index === last.header.index && header.layout === layoutNumber;
}

/**
 * A name is dropped only when no kept checkpoint needs the file: then everything that is named of its shard is newer, or
 * its whole layout has ended. A file that belongs to a log and is neither means that the manifest is not the one it was.
 */
function isRetired(
  layouts: readonly Layout[],
  layoutNumber: number,
  { shard, index }: PresentFile,
  header: WalFileHeader,
): boolean {
  if (header.layout !== layoutNumber) return header.layout < layoutNumber;
  const named = layouts[layoutNumber].files.at(shard) ?? [];
  return named.length > 0 && named.every((other) => other > index);
}

type Expected = Pick<WalFileHeader, "directoryId" | "shard" | "index" | "layout" | "shards">;

function continues(
  previous: ChainFile | undefined,
  path: string,
  read: ReadHeader,
  expected: Expected,
  named: boolean,
): ChainFile {
  if (read.outcome === "version") throw new StartRefusal("version", read.reason, { file: path });
  if (read.outcome !== "header") {
    const reason = read.outcome === "blank" ? "all zero" : read.reason;
    throw damage(`the header of a WAL file is not valid: ${reason}`, { file: path, offset: 0, length: sectorBytes });
  }
  const { header, bytes } = read;
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
  return { path, header, headerHash: read.hash, bytes, named };
}

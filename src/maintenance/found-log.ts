/**
 * The files of every shard's log as they are found (spec 6.2), sound or not, with the end that each one's successor
 * declares. Unlike recovery, which refuses at the first that is wrong, this goes on: what is wrong is written down.
 */
import { type Env, errnoOf } from "../env/env.ts";
import { joinPath, parseWalFileName, walFileName } from "../storage/layout.ts";
import type { Layout } from "../storage/manifest.ts";
import type { WalFileHeader } from "../wal/file-header.ts";
import { type ReadHeader, readHeader } from "../wal/read-header.ts";
import type { Survey } from "./survey.ts";

export interface FoundFile {
  readonly path: string;
  readonly index: number;
  readonly named: boolean;
  readonly bytes: number;
  /** `undefined` when there is none that can be believed; `problem` says why. */
  readonly header: WalFileHeader | undefined;
  readonly headerHash: bigint | undefined;
  readonly problem: HeaderProblem | undefined;
  /** Where its successor, or the manifest, says that it ends; `undefined` where nothing does. */
  readonly end: DeclaredEnd | undefined;
  /** Its end is declared, but by a header that cannot be read. */
  readonly endUnknown: boolean;
}

export interface HeaderProblem {
  readonly what: "missing" | "damaged" | "version" | "unreadable";
  readonly reason: string;
}

export interface DeclaredEnd {
  readonly position: number;
  readonly hash: bigint | undefined;
}

export interface FoundShard {
  readonly layout: number;
  readonly isLast: boolean;
  readonly shard: number;
  readonly shards: number;
  /** Oldest first. */
  readonly files: readonly FoundFile[];
}

export interface FoundLog {
  /** Of all layouts that the manifest still has, oldest first. */
  readonly shards: readonly FoundShard[];
  /** Paths of files that are prepared for a log and not used yet. */
  readonly spares: ReadonlySet<string>;
  /** Files that may be part of a log or not. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

type Read = {
  readonly index: number;
  readonly path: string;
  readonly named: boolean;
  readonly read: ReadHeaderOrErrno;
};
type ReadHeaderOrErrno =
  ReadHeader | { readonly outcome: "unreadable"; readonly reason: string; readonly bytes: number };

export async function findLog(env: Env, found: Survey): Promise<FoundLog> {
  const { directory, manifest } = found;
  const shards: FoundShard[] = [];
  const others = await readUnnamed(env, found);
  for (const [number, layout] of manifest.layouts.entries()) {
    const isLast = number === manifest.layouts.length - 1;
    for (let shard = 0; shard < layout.shards; shard++) {
      const chain: Read[] = [];
      for (const index of layout.files[shard]) chain.push(await readOne(env, directory, shard, index, true));
      if (isLast) takeContinuing(others, shard, chain, manifest.directoryId);
      const files = withEnds(insertMissing(chain, directory, shard), layout, shard);
      shards.push({ layout: layoutOf(files, number), isLast, shard, shards: layout.shards, files });
    }
  }
  const pick = (outcome: string): Read[] => [...others].filter(({ read }) => read.outcome === outcome);
  const unreadable = pick("unreadable").map(({ path, read }) => ({ path, reason: reasonOf(read) }));
  return { shards, spares: new Set(pick("blank").map(({ path }) => path)), unreadable };
}

/** By index, so that each comes behind the one that it may continue. */
async function readUnnamed(env: Env, { directory, manifest, names }: Survey): Promise<Set<Read>> {
  const isNamed = (shard: number, index: number): boolean =>
    manifest.layouts.some(({ files }) => files.at(shard)?.includes(index));
  const reads: Read[] = [];
  for (const name of names) {
    const parsed = parseWalFileName(name);
    if (parsed === undefined || isNamed(parsed.shard, parsed.index)) continue;
    reads.push(await readOne(env, directory, parsed.shard, parsed.index, false));
  }
  return new Set(reads.sort((a, b) => a.index - b.index));
}

/** What an interrupted start or switch has left to the next start to name. */
function takeContinuing(others: Set<Read>, shard: number, chain: Read[], directoryId: string): void {
  for (const one of others) {
    if (one.read.outcome !== "header") continue;
    const { header } = one.read;
    const last = chain.at(-1)?.index;
    const isNext = last !== undefined && header.predecessor.index === last && header.shard === shard;
    if (!isNext || header.directoryId !== directoryId) continue;
    chain.push(one);
    others.delete(one);
  }
}

async function readOne(env: Env, directory: string, shard: number, index: number, named: boolean): Promise<Read> {
  const path = joinPath(directory, walFileName(shard, index));
  try {
    return { index, path, named, read: await readHeader(env, path) };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return { index, path, named, read: { outcome: "unreadable", reason: errno, bytes: 0 } };
  }
}

/** A header that follows another file than the one before it tells of one that is not there. */
function insertMissing(chain: readonly Read[], directory: string, shard: number): Read[] {
  const whole: Read[] = [];
  for (const one of chain) {
    const before = whole.at(-1)?.index;
    const follows = one.read.outcome === "header" ? one.read.header.predecessor.index : before;
    if (before !== undefined && follows !== undefined && follows > before) {
      const path = joinPath(directory, walFileName(shard, follows));
      const read = { outcome: "absent", reason: "absent", bytes: 0 } as const;
      whole.push({ index: follows, path, named: false, read });
    }
    whole.push(one);
  }
  return whole;
}

function withEnds(chain: readonly Read[], layout: Layout, shard: number): FoundFile[] {
  return chain.map(({ index, path, named, read }, at) => {
    const next = chain.at(at + 1);
    const end = next === undefined ? layoutEnd(layout, shard, index) : endFrom(next.read, index);
    return {
      path,
      index,
      named,
      bytes: read.bytes,
      header: read.outcome === "header" ? read.header : undefined,
      headerHash: read.outcome === "header" ? read.hash : undefined,
      problem: problemOf(read),
      end,
      endUnknown: next !== undefined && end === undefined,
    };
  });
}

function endFrom(successor: ReadHeaderOrErrno, index: number): DeclaredEnd | undefined {
  if (successor.outcome !== "header" || successor.header.predecessor.index !== index) return undefined;
  const { end, hash } = successor.header.predecessor;
  return { position: end, hash };
}

function layoutEnd({ ends }: Layout, shard: number, index: number): DeclaredEnd | undefined {
  const end = ends?.[shard];
  return end?.index === index ? { position: end.position, hash: BigInt(`0x${end.hash}`) } : undefined;
}

function reasonOf(read: ReadHeaderOrErrno): string {
  return "reason" in read ? read.reason : read.outcome;
}

function problemOf(read: ReadHeaderOrErrno): HeaderProblem | undefined {
  switch (read.outcome) {
    case "header":
      return undefined;
    case "absent":
      return { what: "missing", reason: "it is missing" };
    case "version":
      return { what: "version", reason: read.reason };
    case "unreadable":
      return { what: "unreadable", reason: read.reason };
    case "blank":
      return { what: "damaged", reason: "its header is all zero" };
    case "bad":
      return { what: "damaged", reason: `its header is not valid: ${read.reason}` };
  }
}

/** Numbers of layouts are told by the files' headers: those that have ended may be gone from a manifest. */
function layoutOf(files: readonly FoundFile[], number: number): number {
  return files.find(({ header }) => header !== undefined)?.header?.layout ?? number;
}

/**
 * What there is in a data directory, before any of it is believed (spec 6.2, 6.6): the names, and the manifest, or what
 * stands in for it when it is gone or damaged: every file that says by its own header that it belongs here.
 */
import { decodeHead, headBytes } from "../checkpoint/format.ts";
import { checkpointNumbersIn } from "../checkpoint/reader.ts";
import { type Env, errnoOf } from "../env/env.ts";
import { readSmallFile } from "../storage/atomic-file.ts";
import { decodeSegmentHeader, segmentHeaderBytes } from "../segment/format.ts";
import { closeQuietly, readFully } from "../storage/io.ts";
import {
  checkpointFileName,
  joinPath,
  manifestName,
  parseSegmentFileName,
  parseWalFileName,
  type WalFileName,
} from "../storage/layout.ts";
import { decodeManifest, type Layout, type Manifest } from "../storage/manifest.ts";
import type { WalFileHeader } from "../wal/file-header.ts";
import { readHeader } from "../wal/read-header.ts";

export interface Survey {
  readonly directory: string;
  readonly cold: string | undefined;
  readonly names: readonly string[];
  readonly coldNames: readonly string[];
  readonly manifest: Manifest;
  /** Why the manifest is not the one that was found. */
  readonly problem: ManifestProblem | undefined;
}

export interface ManifestProblem {
  readonly outcome: "absent" | "damaged" | "version" | "unreadable";
  readonly reason: string;
}

const maxManifestBytes = 64 << 20;

/** Rejects when the directory itself cannot be read. */
export async function survey(env: Env, directory: string, cold: string | undefined): Promise<Survey> {
  const names = await sortedNames(env, directory);
  const coldNames = cold === undefined ? [] : await sortedNames(env, cold);
  const read = await readManifest(env, directory);
  const found = { directory, cold, names, coldNames };
  if ("manifest" in read) return { ...found, manifest: read.manifest, problem: undefined };
  return { ...found, manifest: await manifestFromHeaders(env, directory, names), problem: read };
}

async function sortedNames(env: Env, directory: string): Promise<string[]> {
  return (await env.fs.readdir(directory)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

async function readManifest(env: Env, directory: string): Promise<{ readonly manifest: Manifest } | ManifestProblem> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readSmallFile(env.fs, joinPath(directory, manifestName), maxManifestBytes);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return { outcome: "unreadable", reason: errno };
  }
  if (bytes === undefined) return { outcome: "absent", reason: "there is none" };
  const decoded = decodeManifest(bytes);
  if (decoded.outcome === "manifest") return decoded;
  return { outcome: decoded.outcome === "corrupt" ? "damaged" : "version", reason: decoded.reason };
}

/** Everything that is there, as if it were named. */
async function manifestFromHeaders(env: Env, directory: string, names: readonly string[]): Promise<Manifest> {
  const headers: WalFileHeader[] = [];
  const bad: WalFileName[] = [];
  for (const name of names) {
    const parsed = parseWalFileName(name);
    if (parsed === undefined) continue;
    const read = await readHeader(env, joinPath(directory, name));
    const fits = read.outcome === "header" && read.header.shard === parsed.shard && read.header.index === parsed.index;
    if (read.outcome === "header" && fits) headers.push(read.header);
    // What was prepared and never begun is all zero.
    else if (read.outcome !== "blank") bad.push(parsed);
  }
  const checkpoints = checkpointNumbersIn(names).filter((number) => number > 0);
  const ids = headers.map((header) => header.directoryId);
  for (const number of checkpoints) ids.push(...(await idOf(env, joinPath(directory, checkpointFileName(number)))));
  // Segments may have come with a backup, from another directory: they are asked last.
  if (ids.length === 0)
    for (const name of names)
      if (parseSegmentFileName(name) !== undefined) ids.push(...(await idOf(env, joinPath(directory, name))));
  const directoryId = mostFrequent(ids) ?? "0".repeat(32);
  const own = headers.filter((header) => header.directoryId === directoryId);
  return {
    directoryId,
    layouts: layoutsOf(own, bad),
    nextIndex: 1 + Math.max(0, ...own.map(({ index }) => index)),
    idCeiling: 1,
    generation: Math.max(0, ...own.map(({ generation }) => generation)),
    checkpoints,
    nextCheckpoint: 1 + (checkpoints.at(-1) ?? 0),
  };
}

/** The directory that a checkpoint or a segment file says it belongs to. */
async function idOf(env: Env, path: string): Promise<string[]> {
  try {
    const file = await env.fs.open(path, "read");
    try {
      const head = new Uint8Array(headBytes);
      const bytes = head.subarray(0, await readFully(file, head, 0));
      const [checkpoint, segment] = [decodeHead(bytes), decodeSegmentHeader(bytes.subarray(0, segmentHeaderBytes))];
      if (checkpoint.outcome === "sound") return [checkpoint.value.head.directoryId];
      return segment.outcome === "sound" ? [segment.value.directoryId] : [];
    } finally {
      await closeQuietly(file);
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

/** Layouts of which nothing is left are left out, and so are the ends of those that ended: nothing tells them. */
function layoutsOf(headers: readonly WalFileHeader[], bad: readonly WalFileName[]): Layout[] {
  const numbers = [...new Set(headers.map(({ layout }) => layout))].sort((a, b) => a - b);
  if (numbers.length === 0) {
    const shards = 1 + Math.max(0, ...bad.map(({ shard }) => shard));
    return [{ shards, files: filesOf(shards, bad) }];
  }
  return numbers.map((number) => {
    const own = headers.filter(({ layout }) => layout === number);
    const { shards } = own[0];
    // Whose header is damaged may be of any layout, and matters most in the last one.
    const all = number === numbers.at(-1) ? [...own, ...bad] : own;
    return { shards, files: filesOf(shards, all) };
  });
}

function filesOf(shards: number, files: readonly WalFileName[]): number[][] {
  return Array.from({ length: shards }, (_, shard) =>
    files
      .filter((file) => file.shard === shard)
      .map(({ index }) => index)
      .sort((a, b) => a - b),
  );
}

function mostFrequent(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

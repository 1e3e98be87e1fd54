/**
 * The cold tier (spec 6.3): sealed files beyond a topic's newest ones move to another directory. Copy, sync, switch, delete:
 * there is never less than one complete copy, and a start that finds both takes the hot one. Reads go on from either.
 */
import { hash64, runningHash64 } from "../base/hash.ts";
import { type Env, errnoOf, type File } from "../env/env.ts";
import { readSmallFile, replaceFile } from "../storage/atomic-file.ts";
import { readFully, writeFully } from "../storage/io.ts";
import { coldName, joinPath, segmentFileName, temporarySuffix } from "../storage/layout.ts";
import type { ManifestStore } from "../storage/manifest.ts";
import { damage, StartRefusal } from "../storage/refusal.ts";
import type { Topic } from "../topic/topic.ts";
import { toHex } from "../wal/file-header.ts";
import { makeDirectory } from "./directory.ts";
import type { EngineEvents } from "./events.ts";
import type { Segments } from "./segments.ts";
import type { StorageConfig } from "./storage-config.ts";
import { turns } from "./turns.ts";

const magic = "TPCSCOLD";
const version = 1;
const copyBytes = 1 << 20;
const topicsPerPiece = 1024;
const syncEveryBytes = 4 << 20;

/**
 * The `COLD` file: magic (8), version (u32), directory id (16), cold id (16), padding (4), XXH64 of all before it (8).
 * Little-endian. It says to which directory the segments beside it belong, and the manifest names the cold id.
 */
export function encodeColdFile(directoryId: string, coldId: string): Uint8Array {
  const bytes = Buffer.alloc(56);
  bytes.write(magic, 0, "latin1");
  bytes.writeUInt32LE(version, 8);
  bytes.write(directoryId, 12, "hex");
  bytes.write(coldId, 28, "hex");
  bytes.writeBigUInt64LE(hash64(bytes.subarray(0, 48)), 48);
  return bytes;
}

/** `undefined` when it is none. */
export function decodeColdFile(
  bytes: Uint8Array,
): { readonly directoryId: string; readonly coldId: string } | undefined {
  const found = Buffer.from(bytes);
  if (found.length !== 56 || found.toString("latin1", 0, 8) !== magic || found.readUInt32LE(8) !== version)
    return undefined;
  if (found.readBigUInt64LE(48) !== hash64(found.subarray(0, 48))) return undefined;
  return { directoryId: found.toString("hex", 12, 28), coldId: found.toString("hex", 28, 44) };
}

/** Of a file that is in order otherwise. */
function unknownVersion(bytes: Uint8Array): number | undefined {
  const found = Buffer.from(bytes);
  if (found.length < 56 || found.toString("latin1", 0, 8) !== magic) return undefined;
  const isSound = found.readBigUInt64LE(48) === hash64(found.subarray(0, 48));
  const read = found.readUInt32LE(8);
  return isSound && read !== version ? read : undefined;
}

/** Makes the cold directory this one's, or finds that it is. Refuses another's. */
export async function openColdDirectory(env: Env, directory: string, manifest: ManifestStore): Promise<void> {
  const { fs } = env;
  const { directoryId, coldId } = manifest.current;
  if (coldId !== undefined && (await fs.stat(directory)) === undefined)
    throw damage("the cold directory that the manifest names is missing", { file: directory });
  await makeDirectory(env, directory);
  const path = joinPath(directory, coldName);
  const bytes = await readSmallFile(fs, path, 4096);
  const unknown = bytes && unknownVersion(bytes);
  if (unknown !== undefined)
    throw new StartRefusal("version", `the mark of a cold directory: format version ${unknown} is not known`, {
      file: path,
    });
  const found = bytes && decodeColdFile(bytes);
  if (bytes !== undefined && found === undefined)
    throw damage("the file that marks a cold directory is damaged", { file: path });
  if (found === undefined && coldId !== undefined)
    throw damage("the cold directory is not the one that the manifest names: it has no mark", { file: path });
  if (found !== undefined && (found.directoryId !== directoryId || (coldId !== undefined && found.coldId !== coldId)))
    throw damage(`the cold directory belongs to directory ${found.directoryId}`, { file: path });
  if (coldId !== undefined) return;
  const id = found?.coldId ?? toHex(env.random.bytes(16));
  if (found === undefined) await replaceFile(fs, directory, coldName, encodeColdFile(directoryId, id));
  await manifest.update((current) => ({ ...current, coldId: id }));
}

export interface ColdTierDeps {
  readonly env: Env;
  readonly directory: string;
  readonly coldDirectory: string;
  readonly config: StorageConfig;
  readonly segments: Segments;
  readonly events: EngineEvents;
  topics(): Iterable<Topic>;
}

export class ColdTier {
  readonly #deps: ColdTierDeps;
  #working: Promise<void> | undefined;
  #stopped = false;

  constructor(deps: ColdTierDeps) {
    this.#deps = deps;
  }

  /** Moves what is due, one file after another. */
  async run(): Promise<void> {
    if (this.#working !== undefined || this.#stopped) return;
    this.#working = this.#work();
    try {
      await this.#working;
    } finally {
      this.#working = undefined;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    const { segments, events } = this.#deps;
    try {
      for (const file of await this.#due()) {
        if (this.#stopped) return;
        if (!segments.isUsed(file)) continue;
        segments.hold(this, new Set([file]));
        await this.#move(file);
        events({ type: "segment-moved", file, bytes: segments.files.bytesOf(file) });
      }
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      events({ type: "storage-failed", work: "cold move", errno });
    } finally {
      segments.letGo(this);
    }
  }

  /** Files of which no topic has a part among its newest. */
  async #due(): Promise<number[]> {
    const { config, segments, env } = this.#deps;
    const turn = turns(env.timers, topicsPerPiece);
    const old = new Set<number>();
    const fresh = new Set<number>();
    for (const topic of this.#deps.topics()) {
      let bytes = 0;
      const { parts } = topic;
      for (let age = 0; age < parts.length; age++) {
        const { entry, liveBytes } = parts[parts.length - 1 - age];
        bytes += liveBytes;
        const stays = age < config.hotRetainSegments && (config.hotRetainBytes === 0 || bytes <= config.hotRetainBytes);
        (stays ? fresh : old).add(entry.file);
      }
      const others = turn();
      if (others !== undefined) await others;
    }
    return [...old]
      .filter((file) => !fresh.has(file) && segments.isUsed(file) && segments.files.tier(file) === "hot")
      .sort((a, b) => a - b);
  }

  async #move(file: number): Promise<void> {
    const { env, directory, coldDirectory, segments } = this.#deps;
    const { fs } = env;
    const name = segmentFileName(file);
    const from = joinPath(directory, name);
    const to = joinPath(coldDirectory, name);
    const temporary = to + temporarySuffix;
    if ((await fs.stat(temporary)) !== undefined) await fs.unlink(temporary);
    try {
      const hash = await copyFile(env, from, temporary);
      if ((await hashOf(env, temporary)) !== hash)
        throw Object.assign(new Error("a copy reads differently"), { code: "EIO" });
      await fs.rename(temporary, to);
      await fs.syncDir(coldDirectory);
    } catch (error) {
      await fs.unlink(temporary).catch((second: unknown) => errnoOf(second));
      throw error;
    }
    segments.files.moved(file, "cold");
    await fs.unlink(from);
    await fs.syncDir(directory);
  }
}

/** Copies and syncs in steps; gives the hash of what was read. */
async function copyFile(env: Env, from: string, to: string): Promise<bigint> {
  const source = await env.fs.open(from, "read");
  try {
    const target = await env.fs.open(to, "create-new");
    try {
      const running = runningHash64();
      let unsynced = 0;
      await eachPiece(source, async (piece, at) => {
        running.update(piece);
        await writeFully(target, [piece], at);
        unsynced += piece.length;
        if (unsynced < syncEveryBytes) return;
        unsynced = 0;
        await target.datasync();
      });
      await target.datasync();
      return running.digest();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function hashOf(env: Env, path: string): Promise<bigint> {
  const file = await env.fs.open(path, "read");
  try {
    const running = runningHash64();
    await eachPiece(file, (piece) => {
      running.update(piece);
      return Promise.resolve();
    });
    return running.digest();
  } finally {
    await file.close();
  }
}

async function eachPiece(file: File, visit: (piece: Uint8Array, at: number) => Promise<void>): Promise<void> {
  const buffer = new Uint8Array(copyBytes);
  for (let at = 0; ;) {
    const count = await readFully(file, buffer, at);
    if (count === 0) return;
    await visit(buffer.subarray(0, count), at);
    at += count;
    if (count < buffer.length) return;
  }
}

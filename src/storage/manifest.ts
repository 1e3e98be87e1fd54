/**
 * The manifest (spec 6.2): what belongs to a directory. One small file, replaced as a whole, changes one after another.
 * The first durable file of a directory is a manifest that names nothing.
 *
 * Version 2 names checkpoints, and with them WAL files that continue retired ones; version 1 is a directory from before
 * there were any, and is read as that. Whatever fits its checksum but not its shape is damage.
 *
 * Bytes: magic (8), version (u32), body length (u32), body (JSON), XXH64 of all before it (8). Little-endian.
 */
import { isObject } from "../base/decoded-json.ts";
import { assert } from "../base/assert.ts";
import { hash64 } from "../base/hash.ts";
import type { Fs } from "../env/env.ts";
import { discardReplacement, readSmallFile, replaceFile, reserveReplacement } from "./atomic-file.ts";
import { manifestName } from "./layout.ts";
import { damage, StartRefusal } from "./refusal.ts";

const magic = "TPCSMANI";
const version = 2;
const versionWithoutCheckpoints = 1;
const headBytes = 16;
const hashBytes = 8;
const maxBytes = 64 << 20;
/** What a frame can name. */
const maxShards = 255;

/** Where the last file of a shard of an ended layout ends, and with which hash. */
export interface ShardEnd {
  readonly index: number;
  readonly position: number;
  /** 16 hex digits. */
  readonly hash: string;
}

/** A number of shards and the files each has had, oldest first. A start with another number begins a new layout. */
export interface Layout {
  readonly shards: number;
  readonly files: readonly (readonly number[])[];
  /** Set on every layout but the last one. */
  readonly ends?: readonly ShardEnd[];
}

export interface Manifest {
  /** 32 hex digits, drawn when the directory is made. */
  readonly directoryId: string;
  readonly layouts: readonly Layout[];
  /** No WAL file ever gets an index below this again. */
  readonly nextIndex: number;
  /** Topic ids and epochs below this may have been given out (6.1). */
  readonly idCeiling: number;
  /** Grows with every start that writes. */
  readonly generation: number;
  /** The kept ones, oldest first: the roots of everything that is not in the WAL (6.4). */
  readonly checkpoints: readonly number[];
  /** No checkpoint ever gets a number below this again. */
  readonly nextCheckpoint: number;
  /** The id of the cold directory, once there is one (6.3). */
  readonly coldId?: string;
  /** The directory whose backup this one was restored from (6.7). */
  readonly parent?: string;
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  const text = JSON.stringify(manifest);
  const wrong = wrongIn(JSON.parse(text), version);
  assert(wrong === undefined, `a manifest of a wrong shape: ${wrong}`);
  const body = new TextEncoder().encode(text);
  const bytes = new Uint8Array(headBytes + body.length + hashBytes);
  const view = new DataView(bytes.buffer);
  new TextEncoder().encodeInto(magic, bytes);
  view.setUint32(8, version, true);
  view.setUint32(12, body.length, true);
  bytes.set(body, headBytes);
  const hashAt = headBytes + body.length;
  view.setBigUint64(hashAt, hash64(bytes.subarray(0, hashAt)), true);
  return bytes;
}

export type DecodedManifest =
  | { readonly outcome: "manifest"; readonly manifest: Manifest }
  | { readonly outcome: "corrupt"; readonly reason: string }
  | { readonly outcome: "version"; readonly reason: string };

export function decodeManifest(bytes: Uint8Array): DecodedManifest {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const corrupt = (reason: string): DecodedManifest => ({ outcome: "corrupt", reason });
  if (bytes.length < headBytes + hashBytes) return corrupt("shorter than its head");
  const bodyBytes = view.getUint32(12, true);
  const hashAt = headBytes + bodyBytes;
  if (bytes.length !== hashAt + hashBytes) return corrupt("length does not fit");
  if (view.getBigUint64(hashAt, true) !== hash64(bytes.subarray(0, hashAt))) return corrupt("checksum does not fit");
  if (new TextDecoder().decode(bytes.subarray(0, 8)) !== magic) return corrupt("not a manifest");
  const found = view.getUint32(8, true);
  if (found !== version && found !== versionWithoutCheckpoints)
    return { outcome: "version", reason: `format version ${found} is not known` };
  const body = parseJson(bytes.subarray(headBytes, hashAt));
  const wrong = wrongIn(body, found);
  if (wrong !== undefined) return corrupt(`the body is of a wrong shape: ${wrong}`);
  const since = found === version ? {} : { checkpoints: [], nextCheckpoint: 1 };
  return { outcome: "manifest", manifest: { ...(body as Manifest), ...since } };
}

/** `undefined`, which no JSON is, when it isn't any. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

type Check = (value: unknown) => boolean;

const isId: Check = (value) => typeof value === "string" && /^[0-9a-f]{32}$/.test(value);
const isFrom =
  (least: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= least;

const required: Readonly<Record<string, Check>> = {
  directoryId: isId,
  layouts: areLayouts,
  nextIndex: isFrom(1),
  idCeiling: isFrom(1),
  generation: isFrom(0),
};
const requiredSince: Readonly<Record<string, Check>> = { checkpoints: areCheckpoints, nextCheckpoint: isFrom(1) };
const optionalSince: Readonly<Record<string, Check>> = { coldId: isId, parent: isId };

/** Names the first thing that a manifest of that version could not have; `undefined` when all is well. */
function wrongIn(body: unknown, found: number): string | undefined {
  if (!isObject(body)) return "not an object";
  const needed = found === version ? { ...required, ...requiredSince } : required;
  const allowed = found === version ? { ...needed, ...optionalSince } : needed;
  const absent = Object.keys(needed).find((name) => !Object.hasOwn(body, name));
  const wrong = Object.entries(body).find(([name, value]) => !(Object.hasOwn(allowed, name) && allowed[name](value)));
  const unnamed = absent ?? wrong?.[0];
  if (unnamed !== undefined || found !== version) return unnamed;
  const last = (body["checkpoints"] as number[]).at(-1) ?? 0;
  return last < (body["nextCheckpoint"] as number) ? undefined : "nextCheckpoint";
}

function areCheckpoints(value: unknown): boolean {
  if (!Array.isArray(value) || !value.every(isFrom(1))) return false;
  return value.every((number: number, at) => at === 0 || number > (value[at - 1] as number));
}

function areLayouts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((each, at) => isLayout(each, at === value.length - 1));
}

function isLayout(value: unknown, isLast: boolean): boolean {
  if (!isObject(value)) return false;
  const { shards, files, ends, ...others } = value;
  if (!isFrom(1)(shards) || (shards as number) > maxShards || Object.keys(others).length > 0) return false;
  if (!Array.isArray(files) || files.length !== shards || !files.every(areFiles)) return false;
  if (isLast) return ends === undefined;
  return Array.isArray(ends) && ends.length === shards && ends.every(isEnd);
}

function areFiles(value: unknown): boolean {
  return Array.isArray(value) && value.every(isFrom(1)) && new Set(value).size === value.length;
}

function isEnd(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { index, position, hash, ...others } = value;
  const isHash = typeof hash === "string" && /^[0-9a-f]{16}$/.test(hash);
  return isFrom(0)(index) && isFrom(0)(position) && isHash && Object.keys(others).length === 0;
}

/** The manifest of an open directory: read once, replaced in turn. */
export class ManifestStore {
  readonly #fs: Fs;
  readonly #directory: string;
  #current: Manifest;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(fs: Fs, directory: string, current: Manifest) {
    this.#fs = fs;
    this.#directory = directory;
    this.#current = current;
  }

  /** `undefined` when there is none; refuses a damaged or unknown one. */
  static async open(fs: Fs, directory: string): Promise<ManifestStore | undefined> {
    const path = `${directory}/${manifestName}`;
    const bytes = await readSmallFile(fs, path, maxBytes);
    if (bytes === undefined) return undefined;
    const decoded = decodeManifest(bytes);
    if (decoded.outcome === "corrupt") throw damage(`the manifest is damaged: ${decoded.reason}`, { file: path });
    if (decoded.outcome === "version")
      throw new StartRefusal("version", `the manifest: ${decoded.reason}`, { file: path });
    await discardReplacement(fs, directory, manifestName);
    return new ManifestStore(fs, directory, decoded.manifest);
  }

  static async create(fs: Fs, directory: string, manifest: Manifest): Promise<ManifestStore> {
    await discardReplacement(fs, directory, manifestName);
    await replaceFile(fs, directory, manifestName, encodeManifest(manifest));
    await reserveReplacement(fs, directory, manifestName);
    return new ManifestStore(fs, directory, manifest);
  }

  get current(): Manifest {
    return this.#current;
  }

  /** Nothing of this store touches the directory any more, until the next update. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  /** Durable when it resolves. When it rejects, which of the two will be found is not known; the next update replaces either. */
  update(change: (manifest: Manifest) => Manifest): Promise<void> {
    const turn = this.#turn.then(async () => {
      const next = change(this.#current);
      await replaceFile(this.#fs, this.#directory, manifestName, encodeManifest(next));
      this.#current = next;
    });
    const reserved = turn.then(() => reserveReplacement(this.#fs, this.#directory, manifestName));
    // A failed change is its caller's to hear of; the ones behind it go on from what is current, with or without a reserve.
    this.#turn = reserved.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }
}

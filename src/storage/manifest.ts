/**
 * The manifest (spec 6.2): what belongs to a directory. One small file, replaced as a whole, changes one after another.
 * The first durable file of a directory is a manifest that names nothing.
 *
 * Bytes: magic (8), version (u32), body length (u32), body (JSON), XXH64 of all before it (8). Little-endian.
 */
import { hash64 } from "../base/hash.ts";
import type { Fs } from "../env/env.ts";
import { discardReplacement, readSmallFile, replaceFile, reserveReplacement } from "./atomic-file.ts";
import { manifestName } from "./layout.ts";
import { damage, StartRefusal } from "./refusal.ts";

const magic = "TPCSMANI";
const version = 1;
const headBytes = 16;
const hashBytes = 8;
const maxBytes = 64 << 20;

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
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  const body = new TextEncoder().encode(JSON.stringify(manifest));
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
  if (found !== version) return { outcome: "version", reason: `format version ${found} is not known` };
  return {
    outcome: "manifest",
    manifest: JSON.parse(new TextDecoder().decode(bytes.subarray(headBytes, hashAt))) as Manifest,
  };
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

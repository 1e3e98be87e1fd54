/**
 * Reads checkpoints (spec 6.4, 6.5). A file is believed only when all of it has been read and every hash fits; its sections
 * are handed out after that, and checked again as they are: nobody ever sees a section of a file that is damaged somewhere
 * else, and a change in between is an error. One section and a buffer are in memory at a time.
 */
import { assert } from "../base/assert.ts";
import { runningHash64 } from "../base/hash.ts";
import type { Env, File } from "../env/env.ts";
import { closeQuietly } from "../storage/io.ts";
import { checkpointFileName, joinPath, parseCheckpointFileName } from "../storage/layout.ts";
import { CheckpointDamage, CheckpointVersion } from "./damage.ts";
import {
  type CheckpointHead,
  type Decoded,
  decodeFooter,
  decodeHead,
  decodeSectionHead,
  type Footer,
  footerBytes,
  headBytes,
  type Section,
  sectionHeadBytes,
} from "./format.ts";
import { Pieces } from "./pieces.ts";

export type OpenedCheckpoint =
  | {
      readonly outcome: "checkpoint";
      readonly head: CheckpointHead;
      readonly bytes: number;
      /** In the order in which they were written. Throws `CheckpointDamage` when the file has changed since. */
      sections(): AsyncGenerator<Section, void, undefined>;
    }
  | { readonly outcome: "absent" }
  | { readonly outcome: "damaged"; readonly reason: string; readonly at: number }
  | { readonly outcome: "version"; readonly reason: string };

/** Validates the whole file. Rejects only where nothing can be said about it: it could not be opened, or looked for. */
export async function openCheckpoint(
  env: Env,
  directory: string,
  directoryId: string,
  number: number,
): Promise<OpenedCheckpoint> {
  const path = joinPath(directory, checkpointFileName(number));
  const stat = await env.fs.stat(path);
  if (stat === undefined) return { outcome: "absent" };
  if (stat.kind !== "file") return { outcome: "damaged", reason: "it is not a file", at: 0 };
  const file = await env.fs.open(path, "read");
  try {
    const scan = new Scan(file, path, stat.size);
    const head = await scan.begin(directoryId, number);
    while ((await scan.next(false)) !== undefined);
    const { footer } = scan;
    const sections = (): AsyncGenerator<Section, void, undefined> => sectionsOf(env, path, head, footer);
    return { outcome: "checkpoint", head, bytes: stat.size, sections };
  } catch (error) {
    if (error instanceof CheckpointDamage) return { outcome: "damaged", reason: error.reason, at: error.at };
    if (error instanceof CheckpointVersion) return { outcome: "version", reason: error.message };
    throw error;
  } finally {
    await closeQuietly(file);
  }
}

/** Numbers of the checkpoint files among these names, least first. */
export function checkpointNumbersIn(names: readonly string[]): number[] {
  return names
    .map(parseCheckpointFileName)
    .filter((number) => number !== undefined)
    .sort((left, right) => left - right);
}

async function* sectionsOf(
  env: Env,
  path: string,
  { directoryId, number }: CheckpointHead,
  validated: Footer,
): AsyncGenerator<Section, void, undefined> {
  const file = await env.fs.open(path, "read");
  try {
    const scan = new Scan(file, path, validated.fileBytes);
    await scan.begin(directoryId, number);
    const { chain } = scan.footer;
    if (chain !== validated.chain) throw new CheckpointDamage(path, "another file than the one that was validated", 0);
    for (;;) {
      const section = await scan.next(true);
      if (section === undefined) return;
      yield section;
    }
  } finally {
    await closeQuietly(file);
  }
}

/** One pass over a file. Throws `CheckpointDamage` or `CheckpointVersion` at the first thing that is wrong. */
class Scan {
  readonly #file: File;
  readonly #path: string;
  readonly #fileBytes: number;
  #pieces: Pieces | undefined;
  #footer: Footer | undefined;
  #chain = 0n;
  #sections = 0;

  constructor(file: File, path: string, fileBytes: number) {
    this.#file = file;
    this.#path = path;
    this.#fileBytes = fileBytes;
  }

  get footer(): Footer {
    assert(this.#footer !== undefined, "the scan has begun");
    return this.#footer;
  }

  /** Head and footer. */
  async begin(directoryId: string, number: number): Promise<CheckpointHead> {
    const footerAt = this.#fileBytes - footerBytes;
    if (footerAt < headBytes) return this.#fail("shorter than head and footer", 0);
    const first = await new Pieces(this.#file, this.#path, 0, headBytes).take(headBytes);
    const { head, chain } = this.#sound(decodeHead(first), 0);
    if (head.directoryId !== directoryId) return this.#fail(`it belongs to directory ${head.directoryId}`, 0);
    if (head.number !== number) return this.#fail(`it is checkpoint ${head.number}`, 0);
    const last = await new Pieces(this.#file, this.#path, footerAt, this.#fileBytes).take(footerBytes);
    this.#footer = this.#sound(decodeFooter(last), footerAt);
    if (this.#footer.fileBytes !== this.#fileBytes)
      return this.#fail("its length is not the one that it names", footerAt);
    this.#chain = chain;
    this.#pieces = new Pieces(this.#file, this.#path, headBytes, footerAt);
    return head;
  }

  /** The next section, with an empty payload unless it is wanted; `undefined` when all of them were there. */
  async next(wantsPayload: boolean): Promise<Section | undefined> {
    const pieces = this.#pieces;
    assert(pieces !== undefined, "the scan has begun");
    const at = pieces.at;
    if (pieces.left === 0) return this.#end(at);
    if (pieces.left < sectionHeadBytes) return this.#fail("no room for a section", at);
    const { head, chain } = this.#sound(decodeSectionHead(await pieces.take(sectionHeadBytes), this.#chain), at);
    if (head.payloadBytes > pieces.left) return this.#fail("a section longer than what is left", at);
    const payload = new Uint8Array(wantsPayload ? head.payloadBytes : 0);
    const hash = runningHash64();
    for (let done = 0; done < head.payloadBytes;) {
      const piece = await pieces.some(head.payloadBytes - done);
      hash.update(piece);
      if (wantsPayload) payload.set(piece, done);
      done += piece.length;
    }
    if (hash.digest() !== head.payloadHash) return this.#fail("the checksum of a section does not fit", at);
    this.#chain = chain;
    this.#sections += 1;
    return { kind: head.kind, shard: head.shard, payload };
  }

  #end(at: number): undefined {
    if (this.#sections !== this.footer.sections) return this.#fail("not as many sections as the footer says", at);
    if (this.#chain !== this.footer.chain) return this.#fail("the footer does not follow what is before it", at);
    return undefined;
  }

  #sound<T>(decoded: Decoded<T>, at: number): T {
    if (decoded.outcome === "sound") return decoded.value;
    if (decoded.outcome === "version") throw new CheckpointVersion(decoded.reason);
    return this.#fail(decoded.reason, at);
  }

  #fail(reason: string, at: number): never {
    throw new CheckpointDamage(this.#path, reason, at);
  }
}

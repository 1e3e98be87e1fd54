/**
 * Writes a checkpoint (spec 6.4): temporary name, sync, rename, directory sync, read back. It is written through one buffer
 * and synced in steps, so that neither memory nor what an ack's sync finds ahead of it grows with the file.
 */
import { assert } from "../base/assert.ts";
import { hash64 } from "../base/hash.ts";
import { type Env, errnoOf, type File, type Fs } from "../env/env.ts";
import { closeQuietly, writeFully } from "../storage/io.ts";
import { checkpointFileName, joinPath, temporarySuffix } from "../storage/layout.ts";
import { CheckpointDamage } from "./damage.ts";
import {
  type CheckpointHead,
  encodeFooter,
  encodeHead,
  encodeSectionHead,
  footerBytes,
  type Section,
} from "./format.ts";
import { openCheckpoint } from "./reader.ts";

const bufferBytes = 1 << 20;
const syncEveryBytes = 4 << 20;

export type Sections = AsyncIterable<Section> | Iterable<Section>;

/**
 * When this resolves the checkpoint is durable under its name, and was read back whole. When it rejects, nobody may rely on
 * it: what has been written is removed as far as that can be, and the first error is what the caller gets. A payload is
 * read before the next section is asked for.
 */
export async function writeCheckpoint(
  env: Env,
  directory: string,
  head: CheckpointHead,
  sections: Sections,
): Promise<{ readonly bytes: number }> {
  const { fs } = env;
  const path = joinPath(directory, checkpointFileName(head.number));
  const temporary = path + temporarySuffix;
  let named = false;
  try {
    const bytes = await writeTemporary(fs, temporary, head, sections);
    named = true;
    await fs.rename(temporary, path);
    await fs.syncDir(directory);
    await readBack(env, directory, head, bytes, path);
    return { bytes };
  } catch (error) {
    await remove(fs, temporary);
    if (named) await remove(fs, path);
    throw error;
  }
}

async function writeTemporary(fs: Fs, path: string, head: CheckpointHead, sections: Sections): Promise<number> {
  // Never over what an earlier attempt left: a sync of that may have failed.
  if ((await fs.stat(path)) !== undefined) await fs.unlink(path);
  const file = await fs.open(path, "create-new");
  let bytes: number;
  try {
    bytes = await writeAll(new Output(file), head, sections);
  } catch (error) {
    await closeQuietly(file);
    throw error;
  }
  await file.close();
  return bytes;
}

async function writeAll(output: Output, head: CheckpointHead, sections: Sections): Promise<number> {
  const first = encodeHead(head);
  await output.add(first.bytes);
  let chain = first.chain;
  let count = 0;
  for await (const { kind, shard, payload } of sections) {
    const next = encodeSectionHead({ kind, shard, payloadBytes: payload.length, payloadHash: hash64(payload) }, chain);
    await output.add(next.bytes);
    await output.add(payload);
    chain = next.chain;
    count += 1;
  }
  const fileBytes = output.bytes + footerBytes;
  await output.add(encodeFooter({ sections: count, fileBytes, chain }));
  await output.finish();
  assert(output.bytes === fileBytes, "the footer is the file's last");
  return fileBytes;
}

async function readBack(env: Env, directory: string, head: CheckpointHead, bytes: number, path: string): Promise<void> {
  const found = await openCheckpoint(env, directory, head.directoryId, head.number);
  if (found.outcome === "checkpoint" && found.bytes === bytes && found.head.stamp === head.stamp) return;
  const [reason, at] = found.outcome === "damaged" ? [found.reason, found.at] : [`read back as ${found.outcome}`, 0];
  throw new CheckpointDamage(path, reason, at);
}

/** What can't be removed now is not named by any manifest, and goes with the next prune. */
async function remove(fs: Fs, path: string): Promise<void> {
  try {
    await fs.unlink(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

/** The end of a file that is being written, through a buffer. */
class Output {
  readonly #file: File;
  readonly #buffer = Buffer.allocUnsafe(bufferBytes);
  #filled = 0;
  #written = 0;
  #synced = 0;

  constructor(file: File) {
    this.#file = file;
  }

  get bytes(): number {
    return this.#written + this.#filled;
  }

  async add(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const piece = bytes.subarray(done, done + bufferBytes - this.#filled);
      this.#buffer.set(piece, this.#filled);
      this.#filled += piece.length;
      done += piece.length;
      if (this.#filled === bufferBytes) await this.#flush();
    }
  }

  async finish(): Promise<void> {
    await this.#flush();
    if (this.#synced < this.#written) await this.#sync();
  }

  async #flush(): Promise<void> {
    await writeFully(this.#file, [this.#buffer.subarray(0, this.#filled)], this.#written);
    this.#written += this.#filled;
    this.#filled = 0;
    if (this.#written - this.#synced >= syncEveryBytes) await this.#sync();
  }

  async #sync(): Promise<void> {
    await this.#file.datasync();
    this.#synced = this.#written;
  }
}

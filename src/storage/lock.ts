/**
 * The directory lock (spec 6.6): an open-file-description lock on `LOCK`, a file that is never removed. Its first sector
 * says who holds it, for the message; its second page is where a latch note goes, which must not need new space.
 */
import type { Env, File } from "../env/env.ts";
import { closeQuietly, readFully, writeFully } from "./io.ts";
import { joinPath, lockName } from "./layout.ts";
import { StartRefusal } from "./refusal.ts";

const holderAt = 0;
const holderBytes = 512;
const noteAt = 4096;
const noteBytes = 512;
const fileBytes = 8192;

export class DirectoryLock {
  readonly #file: File;
  /** Whether a latch note of an earlier run stood there when the lock was taken. */
  readonly latchNoted: boolean;
  #notes: boolean;

  private constructor(file: File, latchNoted: boolean) {
    this.#file = file;
    this.latchNoted = latchNoted;
    this.#notes = latchNoted;
  }

  /** Refuses at once, naming the holder's pid, when another process has it. */
  static async take(env: Env, directory: string): Promise<DirectoryLock> {
    const file = await env.fs.open(joinPath(directory, lockName), "create");
    try {
      if (!(await env.fs.tryLock(file))) throw busy(directory, await readText(file));
      const stat = await file.stat();
      if (stat.size < fileBytes) await writeFully(file, [new Uint8Array(fileBytes - stat.size)], stat.size);
      const noted = await readNote(file);
      await writeFully(file, [holderSector(env)], holderAt);
      await file.datasync();
      return new DirectoryLock(file, noted);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Leaves word that a shard has stopped trusting its file. Not synced: a crash of the process alone keeps it. */
  async noteLatch(shard: number): Promise<void> {
    this.#notes = true;
    const sector = new Uint8Array(noteBytes).fill(0x20);
    new TextEncoder().encodeInto(`latched shard ${shard}\n`, sector);
    await writeFully(this.#file, [sector], noteAt);
  }

  /** Once a start has re-established the truth. */
  async clearLatchNote(): Promise<void> {
    if (!this.#notes) return;
    this.#notes = false;
    await writeFully(this.#file, [new Uint8Array(noteBytes)], noteAt);
    await this.#file.datasync();
  }

  async release(): Promise<void> {
    await this.#file.close();
  }
}

/** Held: no server writes to the directory until it is released. Absent: there is no lock file, so no server either. */
export type LookedAtLock =
  | { readonly outcome: "held"; readonly latchNoted: boolean; release(): Promise<void> }
  | { readonly outcome: "absent" }
  | { readonly outcome: "busy"; readonly holder: string };

/** For tools that only read: takes no right to write, and writes nothing. A server that starts meanwhile refuses to. */
export async function shareLock(env: Env, directory: string): Promise<LookedAtLock> {
  const path = joinPath(directory, lockName);
  if ((await env.fs.stat(path)) === undefined) return { outcome: "absent" };
  const file = await env.fs.open(path, "read");
  let holder: string;
  try {
    if (await env.fs.tryLock(file, true))
      return { outcome: "held", latchNoted: await readNote(file), release: () => file.close() };
    holder = await readText(file);
  } catch (error) {
    await closeQuietly(file);
    throw error;
  }
  await closeQuietly(file);
  return { outcome: "busy", holder: knownHolder(holder) };
}

function holderSector(env: Env): Uint8Array {
  const sector = new Uint8Array(holderBytes).fill(0x20);
  const startedAt = new Date(env.clock.wallMs()).toISOString();
  new TextEncoder().encodeInto(`pid ${env.machine.pid} started ${startedAt}\n`, sector);
  return sector;
}

async function readText(file: File): Promise<string> {
  const sector = new Uint8Array(holderBytes);
  const length = await readFully(file, sector, holderAt);
  return new TextDecoder().decode(sector.subarray(0, length)).trim();
}

async function readNote(file: File): Promise<boolean> {
  const sector = new Uint8Array(noteBytes);
  await readFully(file, sector, noteAt);
  // A note fills its sector; a stray bit in an empty one is not a note, a damaged note still is one.
  return sector.filter((byte) => byte !== 0).length > noteBytes / 2;
}

function busy(directory: string, holder: string): StartRefusal {
  return new StartRefusal("busy", `${directory} is in use by another process: ${knownHolder(holder)}`);
}

function knownHolder(text: string): string {
  return /^pid \d+ started [\d:.TZ-]+$/.test(text) ? text : "unknown holder";
}

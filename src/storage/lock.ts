/**
 * The directory lock (spec 6.6): an open-file-description lock on `LOCK`, a file that is never removed. Its first sector
 * says who holds it, for the message; its second page is where a latch note goes, which must not need new space.
 */
import type { Env, File } from "../env/env.ts";
import { readFully, writeFully } from "./io.ts";
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
  const who = /^pid \d+ started [\d:.TZ-]+$/.test(holder) ? holder : "unknown holder";
  return new StartRefusal("busy", `${directory} is in use by another process: ${who}`);
}

/**
 * The segment files of an open directory, and of its cold one (spec 6.3): which there are, where each lies, and the only
 * way to their bytes. A range is handed out when its hash fits, and is a `SegmentDamage` otherwise.
 *
 * The tiers share nothing: a slow cold disk holds up cold reads only, and holds few threads.
 */
import { assert } from "../base/assert.ts";
import { errnoOf, type Env } from "../env/env.ts";
import { readFully } from "../storage/io.ts";
import { deleteFileName, joinPath, segmentFileName } from "../storage/layout.ts";
import { SegmentDamage } from "./damage.ts";
import { holds, type Extent } from "./extent.ts";
import { DiskPace } from "./disk-pace.ts";
import { OpenFiles } from "./open-files.ts";
export { SegmentDamage } from "./damage.ts";

export type Tier = "hot" | "cold";

export interface SegmentDirectories {
  readonly hot: string;
  readonly cold: string | undefined;
}

/** Of the four threads that file calls have by default, cold reads leave half to others. */
const coldCalls = 2;

interface Segment {
  tier: Tier;
  readonly bytes: number;
  reads: number;
  /** Called when the last read has ended. */
  whenQuiet: (() => void)[];
  removed: boolean;
  removal: Promise<void> | undefined;
}

export class SegmentFiles {
  readonly #env: Env;
  readonly #directories: SegmentDirectories;
  readonly #segments = new Map<number, Segment>();
  readonly #open: Readonly<Record<Tier, OpenFiles>>;
  /** Handles of files that have moved, on their way out. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #pace: DiskPace;
  #closing = false;

  /** `maxOpen` for each tier. */
  constructor(env: Env, directories: SegmentDirectories, maxOpen = 32) {
    this.#env = env;
    this.#directories = directories;
    this.#pace = new DiskPace(env.clock);
    this.#open = {
      hot: new OpenFiles(env.fs, { maxOpen, maxCalls: Infinity }),
      cold: new OpenFiles(env.fs, { maxOpen, maxCalls: coldCalls }),
    };
  }

  add(file: number, tier: Tier, bytes: number): void {
    assert(!this.#segments.has(file), "a segment file is added once");
    assert(tier === "hot" || this.#directories.cold !== undefined, "a cold file needs a cold directory");
    this.#segments.set(file, { tier, bytes, reads: 0, whenQuiet: [], removed: false, removal: undefined });
  }

  /** False from the beginning of its removal on. */
  has(file: number): boolean {
    return this.#segments.get(file)?.removed === false;
  }

  tier(file: number): Tier {
    return this.#segment(file).tier;
  }

  bytesOf(file: number): number {
    return this.#segment(file).bytes;
  }

  path(file: number): string {
    return this.#pathIn(this.#segment(file).tier, file);
  }

  *all(): Generator<number> {
    for (const file of this.#segments.keys()) if (this.has(file)) yield file;
  }

  /**
   * Rejects with `SegmentDamage` when the range can't be had. The buffer is the caller's alone, and is `into` where that is
   * given: fresh memory costs more than reading into it.
   */
  async read(file: number, extent: Extent, into?: Buffer): Promise<Buffer> {
    const segment = this.#readable(file, extent);
    segment.reads++;
    try {
      for (;;) {
        const { tier } = segment;
        try {
          return await this.#readIn(tier, file, extent, into);
        } catch (error) {
          // It has moved meanwhile, and what was read of may be gone.
          if (segment.tier === tier) throw error;
        }
      }
    } finally {
      segment.reads--;
      if (segment.reads === 0) for (const tell of segment.whenQuiet.splice(0)) tell();
    }
  }

  /**
   * The same on the calling thread. Throws `SegmentDamage`; a passing one at once, while the cold disk does not answer: it
   * must hold up nobody but who reads from it.
   */
  readSync(file: number, extent: Extent, into?: Buffer): Buffer {
    const { tier } = this.#readable(file, extent);
    const path = this.#pathIn(tier, file);
    if (tier === "cold" && this.#pace.isSlow)
      throw new SegmentDamage(path, extent.at, extent.bytes, "EAGAIN", "the cold disk does not answer");
    const bytes = this.#room(file, path, extent, into);
    const begun = tier === "cold" ? this.#pace.begin() : undefined;
    let done = 0;
    try {
      while (done < bytes.length) {
        const count = this.#env.fs.readSync(path, bytes.subarray(done), extent.at + done);
        if (count === 0) break;
        done += count;
      }
    } catch (error) {
      throw damageOf(path, extent, error);
    } finally {
      begun?.();
    }
    return checked(path, extent, bytes, done);
  }

  /** A complete copy is there, synced, under its name. Reads that have begun end where they began. */
  moved(file: number, tier: Tier): void {
    const segment = this.#segment(file);
    assert(tier === "hot" || this.#directories.cold !== undefined, "a cold file needs a cold directory");
    if (segment.tier === tier) return;
    const leaving = this.#open[segment.tier].forget(this.#pathIn(segment.tier, file));
    segment.tier = tier;
    this.#leaving.add(leaving);
    void leaving.then(() => this.#leaving.delete(leaving));
  }

  /** Unlinks the file and its `.del` when the reads in flight have ended; when that fails it may be called again. */
  async remove(file: number): Promise<void> {
    const segment = this.#segment(file);
    segment.removed = true;
    segment.removal ??= this.#remove(file, segment);
    try {
      await segment.removal;
    } catch (error) {
      segment.removal = undefined;
      throw error;
    }
  }

  /** When all reads have ended. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all([...this.#segments.values()].map(quiet));
    await Promise.all([this.#open.hot.close(), this.#open.cold.close(), ...this.#leaving]);
  }

  async #remove(file: number, segment: Segment): Promise<void> {
    const path = this.#pathIn(segment.tier, file);
    await quiet(segment);
    await this.#open[segment.tier].forget(path);
    // In this order: without its `.del` a segment would show what is deleted.
    await this.#unlink(path);
    await this.#unlink(joinPath(this.#directories.hot, deleteFileName(file)));
    this.#segments.delete(file);
  }

  async #unlink(path: string): Promise<void> {
    try {
      await this.#env.fs.unlink(path);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }

  async #readIn(tier: Tier, file: number, extent: Extent, into: Buffer | undefined): Promise<Buffer> {
    const path = this.#pathIn(tier, file);
    const begun = tier === "cold" ? this.#pace.begin() : undefined;
    let bytes: Buffer;
    let done: number;
    try {
      [bytes, done] = await this.#open[tier].use(path, async (opened) => {
        const room = this.#room(file, path, extent, into);
        return [room, await readFully(opened, room, extent.at)];
      });
    } catch (error) {
      throw damageOf(path, extent, error);
    } finally {
      begun?.();
    }
    return checked(path, extent, bytes, done);
  }

  /** A buffer for the range, which must lie in the file. */
  #room(file: number, path: string, extent: Extent, into: Buffer | undefined): Buffer {
    if (extent.at + extent.bytes > this.bytesOf(file))
      throw new SegmentDamage(path, extent.at, extent.bytes, undefined, "a range that the file does not have");
    assert(into === undefined || into.length >= extent.bytes, "a range is read into a buffer that holds it");
    return into?.subarray(0, extent.bytes) ?? Buffer.allocUnsafeSlow(extent.bytes);
  }

  /** A reader may come late: what it began to read is not needed by anybody else any more. */
  #readable(file: number, extent: Extent): Segment {
    const segment = this.#segments.get(file);
    if (segment === undefined || segment.removed || this.#closing)
      throw new SegmentDamage(
        this.#pathIn("hot", file),
        extent.at,
        extent.bytes,
        undefined,
        "the file is not in use any more",
      );
    return segment;
  }

  #segment(file: number): Segment {
    const segment = this.#segments.get(file);
    assert(segment !== undefined, `no segment file ${file}`);
    return segment;
  }

  #pathIn(tier: Tier, file: number): string {
    const { hot, cold } = this.#directories;
    return joinPath(tier === "hot" ? hot : (cold ?? hot), segmentFileName(file));
  }
}

async function quiet(segment: Segment): Promise<void> {
  if (segment.reads > 0) await new Promise<void>((resolve) => segment.whenQuiet.push(resolve));
}

function checked(path: string, extent: Extent, bytes: Buffer, done: number): Buffer {
  const wrong = done < bytes.length ? `it ends after ${done} of them` : holds(extent, bytes) ? undefined : "checksum";
  if (wrong !== undefined) throw new SegmentDamage(path, extent.at, extent.bytes, undefined, wrong);
  return bytes;
}

function damageOf(path: string, extent: Extent, error: unknown): unknown {
  const errno = errnoOf(error);
  return errno === undefined ? error : new SegmentDamage(path, extent.at, extent.bytes, errno, errno);
}

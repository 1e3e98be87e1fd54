/**
 * Goes over the frames of a WAL file and on behind whatever is damaged (spec 6.2: a frame is valid by itself and so can be
 * found behind damage). What a bad place means is not decided here.
 */
import { errnoOf, type File } from "../env/env.ts";
import { readFully } from "../storage/io.ts";
import type { FrameFields } from "../wal/commit.ts";
import {
  checkFrame,
  decodeHeader,
  type ExpectedPlace,
  type Frame,
  frameAlignment,
  headerBytes,
  isKnownKind,
} from "../wal/frame.ts";
import { type Breathe, type Scanned, type ScanEnd, scanFrames } from "../wal/scan.ts";

export interface WalkRange {
  readonly expected: ExpectedPlace;
  readonly from: number;
  /** Hash that the first frame must name; `undefined` takes what it names. */
  readonly startHash: bigint | undefined;
  /** Frames end here. */
  readonly limit: number;
  /** Something says that they end nowhere before. */
  readonly isDeclared: boolean;
}

/** A stretch in which no valid frame begins; without length where one frame does not follow the one before it. */
export interface BadStretch {
  readonly at: number;
  readonly bytes: number;
  readonly reason: string;
  /** What the header says of the frame that was there, and its length, where that is sound. */
  readonly fields: FrameFields | undefined;
  readonly frameBytes: number | undefined;
  readonly errno: string | undefined;
}

export interface Walker {
  frame(frame: Frame): void;
  /** `stretch.bytes` reaches as far as the next frame, or the limit. */
  bad(stretch: BadStretch): void;
  breathe?: Breathe;
}

export interface Walked {
  /** Behind the last frame, and the hash it ends with; `undefined` when there is none and none was given. */
  readonly end: number;
  readonly hash: bigint | undefined;
  readonly last: Frame | undefined;
  readonly preparedBytes: number;
}

/** To the end: the declared one, or else the last frame that can be found. */
export async function walkFrames(file: File, range: WalkRange, walker: Walker): Promise<Walked> {
  const walk = new Walk(file, range, walker);
  while (!(await walk.step()));
  return walk.walked;
}

/** As far as the first bad place; what it is is for the caller to judge. */
export async function walkToFirstBad(
  file: File,
  range: WalkRange,
  walker: Walker,
): Promise<{ readonly scanned: Scanned; readonly last: Frame | undefined }> {
  const walk = new Walk(file, range, walker);
  const scanned = await walk.scan();
  return { scanned, last: walk.walked.last };
}

class Walk {
  readonly #file: File;
  readonly #range: WalkRange;
  readonly #walker: Walker;
  #from: number;
  #hash: bigint | undefined;
  #last: Frame | undefined;
  #preparedBytes = 0;

  constructor(file: File, range: WalkRange, walker: Walker) {
    this.#file = file;
    this.#range = range;
    this.#walker = walker;
    this.#from = range.from;
    this.#hash = range.startHash;
  }

  get walked(): Walked {
    return { end: this.#from, hash: this.#hash, last: this.#last, preparedBytes: this.#preparedBytes };
  }

  async scan(limit = this.#range.limit): Promise<Scanned> {
    const { expected } = this.#range;
    const range = { expected, from: this.#from, startHash: this.#hash, declaredEnd: limit, fileBytes: limit };
    return scanFrames(this.#file, range, (frame) => this.#take(frame), this.#walker.breathe?.bind(this.#walker));
  }

  /** Up to the next bad place and over it; `true` at the end. */
  async step(): Promise<boolean> {
    const { limit, isDeclared } = this.#range;
    const { why, errno } = await this.#scanOn();
    const at = this.#from;
    if (at >= limit) return true;
    // A frame that is valid by itself, and only does not follow the one before it, is where it goes on.
    const mayStand = why.why === "foreign" && isKnownKind(why.fields.kind);
    const next = await this.#next(mayStand ? at : at + frameAlignment);
    // Zeros behind the last frame of a file that nothing follows are space that was not used yet.
    if (next === undefined && why.why === "end" && !isDeclared) return true;
    const fields = why.why === "body" || why.why === "foreign" ? why.fields : undefined;
    const reason = why.why === "end" ? "no frame, where there should be one" : why.reason;
    const frameBytes = why.why === "body" ? why.length : undefined;
    this.#walker.bad({ at, bytes: (next ?? limit) - at, reason, fields, frameBytes, errno });
    this.#from = next ?? limit;
    this.#hash = undefined;
    return next === undefined;
  }

  async #scanOn(): Promise<{ readonly why: ScanEnd; readonly errno: string | undefined }> {
    try {
      const { stopped } = await this.scan();
      return { why: stopped, errno: undefined };
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      // What lies in front of the place that cannot be read is still good.
      const readable = await this.#readableEnd(this.#from);
      await this.scan(readable);
      return { why: { why: "header", reason: `it can't be read (${errno})` }, errno };
    }
  }

  async #readableEnd(from: number): Promise<number> {
    const { limit } = this.#range;
    for (let at = from; at < limit; at += pageBytes - (at % pageBytes)) {
      const bytes = Math.min(limit, at + pageBytes - (at % pageBytes)) - at;
      if ((await this.#readable(at, bytes)) === undefined) return at;
    }
    return limit;
  }

  #take(frame: Frame): undefined {
    this.#walker.frame(frame);
    this.#last = frame;
    this.#from = frame.offset + frame.length;
    this.#hash = frame.hash;
    this.#preparedBytes = Math.max(this.#preparedBytes, frame.preparedBytes);
    return undefined;
  }

  /** Where the next valid frame begins, at `from` or behind it. */
  async #next(from: number): Promise<number | undefined> {
    const { expected, limit } = this.#range;
    const header = headerBytes(expected.shards);
    for (let at = from; at + header <= limit;) {
      const bytes = await this.#readable(at, Math.min(searchBytes, limit - at));
      if (bytes === undefined) {
        at += pageBytes - (at % pageBytes);
        continue;
      }
      for (let i = 0; i + header <= bytes.length; i += frameAlignment) {
        if (bytes[i] === 0) continue;
        const decoded = decodeHeader(bytes, i, at + i, expected);
        if (decoded.outcome === "header" && (await this.#isWhole(at + i, decoded.length))) return at + i;
      }
      // What is too short for a header is looked at again with what follows it.
      const looked = Math.floor((bytes.length - header) / frameAlignment + 1) * frameAlignment;
      at += bytes.length < header ? pageBytes - (at % pageBytes) : looked;
    }
    return undefined;
  }

  async #isWhole(at: number, length: number): Promise<boolean> {
    if (at + length > this.#range.limit) return false;
    const bytes = await this.#readable(at, length);
    return bytes?.length === length && checkFrame(bytes) !== undefined;
  }

  /** As much as can be read, by pages where a disk does not give it all. */
  async #readable(at: number, length: number): Promise<Buffer | undefined> {
    for (const most of length > pageBytes ? [length, pageBytes] : [length]) {
      const into = Buffer.allocUnsafeSlow(most);
      try {
        return into.subarray(0, await readFully(this.#file, into, at));
      } catch (error) {
        if (errnoOf(error) === undefined) throw error;
      }
    }
    return undefined;
  }
}

const searchBytes = 1 << 20;
/** What one bad sector may hide. */
const pageBytes = 4096;

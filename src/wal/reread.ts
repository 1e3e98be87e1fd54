/**
 * Frames of a log that was just replayed, read a second time (spec 3.3): copies are derived from frames that were met before
 * anybody could know what they would be needed for. What was read once as good has to be there again.
 */
import { assert } from "../base/assert.ts";
import type { Env } from "../env/env.ts";
import { damage } from "../storage/refusal.ts";
import type { LogPlace } from "./commit.ts";
import { firstFrameAt } from "./file-header.ts";
import { checkFrame, decodeHeader, type ExpectedPlace, type Frame, wholeFrame } from "./frame.ts";
import type { ReplayedShard } from "./replay.ts";
import { scanFrames } from "./scan.ts";

const stretchBytes = 1 << 20;

export interface FramePlace extends LogPlace {
  readonly length: number;
}

/** Hands over all frames of a shard that were replayed, in order. */
export async function rereadShard(
  env: Env,
  end: ReplayedShard,
  shards: number,
  visit: (frame: Frame) => void,
): Promise<void> {
  const { files, start, shard } = end;
  for (const [at, file] of files.entries()) {
    if (at < start.at) continue;
    const limit = files.at(at + 1)?.header.predecessor.end ?? end.scanned?.end ?? firstFrameAt;
    const handle = await env.fs.open(file.path, "read");
    try {
      const expected: ExpectedPlace = { shard, shards, fileIndex: file.header.index };
      const from = at === start.at ? start.position : firstFrameAt;
      const range = { expected, from, startHash: undefined, declaredEnd: limit, fileBytes: limit };
      const scanned = await scanFrames(handle, range, (frame) => {
        visit(frame);
        return undefined;
      });
      if (scanned.end !== limit) throw changed(file.path, scanned.end);
    } finally {
      await handle.close();
    }
  }
}

/** A file of a log, and of how many shards it is. */
export interface LogFileName {
  readonly path: string;
  readonly shard: number;
  readonly shards: number;
}

/**
 * Single frames, most of which lie one behind the other. Read on the calling thread: nobody is served yet, and what is derived
 * from them is part of a decision that must not be interrupted.
 */
export class FrameReader {
  readonly #env: Env;
  readonly #fileOf: (index: number) => LogFileName | undefined;
  #index = 0;
  #buffer = Buffer.alloc(0);
  #start = 0;
  #filled = 0;

  constructor(env: Env, fileOf: (index: number) => LogFileName | undefined) {
    this.#env = env;
    this.#fileOf = fileOf;
  }

  /** Of shards that were replayed. */
  static of(env: Env, ends: readonly ReplayedShard[]): FrameReader {
    const files = new Map<number, LogFileName>();
    for (const { shard, files: own } of ends)
      for (const { path, header } of own) files.set(header.index, { path, shard, shards: ends.length });
    return new FrameReader(env, (index) => files.get(index));
  }

  /** Its payload is good until the next one is read. */
  frame({ index, position, length }: FramePlace): Frame {
    const file = this.#fileOf(index);
    assert(file !== undefined, "a frame is read from a file that was there");
    const isHeld = this.#index === index && position >= this.#start && position + length <= this.#start + this.#filled;
    if (!isHeld) this.#read(file.path, index, position, length);
    const at = position - this.#start;
    if (at + length > this.#filled) throw changed(file.path, position);
    const bytes = this.#buffer.subarray(at, at + length);
    const { shard, shards } = file;
    const decoded = decodeHeader(bytes, 0, position, { shard, shards, fileIndex: index });
    const hash = checkFrame(bytes);
    if (decoded.outcome !== "header" || decoded.length !== length || hash === undefined)
      throw changed(file.path, position);
    return wholeFrame(decoded.frame, bytes, hash);
  }

  #read(path: string, index: number, position: number, length: number): void {
    const bytes = Math.max(length, stretchBytes);
    if (this.#buffer.length < bytes) this.#buffer = Buffer.allocUnsafeSlow(bytes);
    this.#index = index;
    this.#start = position;
    this.#filled = 0;
    while (this.#filled < bytes) {
      const read = this.#env.fs.readSync(path, this.#buffer.subarray(this.#filled, bytes), position + this.#filled);
      if (read === 0) return;
      this.#filled += read;
    }
  }
}

function changed(file: string, offset: number): Error {
  return damage("a WAL file does not read the same twice", { file, offset });
}

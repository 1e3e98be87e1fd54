/**
 * Writes a segment file (spec 6.3): part by part, block by block, in bounded memory but for the directory of parts. It
 * appears by its name only when all of it is on the disk, and is never written again.
 *
 * A part: `beginPart`, `block` … `block`, `endPart`. The file: `create`, parts, `finish`, or `abort` at any time and after
 * any failure. One call at a time.
 */
import { assert } from "../base/assert.ts";
import { hash64 } from "../base/hash.ts";
import { errnoOf, type Env, type File } from "../env/env.ts";
import { joinPath, segmentFileName, temporarySuffix } from "../storage/layout.ts";
import { extentOf } from "./extent.ts";
import {
  blockHeaderBytes,
  encodeBlockHeader,
  encodeSegmentFooter,
  encodeSegmentHeader,
  segmentFooterBytes,
  two32,
} from "./format.ts";
import { IndexRows } from "./index-rows.ts";
import { SequentialOutput } from "./output.ts";
import { Pace } from "./pace.ts";
import { wrongEntry, type PartEntry } from "./part-entry.ts";
import { PartRows } from "./parts-directory.ts";
import { writeTags, type Posting } from "./tag-table-writer.ts";
export type { Posting } from "./tag-table-writer.ts";

export interface SegmentPlace {
  readonly directory: string;
  /** 32 hex digits. */
  readonly directoryId: string;
  readonly file: number;
  /** Commit stamp, µs. */
  readonly stamp: number;
}

export interface BlockInput {
  readonly payload: Uint8Array;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly firstTs: number;
  readonly lastTs: number;
  readonly records: number;
  /** Payload bytes (`data` and `meta`) of the records. */
  readonly bytes: number;
}

/** What is known of the part being written. */
interface OpenPart {
  readonly topicId: number;
  readonly epoch: number;
  firstSeq: number;
  lastSeq: number;
  firstTs: number;
  lastTs: number;
  records: number;
  bytes: number;
}

export class SegmentWriter {
  readonly #env: Env;
  readonly #place: SegmentPlace;
  readonly #file: File;
  readonly #output: SequentialOutput;
  readonly #pace: Pace;
  readonly #rows = new IndexRows();
  readonly #directory = new PartRows();
  #part: OpenPart | undefined;
  #state: "open" | "finishing" | "renamed" | "ended" = "open";
  #closed = false;

  private constructor(env: Env, place: SegmentPlace, file: File, pace: Pace) {
    this.#env = env;
    this.#place = place;
    this.#file = file;
    this.#output = new SequentialOutput(file);
    this.#pace = pace;
  }

  static async create(env: Env, place: SegmentPlace, pace = new Pace(env)): Promise<SegmentWriter> {
    assert(place.file >= 0 && place.file < two32, "a segment file has a number");
    const path = temporaryPath(place);
    if ((await env.fs.stat(path)) !== undefined) await env.fs.unlink(path);
    const writer = new SegmentWriter(env, place, await env.fs.open(path, "create-new"), pace);
    await writer.#output.put(encodeSegmentHeader(place));
    return writer;
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#output.position;
  }

  beginPart(topicId: number, epoch: number): void {
    assert(this.#state === "open" && this.#part === undefined, "parts are written one after another");
    this.#rows.clear();
    this.#part = { topicId, epoch, firstSeq: 0, lastSeq: 0, firstTs: 0, lastTs: 0, records: 0, bytes: 0 };
  }

  /** The payload may be used again when it resolves. */
  async block(input: BlockInput): Promise<void> {
    const part = this.#part;
    assert(part !== undefined, "a block belongs to a part");
    if (this.#rows.count === 0) {
      part.firstSeq = input.firstSeq;
      part.firstTs = input.firstTs;
    } else {
      assert(input.firstSeq > part.lastSeq && input.firstTs >= part.lastTs, "blocks come in the order of their seqs");
    }
    checkBlock(input, part.firstSeq);
    const { payload, firstSeq, lastSeq, records } = input;
    const at = this.#output.position;
    const payloadHash = hash64(payload);
    const header = encodeBlockHeader({
      ...{ payloadBytes: payload.length, file: this.#place.file, ordinal: this.#directory.count },
      ...{ topicId: part.topicId, epoch: part.epoch, firstSeq, lastSeq, records, at, payloadHash },
    });
    this.#rows.add(part.firstSeq, {
      ...input,
      payload: { at: at + blockHeaderBytes, bytes: payload.length, hash: payloadHash },
    });
    part.lastSeq = lastSeq;
    part.lastTs = input.lastTs;
    part.records += records;
    part.bytes += input.bytes;
    await this.#output.put(header);
    await this.#output.put(payload);
    if (this.#pace.isDue) await this.#pace.pause();
  }

  /** Postings in any order, one for each tag. */
  async endPart(postings: Iterable<Posting>): Promise<PartEntry> {
    const part = this.#part;
    assert(part !== undefined && this.#rows.count > 0, "a part has a block");
    const tags = await writeTags(this.#pace, part, postings);
    let places;
    if (tags !== undefined) {
      const table = extentOf(this.#output.position, tags.table);
      places = { tags: table, filter: extentOf(table.at + table.bytes, tags.filter) };
      await this.#output.put(tags.table);
      await this.#output.put(tags.filter);
    }
    const bytes = this.#rows.encode(places);
    const index = extentOf(this.#output.position, bytes);
    await this.#output.put(bytes);
    const ordinal = this.#directory.count;
    const blocks = this.#rows.count;
    const entry: PartEntry = { file: this.#place.file, ordinal, ...part, blocks, index, tags: tags?.range };
    const wrong = wrongEntry(entry);
    assert(wrong === undefined, `a part's entry is right: ${wrong}`);
    this.#directory.add(entry);
    this.#part = undefined;
    return entry;
  }

  /** The file is there by its name, for good, when it resolves. When it rejects it may be; `abort` takes it away. */
  async finish(): Promise<{ readonly bytes: number }> {
    assert(this.#state === "open" && this.#part === undefined, "a segment is finished once, between parts");
    assert(this.#directory.count > 0, "a segment has a part");
    this.#state = "finishing";
    const { bytes, count: parts } = this.#directory;
    const directory = extentOf(this.#output.position, bytes);
    await this.#output.put(bytes);
    const { file } = this.#place;
    const fileBytes = this.#output.position + segmentFooterBytes;
    await this.#output.put(encodeSegmentFooter({ file, parts, directory, fileBytes }));
    await this.#output.end();
    await this.#close();
    const { fs } = this.#env;
    this.#state = "renamed";
    await fs.rename(temporaryPath(this.#place), finalPath(this.#place));
    await fs.syncDir(this.#place.directory);
    this.#state = "ended";
    return { bytes: fileBytes };
  }

  /** What can't be removed now is removed at the next start: nothing names it. */
  async abort(): Promise<void> {
    if (this.#state === "ended") return;
    const paths = this.#state === "renamed" ? [temporaryPath, finalPath] : [temporaryPath];
    this.#state = "ended";
    await despiteErrno(this.#close());
    for (const path of paths) await despiteErrno(this.#env.fs.unlink(path(this.#place)));
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#file.close();
  }
}

function checkBlock(input: BlockInput, partFirstSeq: number): void {
  const { payload, firstSeq, lastSeq, firstTs, lastTs, records } = input;
  assert(firstSeq >= 1 && lastSeq >= firstSeq && lastTs >= firstTs, "a block has seqs and times in order");
  assert(lastSeq - partFirstSeq < two32, "a part spans fewer than 2^32 seqs");
  assert(records >= 1 && records <= lastSeq - firstSeq + 1, "a block has no more records than seqs");
  assert(payload.length < two32, "a block is small");
}

async function despiteErrno(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

function finalPath({ directory, file }: SegmentPlace): string {
  return joinPath(directory, segmentFileName(file));
}

function temporaryPath(place: SegmentPlace): string {
  return finalPath(place) + temporarySuffix;
}

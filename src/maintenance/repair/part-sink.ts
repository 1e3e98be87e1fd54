/** Writes parts into the segment files of the new directory, one file after another, each of a bounded size. */
import { assert } from "../../base/assert.ts";
import type { Segments } from "../../engine/segments.ts";
import type { Env } from "../../env/env.ts";
import type { PartEntry } from "../../segment/part-entry.ts";
import { SegmentWriter } from "../../segment/writer.ts";
import { PartBuilder } from "../../topic/part-builder.ts";
import type { PendingPart } from "../../topic/seal.ts";
import type { Topic } from "../../topic/topic.ts";
import type { Piece } from "./pieces.ts";

export interface SinkDeps {
  readonly env: Env;
  readonly directory: string;
  readonly directoryId: string;
  readonly segments: Segments;
  nextStamp(): number;
}

/** About as large as what a server seals. */
const fileBytes = 64 << 20;
const blockBytes = 128 << 10;

interface OpenFile {
  readonly file: number;
  readonly writer: SegmentWriter;
  readonly parts: PartEntry[];
  /** Tails that become parts when the file is there. */
  readonly tails: { readonly topic: Topic; readonly pending: PendingPart }[];
}

const everything = { records: Infinity, bytes: Infinity };

export class PartSink {
  readonly #deps: SinkDeps;
  #open: OpenFile | undefined;

  constructor(deps: SinkDeps) {
    this.#deps = deps;
  }

  /** What is live of the pieces, which come in the order of their seqs; `undefined` when nothing is. Readable after `end`. */
  async part(topicId: number, epoch: number, pieces: readonly Piece[]): Promise<PartEntry | undefined> {
    const { writer, parts } = (this.#open ??= await this.#begin());
    const builder = new PartBuilder(writer, topicId, epoch, blockBytes);
    try {
      for (const piece of pieces) for await (const chunk of piece.chunks()) await builder.add(chunk, 0, neverDead);
      const built = await builder.end();
      if (built !== undefined) parts.push(built.entry);
      if (writer.bytes >= fileBytes) await this.end();
      return built?.entry;
    } finally {
      builder.abandon();
    }
  }

  /** All of a topic's tail becomes a part, with the next `end`. */
  async tail(topic: Topic): Promise<void> {
    const closed = topic.closeTail(everything);
    if (closed === undefined) return;
    const open = (this.#open ??= await this.#begin());
    const pending = await topic.writeTail(closed, open.writer);
    if (pending.built !== undefined) open.parts.push(pending.built.entry);
    open.tails.push({ topic, pending });
    if (open.writer.bytes >= fileBytes) await this.end();
  }

  /** Everything written so far can be read, and is on the disk. */
  async end(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    const { segments } = this.#deps;
    if (open.parts.length === 0) await open.writer.abort();
    else {
      const { bytes } = await open.writer.finish();
      const records = open.parts.reduce((sum, entry) => sum + entry.records, 0);
      segments.adopt({ file: open.file, bytes, records, deletes: undefined }, "hot");
    }
    for (const { topic, pending } of open.tails) {
      const installed = topic.install(pending);
      assert(installed.outcome === "installed", "nothing stands in the way of a part");
      if (installed.part !== undefined) segments.use(installed.part.entry);
    }
  }

  async abort(): Promise<void> {
    await this.#open?.writer.abort();
    this.#open = undefined;
  }

  async #begin(): Promise<OpenFile> {
    const { env, directory, directoryId, segments } = this.#deps;
    const file = segments.next;
    segments.startAt(file + 1);
    const place = { directory, directoryId, file, stamp: this.#deps.nextStamp() };
    return { file, writer: await SegmentWriter.create(env, place), parts: [], tails: [] };
  }
}

const neverDead = { anyDead: (): boolean => false, isDead: (): boolean => false };

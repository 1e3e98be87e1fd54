/**
 * Reads a segment file that nobody has told us about (spec 6.6, offline tools): header, footer and directory of parts, and
 * from there everything. `check` goes over every byte of it. Nothing is written, and nothing thrown for what a file holds.
 */
import { errnoOf, type Env, type File } from "../env/env.ts";
import { holds, type Extent } from "./extent.ts";
import { decodeTagFilter, type TagFilter } from "./filter.ts";
import {
  blockHeaderBytes,
  decodeBlockHeader,
  decodeSegmentFooter,
  decodeSegmentHeader,
  segmentFooterBytes,
  segmentHeaderBytes,
  type SegmentFooter,
  type SegmentHeader,
} from "./format.ts";
import { decodePartIndex, type PartIndex } from "./index.ts";
import type { PartEntry } from "./part-entry.ts";
import { decodePartRows } from "./parts-directory.ts";
import { decodeTagTable, type TagTable } from "./tags.ts";
import { Window } from "./window.ts";

/** Which records are meant: a part, or some of it. */
export interface PartName {
  readonly ordinal: number;
  readonly topicId: number;
  readonly epoch: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export interface DamagedRange {
  readonly at: number;
  readonly bytes: number;
  readonly reason: string;
  /** What it is known to have held. */
  readonly part: PartName | undefined;
}

/** What was asked for, or why it can't be had. */
export type Had<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly damage: DamagedRange };

export type SegmentOpened =
  | { readonly outcome: "segment"; readonly segment: OpenSegment }
  | { readonly outcome: "version"; readonly reason: string }
  /** Not even looked into. */
  | { readonly outcome: "unreadable"; readonly errno: string };

export interface SegmentWatch {
  /** How far the file has been read. */
  progress?(bytes: number): void;
  /** Told of every sound block; says what is wrong with what it holds. */
  block?(entry: PartEntry, index: PartIndex, block: number, payload: Buffer): string | undefined;
}

/** To be closed again. */
export async function openSegment(env: Env, path: string): Promise<SegmentOpened> {
  let file: File;
  try {
    file = await env.fs.open(path, "read");
  } catch (error) {
    return unreadable(error);
  }
  try {
    const { size } = await file.stat();
    const segment = new OpenSegment(file, size);
    const version = await segment.begin();
    if (version === undefined) return { outcome: "segment", segment };
    await segment.close();
    return { outcome: "version", reason: version };
  } catch (error) {
    await file.close();
    return unreadable(error);
  }
}

export class OpenSegment {
  /** Length of the file. */
  readonly bytes: number;
  /** `undefined` when it is damaged. */
  header: SegmentHeader | undefined;
  /** `undefined` when footer or directory are damaged: then nothing says what the file held. */
  parts: readonly PartEntry[] | undefined;
  /** Of header, footer and directory of parts. */
  readonly damages: DamagedRange[] = [];
  readonly #file: File;
  /** One for blocks and one for what lies behind them. */
  readonly #ahead: Window;
  readonly #behind: Window;
  #directoryAt = 0;

  /** Made by `openSegment`. */
  constructor(file: File, bytes: number) {
    this.#file = file;
    this.bytes = bytes;
    this.#ahead = new Window(file, bytes);
    this.#behind = new Window(file, bytes);
  }

  /** Reads what the file says of itself; the version when it is one that is not known. */
  async begin(): Promise<string | undefined> {
    const headBytes = Math.min(segmentHeaderBytes, this.bytes);
    const head = await this.#ahead.read(0, headBytes);
    const header = typeof head === "string" ? head : decodeSegmentHeader(head);
    if (typeof header === "string") this.#damaged(0, headBytes, header);
    else if (header.outcome === "sound") this.header = header.value;
    else if (header.outcome === "version") return header.reason;
    else this.#damaged(0, headBytes, header.reason);
    const footer = await this.#footer();
    if (footer !== undefined) await this.#directory(footer);
    return undefined;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async index(entry: PartEntry): Promise<Had<PartIndex>> {
    const bytes = await this.#extent(this.#behind, entry.index, entry);
    if (!bytes.ok) return bytes;
    const decoded = decodePartIndex(bytes.value, entry);
    return decoded.ok ? had(decoded.index) : hadNot(entry.index, `index: ${decoded.reason}`, entry);
  }

  /** `undefined` where there are no tags. */
  async tags(entry: PartEntry, index: PartIndex): Promise<Had<TagTable | undefined>> {
    if (index.tags === undefined) return had(undefined);
    const bytes = await this.#extent(this.#behind, index.tags, entry);
    if (!bytes.ok) return bytes;
    const decoded = decodeTagTable(Buffer.from(bytes.value), entry);
    return decoded.ok ? had(decoded.table) : hadNot(index.tags, `tag table: ${decoded.reason}`, entry);
  }

  async filter(entry: PartEntry, index: PartIndex): Promise<Had<TagFilter | undefined>> {
    if (index.filter === undefined) return had(undefined);
    const bytes = await this.#extent(this.#behind, index.filter, entry);
    if (!bytes.ok) return bytes;
    const decoded = decodeTagFilter(Buffer.from(bytes.value));
    return decoded.ok ? had(decoded.filter) : hadNot(index.filter, `tag filter: ${decoded.reason}`, entry);
  }

  /** Not to be kept beyond the next read. */
  payload(entry: PartEntry, index: PartIndex, block: number): Promise<Had<Buffer>> {
    return this.#extent(this.#ahead, index.extent(block), blockName(entry, index, block));
  }

  /** Bytes as they are, for a search; not to be kept beyond the next read. */
  raw(at: number, bytes: number): Promise<Buffer | string> {
    return this.#ahead.read(at, bytes);
  }

  /** Every damaged range, and every byte that nothing accounts for. */
  async *check(watch: SegmentWatch = {}): AsyncGenerator<DamagedRange> {
    yield* this.damages;
    if (this.parts === undefined) return;
    let end = segmentHeaderBytes;
    for (const entry of this.parts) {
      yield* this.#checkPart(entry, end, watch);
      end = entry.index.at + entry.index.bytes;
      watch.progress?.(end);
    }
    if (end !== this.#directoryAt)
      yield { at: end, bytes: this.#directoryAt - end, reason: "bytes that belong to nothing", part: undefined };
    watch.progress?.(this.bytes);
  }

  async *#checkPart(entry: PartEntry, start: number, watch: SegmentWatch): AsyncGenerator<DamagedRange> {
    const index = await this.index(entry);
    if (!index.ok) {
      yield index.damage;
      return;
    }
    const first = index.value.extent(0).at - blockHeaderBytes;
    if (first !== start)
      yield { at: start, bytes: first - start, reason: "bytes that belong to nothing", part: undefined };
    for (let block = 0; block < index.value.blocks; block++) yield* this.#checkBlock(entry, index.value, block, watch);
    for (const found of [await this.tags(entry, index.value), await this.filter(entry, index.value)])
      if (!found.ok) yield found.damage;
  }

  async *#checkBlock(
    entry: PartEntry,
    index: PartIndex,
    block: number,
    watch: SegmentWatch,
  ): AsyncGenerator<DamagedRange> {
    const extent = index.extent(block);
    const at = extent.at - blockHeaderBytes;
    const name = blockName(entry, index, block);
    const bytes = await this.#ahead.read(at, blockHeaderBytes);
    const decoded =
      typeof bytes === "string" ? { outcome: "damaged" as const, reason: bytes } : decodeBlockHeader(bytes, at);
    if (decoded.outcome !== "sound") yield { at, bytes: blockHeaderBytes, reason: decoded.reason, part: name };
    else {
      const { value } = decoded;
      const fits =
        sameName(value, name) &&
        value.file === entry.file &&
        value.records === index.records(block) &&
        value.payloadBytes === extent.bytes &&
        value.payloadHash === extent.hash;
      if (!fits) yield { at, bytes: blockHeaderBytes, reason: "a block header that its index contradicts", part: name };
    }
    const payload = await this.payload(entry, index, block);
    if (!payload.ok) yield payload.damage;
    const wrong = payload.ok ? watch.block?.(entry, index, block, payload.value) : undefined;
    if (wrong !== undefined) yield { at: extent.at, bytes: extent.bytes, reason: wrong, part: name };
  }

  async #footer(): Promise<SegmentFooter | undefined> {
    const bytes = Math.min(segmentFooterBytes, this.bytes);
    const at = this.bytes - bytes;
    const found = await this.#behind.read(at, bytes);
    if (typeof found === "string") return this.#damaged(at, bytes, found);
    const decoded = decodeSegmentFooter(found, this.bytes);
    if (decoded.outcome !== "sound") return this.#damaged(at, bytes, decoded.reason);
    if (this.header !== undefined && this.header.file !== decoded.value.file)
      return this.#damaged(at, bytes, `the footer of segment file ${decoded.value.file}`);
    return decoded.value;
  }

  async #directory(footer: SegmentFooter): Promise<void> {
    const { at, bytes } = footer.directory;
    const found = await this.#extent(this.#behind, footer.directory, undefined);
    if (!found.ok) {
      this.damages.push(found.damage);
      return;
    }
    const decoded = decodePartRows(found.value, footer.file, footer.parts);
    if (!decoded.ok) return this.#damaged(at + decoded.at, bytes - decoded.at, decoded.reason);
    const beyond = decoded.parts.find(({ index }) => index.at + index.bytes > at);
    if (beyond !== undefined) return this.#damaged(at, bytes, `part ${beyond.ordinal}: an index at no place for one`);
    this.parts = decoded.parts;
    this.#directoryAt = at;
  }

  #damaged(at: number, bytes: number, reason: string): undefined {
    this.damages.push({ at, bytes, reason, part: undefined });
  }

  async #extent(window: Window, extent: Extent, part: PartName | undefined): Promise<Had<Buffer>> {
    if (extent.at + extent.bytes > this.bytes) return hadNot(extent, "a range that the file does not have", part);
    const bytes = await window.read(extent.at, extent.bytes);
    if (typeof bytes === "string") return hadNot(extent, bytes, part);
    return holds(extent, bytes) ? had(bytes) : hadNot(extent, "checksum", part);
  }
}

export function blockName(entry: PartEntry, index: PartIndex, block: number): PartName {
  const { ordinal, topicId, epoch } = entry;
  return { ordinal, topicId, epoch, firstSeq: index.firstSeq(block), lastSeq: index.lastSeq(block) };
}

export function partName({ ordinal, topicId, epoch, firstSeq, lastSeq }: PartName): PartName {
  return { ordinal, topicId, epoch, firstSeq, lastSeq };
}

function sameName(a: PartName, b: PartName): boolean {
  return (
    a.ordinal === b.ordinal &&
    a.topicId === b.topicId &&
    a.epoch === b.epoch &&
    a.firstSeq === b.firstSeq &&
    a.lastSeq === b.lastSeq
  );
}

function had<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

function hadNot(
  { at, bytes }: Extent,
  reason: string,
  part: PartName | undefined,
): { readonly ok: false; readonly damage: DamagedRange } {
  return { ok: false, damage: { at, bytes, reason, part: part && partName(part) } };
}

function unreadable(error: unknown): { readonly outcome: "unreadable"; readonly errno: string } {
  const errno = errnoOf(error);
  if (errno === undefined) throw error;
  return { outcome: "unreadable", errno };
}

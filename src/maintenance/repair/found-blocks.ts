/**
 * Every block of a segment file that is still as it was written (spec 6.6), whether anything names the file or not, and what
 * is known of those that are not. Only places are kept; a block is read again, and checked again, when it is wanted.
 */
import { hash64 } from "../../base/hash.ts";
import type { Env } from "../../env/env.ts";
import { type PartEntry, partToJson } from "../../segment/part-entry.ts";
import { openSegment, type OpenSegment } from "../../segment/reader.ts";
import { salvage } from "../../segment/salvage.ts";
import { closeQuietly, readFully } from "../../storage/io.ts";
import { joinPath, parseSegmentFileName } from "../../storage/layout.ts";
import type { Progress } from "../progress.ts";
import type { Survey } from "../survey.ts";
import { joined, type Range, without } from "./ranges.ts";

export interface FoundBlock {
  readonly path: string;
  readonly file: number;
  readonly ordinal: number;
  readonly at: number;
  readonly bytes: number;
  readonly hash: bigint;
  readonly topicId: number;
  readonly epoch: number;
  /** Its number in its part, where that is known. */
  readonly block: number | undefined;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly records: number;
}

/** A part as far as it was found. */
interface FoundPart {
  readonly blocks: FoundBlock[];
  readonly lost: Range[];
}

/** A file that is not as it should be. */
export interface DamagedFile {
  readonly file: string;
  readonly what: string;
}

export class FoundBlocks {
  readonly damaged: DamagedFile[] = [];
  readonly #parts = new Map<string, FoundPart>();
  readonly #topics = new Map<number, FoundBlock[]>();
  #files = 0;

  /** Greatest number of any file. */
  get greatestFile(): number {
    return this.#files;
  }

  /** Goes over every segment file. `known`: parts that checkpoints tell of, by file. */
  static async find(
    env: Env,
    { directory, cold, names, coldNames, manifest }: Survey,
    known: ReadonlyMap<number, readonly PartEntry[]>,
    progress: Progress,
  ): Promise<FoundBlocks> {
    const found = new FoundBlocks();
    const places = [
      ...names.map((name) => ({ name, where: directory })),
      ...(cold === undefined ? [] : coldNames.map((name) => ({ name, where: cold }))),
    ];
    for (const { name, where } of places) {
      const file = parseSegmentFileName(name);
      if (file === undefined) continue;
      progress.at(name);
      const own = { directoryId: manifest.directoryId, known: known.get(file) ?? [] };
      await found.#read(env, joinPath(where, name), file, own);
    }
    return found;
  }

  /** The blocks of a part in order, and what of it is lost for certain. */
  part(entry: PartEntry): { readonly blocks: readonly FoundBlock[]; readonly lost: readonly Range[] } {
    const found = this.#parts.get(keyOf(entry.file, entry.ordinal));
    const own = (found?.blocks ?? []).filter((one) => one.topicId === entry.topicId && one.epoch === entry.epoch);
    const blocks = distinct(own.filter((one) => one.firstSeq >= entry.firstSeq && one.lastSeq <= entry.lastSeq));
    if (blocks.length === entry.blocks) return { blocks: numbered(blocks, entry), lost: [] };
    const whole = [{ first: entry.firstSeq, last: entry.lastSeq }];
    // Where an index told nothing, everything between the blocks that were found may be missing.
    const lost = found === undefined || found.lost.length === 0 ? whole : joined(found.lost);
    return { blocks: numbered(blocks, entry), lost: without(lost, blocks.map(rangeOf)) };
  }

  /** All blocks of a topic, in any file. */
  ofTopic(topicId: number): readonly FoundBlock[] {
    return this.#topics.get(topicId) ?? [];
  }

  get topics(): Iterable<number> {
    return this.#topics.keys();
  }

  async #read(
    env: Env,
    path: string,
    file: number,
    { directoryId, known }: { readonly directoryId: string; readonly known: readonly PartEntry[] },
  ): Promise<void> {
    this.#files = Math.max(this.#files, file);
    const opened = await openSegment(env, path);
    if (opened.outcome !== "segment") {
      this.damaged.push({ file: path, what: opened.outcome === "version" ? opened.reason : opened.errno });
      return;
    }
    const { segment } = opened;
    try {
      for (const { reason } of segment.damages) this.damaged.push({ file: path, what: reason });
      const { header } = segment;
      const isOwn = header === undefined || (header.directoryId === directoryId && header.file === file);
      if (!isOwn) this.damaged.push({ file: path, what: `it is segment file ${header.file} of ${header.directoryId}` });
      const trusted = isOwn ? undefined : samePartsOf(segment.parts ?? [], known);
      for (const what of await damagedTables(segment)) this.damaged.push({ file: path, what });
      for await (const found of salvage(segment, known)) {
        const { ordinal, topicId, epoch, firstSeq, lastSeq } = found.part;
        // Ids of topics mean something in one directory only.
        if (trusted?.has(ordinal) === false) continue;
        const part = this.#part(keyOf(file, ordinal));
        if (found.kind === "lost") {
          part.lost.push({ first: firstSeq, last: lastSeq });
          const what = `seqs ${firstSeq} to ${lastSeq} of topic id ${topicId}: ${found.reason}`;
          this.damaged.push({ file: path, what });
          continue;
        }
        const { records, at, block, payload } = found;
        const whole = {
          path,
          file,
          ordinal,
          at,
          bytes: payload.length,
          hash: hash64(payload),
          topicId,
          epoch,
          firstSeq,
          lastSeq,
        };
        const one = { ...whole, records, block };
        part.blocks.push(one);
        const topic = this.#topics.get(topicId);
        if (topic === undefined) this.#topics.set(topicId, [one]);
        else topic.push(one);
      }
    } finally {
      await segment.close();
    }
  }

  #part(key: string): FoundPart {
    let part = this.#parts.get(key);
    if (part === undefined) {
      part = { blocks: [], lost: [] };
      this.#parts.set(key, part);
    }
    return part;
  }
}

/** Indexes, tag tables and filters that are not as they were written: nothing is lost with them, and yet it is damage. */
async function damagedTables(segment: OpenSegment): Promise<string[]> {
  const reasons: string[] = [];
  for (const entry of segment.parts ?? []) {
    const index = await segment.index(entry);
    const tables = index.ok ? [await segment.tags(entry, index.value), await segment.filter(entry, index.value)] : [];
    for (const table of [index, ...tables])
      if (!table.ok) reasons.push(`offset ${table.damage.at}, ${table.damage.bytes} bytes: ${table.damage.reason}`);
  }
  return reasons;
}

/** Parts that are exactly the ones that checkpoints know. */
function samePartsOf(parts: readonly PartEntry[], known: readonly PartEntry[]): ReadonlySet<number> {
  const texts = new Set(known.map((entry) => JSON.stringify(partToJson(entry))));
  const own = parts.filter((entry) => texts.has(JSON.stringify(partToJson(entry))));
  return new Set(own.map(({ ordinal }) => ordinal));
}

/** The payload, once more; `undefined` when it does not read the same. */
export async function readBlock(env: Env, { path, at, bytes, hash }: FoundBlock): Promise<Buffer | undefined> {
  const file = await env.fs.open(path, "read");
  try {
    const payload = Buffer.allocUnsafeSlow(bytes);
    const read = await readFully(file, payload, at);
    return read === bytes && hash64(payload) === hash ? payload : undefined;
  } finally {
    await closeQuietly(file);
  }
}

function rangeOf({ firstSeq, lastSeq }: FoundBlock): Range {
  return { first: firstSeq, last: lastSeq };
}

/** In order; a block that is there twice (hot and cold) once. */
function distinct(blocks: readonly FoundBlock[]): FoundBlock[] {
  const result: FoundBlock[] = [];
  for (const one of [...blocks].sort(
    (a, b) => a.firstSeq - b.firstSeq || Number(b.block ?? -1) - Number(a.block ?? -1),
  ))
    if (one.firstSeq > (result.at(-1)?.lastSeq ?? 0)) result.push(one);
  return result;
}

/** Where all of a part's blocks are there, their order tells their numbers. */
function numbered(blocks: readonly FoundBlock[], entry: PartEntry): readonly FoundBlock[] {
  return blocks.length === entry.blocks ? blocks.map((one, block) => ({ ...one, block })) : blocks;
}

function keyOf(file: number, ordinal: number): string {
  return `${file}.${ordinal}`;
}

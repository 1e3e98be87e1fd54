/**
 * Verifies segment and delete files (spec 6.3, 6.6): every one that a sound checkpoint names, in the hot directory or the
 * cold one, byte by byte, and held against what the checkpoints say of it.
 */
import type { Env } from "../../env/env.ts";
import type { DeletedRange, DeleteEnd } from "../../segment/delete-format.ts";
import { readDeletes } from "../../segment/delete-reader.ts";
import type { PartIndex } from "../../segment/index.ts";
import type { PartEntry } from "../../segment/part-entry.ts";
import { type DamagedRange, openSegment, type OpenSegment } from "../../segment/reader.ts";
import { deleteFileName, joinPath, segmentFileName } from "../../storage/layout.ts";
import { readRecords } from "../../topic/records-reader.ts";
import { attempt } from "../attempt.ts";
import type { Finding } from "../report.ts";
import type { Survey } from "../survey.ts";
import { type CheckpointClaims, entryText } from "./checkpoints.ts";
import type { TopicNames } from "./topic-names.ts";

export interface SegmentDeps {
  readonly env: Env;
  readonly names: TopicNames;
  finding(path: string): Finding;
  reading(path: string): void;
  hasFailed(path: string): boolean;
}

/** False when the cold directory would be needed to tell. */
export async function verifySegments(
  deps: SegmentDeps,
  found: Survey,
  claims: readonly CheckpointClaims[],
): Promise<boolean> {
  const files = new Set(claims.flatMap(({ segments }) => [...segments.keys()]));
  let complete = true;
  for (const file of [...files].sort((a, b) => a - b)) {
    const place = whereIs(found, file);
    const path = place ?? joinPath(found.directory, segmentFileName(file));
    const finding = deps.finding(path);
    if (place !== undefined) {
      deps.reading(path);
      await attempt(finding, () => new SegmentCheck(deps, found, file, path, claims).run());
    } else if (found.cold === undefined && found.manifest.coldId !== undefined) {
      complete = false;
      finding.unsure("it is not here: it may be in the cold directory, which was not given");
    } else finding.damaged(`it is missing, and checkpoint ${namers(claims, file)} names it`);
  }
  return complete;
}

/** A start that finds both takes the hot one. */
function whereIs({ directory, cold, names, coldNames }: Survey, file: number): string | undefined {
  const name = segmentFileName(file);
  if (names.includes(name)) return joinPath(directory, name);
  return cold !== undefined && coldNames.includes(name) ? joinPath(cold, name) : undefined;
}

function namers(claims: readonly CheckpointClaims[], file: number): string {
  return claims.flatMap(({ number, segments }) => (segments.has(file) ? [number] : [])).join(" and ");
}

class SegmentCheck {
  readonly #deps: SegmentDeps;
  readonly #found: Survey;
  readonly #file: number;
  readonly #path: string;
  readonly #claims: readonly CheckpointClaims[];
  readonly #finding: Finding;

  constructor(deps: SegmentDeps, found: Survey, file: number, path: string, claims: readonly CheckpointClaims[]) {
    this.#deps = deps;
    this.#found = found;
    this.#file = file;
    this.#path = path;
    this.#claims = claims.filter(({ segments }) => segments.has(file));
    this.#finding = deps.finding(path);
  }

  async run(): Promise<void> {
    const opened = await openSegment(this.#deps.env, this.#path);
    if (opened.outcome === "unreadable") return this.#finding.unsure(opened.errno);
    if (opened.outcome === "version") return this.#finding.unsure(opened.reason);
    const { segment } = opened;
    try {
      await this.#checkFile(segment);
      await this.#checkDeletes(segment);
    } finally {
      await segment.close();
    }
  }

  async #checkFile(segment: OpenSegment): Promise<void> {
    const { header, bytes, parts } = segment;
    const finding = this.#finding;
    if (header !== undefined && header.file !== this.#file)
      finding.damaged(`it is segment file ${header.file}`, { offset: 0 });
    if (header !== undefined && header.directoryId !== this.#found.manifest.directoryId)
      finding.note(`it was written in directory ${header.directoryId}`);
    for (const { number, segments } of this.#claims) {
      const named = segments.get(this.#file)!.bytes;
      if (named !== bytes)
        finding.damaged(`it has ${bytes} bytes, and checkpoint ${number} says ${named}`, {
          offset: Math.min(named, bytes),
        });
    }
    for await (const range of segment.check({ block: wrongBlock })) this.#damaged(range);
    if (parts === undefined) return;
    finding.count("parts", parts.length);
    for (const { blocks, records } of parts) {
      finding.count("blocks", blocks);
      finding.count("records", records);
    }
    this.#checkParts(parts);
  }

  #damaged({ at, bytes, reason, part }: DamagedRange): void {
    // A sector that cannot be read is not known to be damaged.
    if (this.#deps.hasFailed(this.#path) && /^E[A-Z]+$/.test(reason))
      return this.#finding.unsure(`${reason} at offset ${at}`);
    const topic = part && this.#deps.names.of(part.topicId);
    this.#finding.damaged(reason, {
      offset: at,
      length: bytes,
      ...(topic === undefined ? {} : { topic }),
      ...(part === undefined ? {} : { firstSeq: part.firstSeq, lastSeq: part.lastSeq }),
    });
  }

  /** The parts that checkpoints speak of must be the ones that are there. */
  #checkParts(parts: readonly PartEntry[]): void {
    const prefix = `${this.#file}.`;
    for (const { number, parts: claimed } of this.#claims)
      for (const [key, text] of claimed) {
        if (!key.startsWith(prefix)) continue;
        const entry = parts.at(Number(key.slice(prefix.length)));
        if (entry === undefined || entryText(entry) !== text)
          this.#finding.damaged(`part ${key} is not the one that checkpoint ${number} speaks of`);
      }
  }

  async #checkDeletes(segment: OpenSegment): Promise<void> {
    const ends = new Map<number, { readonly end: DeleteEnd; readonly checkpoint: number }>();
    for (const { number, segments } of this.#claims) {
      const end = segments.get(this.#file)!.deletes;
      if (end !== undefined) ends.set(end.bytes, { end, checkpoint: number });
    }
    if (ends.size === 0) return;
    const path = joinPath(this.#found.directory, deleteFileName(this.#file));
    const finding = this.#deps.finding(path);
    this.#deps.reading(path);
    const stat = await attempt(finding, () => this.#deps.env.fs.stat(path));
    if (stat === undefined) return finding.damaged(`it is missing, and a checkpoint names it`);
    let ranges: readonly DeletedRange[] = [];
    for (const [, { end, checkpoint }] of [...ends].sort((a, b) => a[0] - b[0])) {
      const read = await readDeletes(this.#deps.env, path, this.#found.manifest.directoryId, this.#file, end);
      if (read.ok) ranges = read.ranges;
      else if (this.#deps.hasFailed(path)) finding.unsure(read.reason);
      else finding.damaged(`${read.reason} (needed by checkpoint ${checkpoint})`, { offset: read.at });
      if (!read.ok) break;
    }
    await this.#checkRanges(finding, segment, ranges);
    const beyond = stat.size - Math.max(...ends.keys());
    if (beyond > 0)
      finding.note(`${beyond} bytes behind what checkpoints name: the log has them, they are not counted`);
  }

  /** They must lie in the parts; where an index is damaged that cannot be told, and is not told here. */
  async #checkRanges(finding: Finding, segment: OpenSegment, ranges: readonly DeletedRange[]): Promise<void> {
    const indexes = new Map<number, PartIndex | undefined>();
    finding.count("ranges", ranges.length);
    for (const { part, block, last } of ranges) {
      const entry = segment.parts?.at(part);
      if (segment.parts === undefined) return;
      if (entry !== undefined && !indexes.has(part)) {
        const index = await segment.index(entry);
        indexes.set(part, index.ok ? index.value : undefined);
      }
      const index = indexes.get(part);
      const fits =
        entry !== undefined && (index === undefined || (block < index.blocks && last < index.records(block)));
      if (!fits) finding.damaged(`it deletes slot ${last} of block ${block} of part ${part}, which is not there`);
    }
  }
}

/** What is wrong with the records of a block whose bytes are as they were written. */
function wrongBlock(_entry: PartEntry, index: PartIndex, block: number, payload: Buffer): string | undefined {
  const outcome = readRecords(payload);
  if (!outcome.ok) return outcome.reason;
  const { entry } = outcome;
  const last = entry.count - 1;
  if (!entry.retained || entry.count !== index.records(block)) return "a block holds something else";
  if (index.firstSeq(block) + entry.seqDelta(last) !== index.lastSeq(block)) return "a block holds other seqs";
  const fitsTimes = entry.ts === index.firstTs(block) && entry.ts + entry.tsDelta(last) === index.lastTs(block);
  if (!fitsTimes) return "a block holds other times";
  let bytes = 0;
  for (let i = 0; i <= last; i++) bytes += entry.dataBytes(i) + entry.metaBytes(i);
  return bytes === index.bytes(block) ? undefined : "a block holds other sizes";
}

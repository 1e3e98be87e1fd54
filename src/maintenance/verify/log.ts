/**
 * Verifies WAL files (spec 6.2, 6.6): every one that is part of a log, from its header to its end, whether a start would
 * read it or not. What is bad behind damage is found as well, so that all of it is told at once.
 */
import type { Env, File } from "../../env/env.ts";
import { StartRefusal } from "../../storage/refusal.ts";
import { decodeAnchors } from "../../topic/anchor-frame.ts";
import { decodeEntry } from "../../topic/entries.ts";
import { frameKind, type LogPlace } from "../../wal/commit.ts";
import { examineTail } from "../../wal/evidence.ts";
import { firstFrameAt } from "../../wal/file-header.ts";
import { type ExpectedPlace, type Frame, sectorBytes } from "../../wal/frame.ts";
import { judge } from "../../wal/replay.ts";
import { SyncedPlaces } from "../../wal/synced-places.ts";
import { attempt } from "../attempt.ts";
import type { FoundFile, FoundLog, FoundShard } from "../found-log.ts";
import type { Damage, Finding } from "../report.ts";
import { type BadStretch, walkFrames, walkToFirstBad } from "../walk-frames.ts";
import type { TopicNames } from "./topic-names.ts";

export interface LogDeps {
  readonly env: Env;
  readonly directoryId: string;
  readonly names: TopicNames;
  finding(path: string): Finding;
  /** Before a file is read. */
  reading(path: string): void;
}

/** `synced`: places of the last layout that checkpoints call synced. */
export async function verifyLog(deps: LogDeps, log: FoundLog, synced: readonly (readonly LogPlace[])[]): Promise<void> {
  const last = log.shards.filter(({ isLast }) => isLast);
  const places = new SyncedPlaces(last.length);
  for (const known of synced) known.forEach((place, shard) => shard < last.length && places.learn(shard, place));
  for (const { path, reason } of log.unreadable) deps.finding(path).unsure(reason);
  const tails: (() => Promise<void>)[] = [];
  for (const shard of log.shards) {
    for (const file of shard.files) {
      const checked = new FileCheck(deps, shard, file, shard.isLast ? places : new SyncedPlaces(shard.shards));
      const finding = deps.finding(file.path);
      const tail = await attempt(finding, () => checked.run());
      if (tail) tails.push(() => attempt(finding, tail));
    }
  }
  // What the ends mean is said when every frame has been heard.
  for (const tail of tails) await tail();
}

class FileCheck {
  readonly #deps: LogDeps;
  readonly #shard: FoundShard;
  readonly #file: FoundFile;
  readonly #places: SyncedPlaces;
  readonly #finding: Finding;
  readonly #expected: ExpectedPlace;

  constructor(deps: LogDeps, shard: FoundShard, file: FoundFile, places: SyncedPlaces) {
    this.#deps = deps;
    this.#shard = shard;
    this.#file = file;
    this.#places = places;
    this.#finding = deps.finding(file.path);
    this.#expected = { shard: shard.shard, shards: shard.shards, fileIndex: file.index };
  }

  /** What is left to be done, when all files have been read, for one that nothing says the end of. */
  async run(): Promise<(() => Promise<void>) | undefined> {
    const { problem } = this.#file;
    if (problem?.what === "missing") this.#finding.damaged(problem.reason);
    else if (problem?.what === "version" || problem?.what === "unreadable") this.#finding.unsure(problem.reason);
    else {
      this.#deps.reading(this.#file.path);
      this.#checkHeader();
      return this.#reading((file) => this.#checkFrames(file));
    }
    return undefined;
  }

  #checkHeader(): void {
    const { header, problem, bytes, named } = this.#file;
    const finding = this.#finding;
    if (problem !== undefined) finding.damaged(problem.reason, { offset: 0, length: sectorBytes });
    if (!named) finding.note("the manifest does not name it yet: the next start will");
    if (header === undefined) return;
    const { layout, shard, shards } = this.#shard;
    const own = { directoryId: this.#deps.directoryId, layout, shard, shards, index: this.#file.index };
    for (const key of ["directoryId", "layout", "shard", "shards", "index"] as const)
      if (header[key] !== own[key])
        finding.damaged(`it belongs elsewhere: its ${key} is ${header[key]}, not ${own[key]}`, { offset: 0 });
    if (bytes < header.preparedBytes)
      finding.damaged("it is shorter than its header says", { offset: bytes, length: header.preparedBytes - bytes });
    const at = Math.max(firstFrameAt, header.carriedEnd);
    this.#places.learn(this.#expected.shard, { index: header.index, position: at });
  }

  async #checkFrames(file: File): Promise<(() => Promise<void>) | undefined> {
    const { end, endUnknown, bytes } = this.#file;
    if (end === undefined && !endUnknown) return this.#checkOpenEnd(file);
    const limit = Math.min(end?.position ?? bytes, bytes);
    const range = { ...this.#start(), limit, isDeclared: end !== undefined };
    const walked = await walkFrames(file, range, this.#walker());
    this.#checkPrepared(walked.preparedBytes);
    if (endUnknown) this.#finding.note("where it ends is not known: the header of the file behind it is damaged");
    if (end !== undefined && end.position > bytes)
      this.#finding.damaged("it ends before the place that its successor declares", {
        offset: bytes,
        length: end.position - bytes,
      });
    else if (end?.hash !== undefined && walked.hash !== undefined && walked.hash !== end.hash)
      this.#finding.damaged("it ends with another hash than its successor declares", { offset: limit });
    return undefined;
  }

  async #checkOpenEnd(file: File): Promise<() => Promise<void>> {
    const { bytes, header } = this.#file;
    const range = { ...this.#start(), limit: bytes, isDeclared: false };
    const { scanned } = await walkToFirstBad(file, range, this.#walker());
    this.#checkPrepared(scanned.preparedBytes);
    const tail = await examineTail(file, bytes, scanned.end, scanned.stopped, this.#expected, this.#places);
    return async () => {
      if (header === undefined) return;
      const { headerHash, path, named } = this.#file;
      const last = { path, header, headerHash: headerHash!, bytes, named };
      const { shard } = this.#expected;
      const end = { shard, files: [last], last, scanned, tail, frames: 0 };
      try {
        judge({ ...neverReplayed, env: this.#deps.env, places: this.#places, topicName: this.#topicName }, end);
      } catch (error) {
        if (!(error instanceof StartRefusal)) throw error;
        await this.#reading((again) => this.#tellAll(again, scanned.end, error));
        return;
      }
      const cut = tail.writtenEnd - scanned.end;
      if (cut > 0) this.#finding.note(`tail cut by ${cut} bytes at next start, from offset ${scanned.end} on`);
    };
  }

  /** All that is damaged behind the first bad place of a log's end. */
  async #tellAll(file: File, from: number, refusal: StartRefusal): Promise<void> {
    const bads: BadStretch[] = [];
    const range = { expected: this.#expected, from, startHash: undefined, limit: this.#file.bytes, isDeclared: false };
    await walkFrames(file, range, { frame: (frame) => this.#frame(frame), bad: (bad) => bads.push(bad) });
    const { place, reason } = refusal;
    const first = bads.at(0)?.at === from ? bads.shift() : undefined;
    this.#finding.damaged(reason, {
      offset: place?.offset ?? from,
      ...lengthOf(place?.length ?? first?.bytes),
      ...what(place?.topic, place?.firstSeq, place?.lastSeq),
    });
    for (const bad of bads) this.#bad(bad);
  }

  #start(): { expected: ExpectedPlace; from: number; startHash: bigint | undefined } {
    return { expected: this.#expected, from: firstFrameAt, startHash: this.#file.headerHash };
  }

  #walker(): { frame(frame: Frame): void; bad(bad: BadStretch): void } {
    return { frame: (frame) => this.#frame(frame), bad: (bad) => this.#bad(bad) };
  }

  #frame(frame: Frame): void {
    const { fields } = frame;
    this.#finding.count("frames");
    this.#finding.count("records", fields.count);
    frame.synced.forEach((place, shard) => this.#places.learn(shard, place));
    if (fields.kind === frameKind.mark || fields.kind === frameKind.final) return;
    const damage = { offset: frame.offset, length: frame.length };
    if (fields.kind === frameKind.anchor) {
      if (decodeAnchors(frame.payload) === undefined) this.#finding.damaged("anchors are malformed", damage);
      return;
    }
    const outcome = decodeEntry(fields.kind, frame.payload);
    if (!outcome.ok) this.#finding.damaged(outcome.reason, { ...damage, ...this.#whatOf(fields) });
    else if (outcome.entry.kind === "topicCreate") this.#deps.names.learn(fields.topicId, outcome.entry.name);
  }

  #bad({ at, bytes, reason, fields, errno }: BadStretch): void {
    if (errno !== undefined) this.#finding.unsure(`${errno} at offset ${at}`);
    else this.#finding.damaged(reason, { offset: at, ...lengthOf(bytes), ...(fields ? this.#whatOf(fields) : {}) });
  }

  #whatOf({ topicId, firstSeq, count }: Frame["fields"]): Partial<Damage> {
    return what(this.#topicName(topicId), firstSeq, firstSeq + count - 1);
  }

  readonly #topicName = (topicId: number): string | undefined => this.#deps.names.of(topicId);

  #checkPrepared(preparedBytes: number): void {
    const { bytes } = this.#file;
    if (preparedBytes > bytes)
      this.#finding.damaged("it is shorter than its frames say", { offset: bytes, length: preparedBytes - bytes });
  }

  async #reading<T>(work: (file: File) => Promise<T>): Promise<T> {
    const file = await this.#deps.env.fs.open(this.#file.path, "read");
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  }
}

/** What judging the end of a log does not need. */
const neverReplayed = {
  visit: (): undefined => undefined,
  observe: (): void => undefined,
  progress: (): void => undefined,
  breathe: (): undefined => undefined,
};

function lengthOf(length: number | undefined): { readonly length?: number } {
  return length === undefined || length === 0 ? {} : { length };
}

function what(topic: string | undefined, firstSeq: number | undefined, lastSeq: number | undefined): Partial<Damage> {
  return {
    ...(topic === undefined ? {} : { topic }),
    ...(firstSeq === undefined || firstSeq === 0 || lastSeq === undefined || lastSeq < firstSeq
      ? {}
      : { firstSeq, lastSeq }),
  };
}

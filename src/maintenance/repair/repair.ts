/**
 * `topics repair DIR --to NEWDIR` (spec 6.6): leaves the damaged directory as it is, and makes a new one of everything in it
 * that is still as it was written: the newest good checkpoint, valid blocks, valid frames. What is lost is given up in holes
 * `corrupt`, so that every reader is told, and is reported topic by topic.
 *
 * The new directory has segments, two checkpoints and a manifest, and a log that has not begun. It appears when all of it is
 * there, and has been verified.
 */
import { writeCheckpoint } from "../../checkpoint/writer.ts";
import { segmentsSection, topicsSection, wholeSection } from "../../engine/checkpoint-codec.ts";
import { checkpointsKept } from "../../engine/kept-checkpoints.ts";
import { type Env, errnoOf } from "../../env/env.ts";
import type { PartEntry } from "../../segment/part-entry.ts";
import type { Section } from "../../checkpoint/format.ts";
import { shareLock } from "../../storage/lock.ts";
import { ManifestStore } from "../../storage/manifest.ts";
import { NameTaken } from "../../storage/new-directory.ts";
import { StartRefusal } from "../../storage/refusal.ts";
import { SealedPart } from "../../topic/sealed-part.ts";
import { encodeSection } from "../../topic/section.ts";
import { Topic } from "../../topic/topic.ts";
import type { LogPlace } from "../../wal/commit.ts";
import { toHex } from "../../wal/file-header.ts";
import { shardNumber } from "../../wal/wal.ts";
import { findLog, type FoundLog } from "../found-log.ts";
import type { Progress } from "../progress.ts";
import { readOnlyEnv } from "../read-only-fs.ts";
import { type Survey, survey } from "../survey.ts";
import { beginDirectory, whileLocked } from "../unfinished.ts";
import { verify } from "../verify/verify.ts";
import { type Base, findBase } from "./base.ts";
import { copyTopic } from "./copy-base.ts";
import { FoundDeaths } from "./deaths.ts";
import { type FilledTopic, fillTopic, type FinishedTopic, settleTopic } from "./finished-topic.ts";
import { type DamagedFile, FoundBlocks } from "./found-blocks.ts";
import { gather } from "./gather.ts";
import { DerivedCopies } from "./derived-copies.ts";
import { LenientReplay } from "./lenient-replay.ts";
import { type LogSurvey, surveyLog, usualFileBytes } from "./log-survey.ts";
import type { Range } from "./ranges.ts";
import type { RepairReport } from "./repair-report.ts";
import type { TopicSalvage } from "./topic-salvage.ts";
import { startIn, walkLog } from "./walk-log.ts";
import { openWorkshop, type Workshop } from "./workshop.ts";

export interface RepairOptions {
  readonly env: Env;
  readonly directory: string;
  readonly cold: string | undefined;
  readonly target: string;
  readonly progress: Progress;
}

export async function repair(options: RepairOptions): Promise<RepairReport> {
  const { env, directory, target } = options;
  if (`${target}/`.startsWith(`${directory}/`))
    return untold(options, `${target} lies within ${directory}, which is to be left as it is`);
  try {
    const lock = await shareLock(env, directory);
    if (lock.outcome === "busy") return untold(options, `${directory} is in use by another process: ${lock.holder}`);
    try {
      const latchNoted = lock.outcome === "held" && lock.latchNoted;
      return await new Repair(options, latchNoted).run();
    } finally {
      if (lock.outcome === "held") await lock.release();
    }
  } catch (error) {
    if (error instanceof NameTaken) return untold(options, `${target} is there already, and is not an empty directory`);
    if (error instanceof StartRefusal && error.kind === "busy") return untold(options, error.reason);
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    const { path } = error as { readonly path?: unknown };
    return untold(options, `${errno}${typeof path === "string" ? `: ${path}` : ""}`);
  }
}

function untold({ directory, target }: RepairOptions, reason: string): RepairReport {
  const counts = { topics: 0, records: 0, frames: 0 };
  return { directory, target, outcome: "inconclusive", reason, damaged: [], notes: [], topics: [], counts };
}

class Repair {
  readonly #options: RepairOptions;
  readonly #latchNoted: boolean;
  /** The damaged directory is only read. */
  readonly #source: Env;
  readonly #damaged: DamagedFile[] = [];

  constructor(options: RepairOptions, latchNoted: boolean) {
    this.#options = options;
    this.#latchNoted = latchNoted;
    const { env, progress } = options;
    this.#source = readOnlyEnv(env, { read: (bytes) => progress.advance(bytes), failed: () => undefined });
  }

  async run(): Promise<RepairReport> {
    const { env, directory, cold, target } = this.#options;
    const found = await survey(this.#source, directory, cold);
    if (found.names.length === 0) return untold(this.#options, `there is nothing in ${directory}`);
    if (found.problem?.outcome === "version") return untold(this.#options, `the manifest: ${found.problem.reason}`);
    if (found.problem !== undefined) this.#damaged.push({ file: `${directory}/MANIFEST`, what: found.problem.reason });
    const directoryId = toHex(env.random.bytes(16));
    const made = await beginDirectory(env, target, "repair");
    try {
      const report = await this.#verified(
        await whileLocked(env, made.path, () => this.#make(found, made.path, directoryId)),
        made.path,
      );
      if (report.outcome === "inconclusive") await made.abandon();
      else await made.finish();
      return report;
    } catch (error) {
      await made.abandon();
      throw error;
    }
  }

  async #make(found: Survey, path: string, directoryId: string): Promise<RepairReport> {
    const { env, directory, target, progress } = this.#options;
    const { base, damaged } = await findBase(this.#source, found);
    this.#damaged.push(...damaged);
    const log = await findLog(this.#source, withLayoutOf(found, base));
    const synced = base === undefined ? [] : [base.whole.from, base.whole.synced];
    const surveyed = await surveyLog(
      { env: this.#source, directoryId: found.manifest.directoryId, latchNoted: this.#latchNoted, synced, progress },
      log,
    );
    this.#damaged.push(...surveyed.damaged);
    const blocks = await FoundBlocks.find(this.#source, found, partsByFile(base), progress);
    this.#damaged.push(...blocks.damaged);

    const workshop = openWorkshop(env, path, directoryId);
    workshop.segments.startAt(1);
    const shards = base?.whole.from.length ?? found.manifest.layouts.at(-1)!.shards;
    const replay: LenientReplay = new LenientReplay(
      workshop.topicDeps,
      (id) => shardsOf(log, id),
      () => copies,
    );
    const topicWith = (id: number): Topic | undefined => replay.topics.get(id)?.topic;
    const sections = base?.topics ?? [];
    const { files } = surveyed;
    const copies = await DerivedCopies.find(this.#source, workshop.pool, files, sections, topicWith, progress);
    if (base !== undefined) await this.#restore(found, base, surveyed, blocks, workshop, replay);
    await this.#replay(log, surveyed, base, workshop, replay);
    if (base === undefined) createFromBlocks(blocks, replay);
    for (const [id, salvage] of replay.topics) {
      const last = Math.max(0, ...blocks.ofTopic(id).map((block) => (isOf(block, salvage) ? block.lastSeq : 0)));
      if (!salvage.topic.isGone && last > salvage.topic.headSeq) salvage.giveUp(last, replay.stamp);
    }
    const salvaged = this.#present(replay, surveyed, shards, workshop);
    const finished = await this.#finish(found, salvaged, surveyed, blocks, workshop);
    await this.#write(finished, found, base, replay, shards, workshop);
    await workshop.segments.files.close();
    return {
      directory,
      target,
      outcome: "ok",
      directoryId,
      ...(base === undefined ? {} : { checkpoint: base.number }),
      damaged: this.#damaged,
      notes: base === undefined && this.#damaged.length > 0 ? [topicsMayBeGone] : [],
      topics: finished.flatMap(({ report }) => report ?? []),
      counts: {
        topics: finished.length,
        records: finished.flatMap(({ section }) => section.parts).reduce((sum, { liveCount }) => sum + liveCount, 0),
        frames: surveyed.frames,
      },
    };
  }

  async #verified(report: RepairReport, path: string): Promise<RepairReport> {
    const { env, progress } = this.#options;
    const { outcome } = await verify({ env, directory: path, cold: undefined, progress });
    return outcome === "ok" ? report : { ...report, outcome: "damaged", reason: "what was made does not verify" };
  }

  /** The checkpoint's topics, with what is left of their sealed records. */
  async #restore(
    found: Survey,
    base: Base,
    surveyed: LogSurvey,
    blocks: FoundBlocks,
    workshop: Workshop,
    replay: LenientReplay,
  ): Promise<void> {
    const { clock, segments, pool, reads, sink, topicDeps } = workshop;
    clock.observe(base.stamp);
    for (const { id, op } of base.whole.gone) replay.restoreGone(id, op);
    const deaths = await FoundDeaths.read(this.#source, found, base.segments);
    this.#damaged.push(...deaths.damaged);
    // Deletes are done again where nothing else tells what they took.
    const doubtful = base.topics.filter(({ parts }) =>
      parts.some(({ entry }) => deaths.incomplete.has(entry.file) || blocks.part(entry).lost.length > 0),
    );
    const wanted = new Map(doubtful.map(({ id }): [number, readonly Range[]] => [id, []]));
    const gathered = await gather(this.#source, surveyed.files, wanted, this.#options.progress);
    const deletesOf = (id: number): ReturnType<typeof gathered>["deletes"] => gathered(id).deletes;
    const copied = [];
    for (const section of base.topics)
      copied.push(await copyTopic({ env: this.#source, pool, blocks, deaths, sink, deletesOf }, section));
    await sink.end();
    for (const { section, missing, notes } of copied) {
      const parts = section.parts.map(({ entry, liveCount, liveBytes }) => {
        segments.use(entry);
        return new SealedPart(entry, reads, liveCount, liveBytes);
      });
      const topic = Topic.fromSection(section, parts, topicDeps);
      const salvage = replay.restore(topic, section, missing);
      if (!topic.restoreJobs(section)) salvage.notes.add("what the checkpoint said of its jobs is lost");
      for (const note of notes) salvage.notes.add(note);
    }
  }

  async #replay(
    log: FoundLog,
    surveyed: LogSurvey,
    base: Base | undefined,
    workshop: Workshop,
    replay: LenientReplay,
  ): Promise<void> {
    const from = base?.whole.from;
    for (const { shard, index, at, bytes } of [...surveyed.absent, ...neverFound(log, from)]) {
      const start = startIn(shard, index, from);
      const left = start === undefined ? 0 : bytes - Math.max(0, start - at);
      if (left > 0)
        replay.bad(keyOf(shard), { file: index, at: Math.max(at, start!) }, { bytes: left, why: "missing" });
    }
    await walkLog(this.#source, surveyed.files, from, this.#options.progress, {
      frame: ({ shard, file }, frame) => {
        workshop.clock.observe(frame.fields.stamp);
        replay.frame(keyOf(shard), { file: file.index, at: frame.offset }, frame);
      },
      bad: ({ shard, file }, { at, bytes, reason, fields, frameBytes = 0 }) => {
        const place = { file: file.index, at };
        if (fields !== undefined) replay.bad(keyOf(shard), place, { bytes: frameBytes, why: reason }, fields);
        const rest = fields === undefined ? bytes : bytes - frameBytes;
        if (rest > 0) replay.bad(keyOf(shard), place, { bytes: rest, why: reason });
      },
      breathe: () => (workshop.isFull() ? sealTails(replay, workshop) : undefined),
    });
    replay.conclude();
  }

  /** Topics that are there at the end of the log, each with its own name. */
  #present(replay: LenientReplay, surveyed: LogSurvey, shards: number, { clock }: Workshop): TopicSalvage[] {
    const byName = new Map<string, TopicSalvage>();
    for (const salvage of replay.topics.values()) {
      const { topic } = salvage;
      if (topic.isGone) continue;
      const other = byName.get(topic.name);
      // A name is given again only when its last holder is deleted: that was lost, or never answered.
      if (other !== undefined && other.topic.epoch > topic.epoch) continue;
      byName.set(topic.name, salvage);
    }
    const present = [...byName.values()];
    for (const salvage of present) {
      const powerLost = surveyed.powerLost.at(shardNumber(salvage.topic.id, shards)) ?? true;
      salvage.crashHole(powerLost, replay.stamp);
      salvage.topic.afterRecovery(clock.nowMs());
    }
    return present;
  }

  async #finish(
    found: Survey,
    salvaged: readonly TopicSalvage[],
    surveyed: LogSurvey,
    blocks: FoundBlocks,
    workshop: Workshop,
  ): Promise<FinishedTopic[]> {
    for (const { topic } of salvaged) await workshop.sink.tail(topic);
    await workshop.sink.end();
    const incomplete = salvaged.filter(({ missing }) => missing.length > 0);
    const wanted = new Map(incomplete.map(({ topic, missing }): [number, readonly Range[]] => [topic.id, missing]));
    const gathered = await gather(this.#source, surveyed.files, wanted, this.#options.progress);
    const deaths = incomplete.length === 0 ? new FoundDeaths() : await FoundDeaths.readAll(this.#source, found);
    const filled: FilledTopic[] = [];
    for (const salvage of salvaged) {
      const { id } = salvage.topic;
      const own = blocks.ofTopic(id).filter((block) => isOf(block, salvage));
      filled.push(await fillTopic(this.#source, workshop, salvage, { blocks: own, deaths, gathered: gathered(id) }));
    }
    await workshop.sink.end();
    return filled.map((one) => settleTopic(workshop, one));
  }

  async #write(
    topics: readonly FinishedTopic[],
    found: Survey,
    base: Base | undefined,
    replay: LenientReplay,
    shards: number,
    workshop: Workshop,
  ): Promise<void> {
    const { env } = this.#options;
    const { directory, directoryId, segments, clock } = workshop;
    const files = new Set(topics.flatMap(({ section }) => section.parts.map(({ entry }) => entry.file)));
    for (const { deletes } of topics)
      for (const { file, ranges } of deletes) if (files.has(file)) segments.stageDeletes(file, ranges);
    await segments.flushDeletes(files);
    segments.hold(this, files);
    const nextTopicId = Math.max(replay.greatestId + 1, base?.whole.nextTopicId ?? 1, found.manifest.idCeiling);
    const nothing = Array.from({ length: shards }, () => ({ index: 0, position: 0 }));
    const whole = { from: nothing, synced: nothing, nextTopicId, nextSegment: segments.next };
    const named = segments.named(files);
    const numbers = Array.from({ length: checkpointsKept }, (_, at) => at + 1);
    for (const number of numbers) {
      const head = { directoryId, number, stamp: clock.nextStamp() };
      const first = wholeSection({ ...whole, gone: [], topics: topics.length, derives: true });
      await writeCheckpoint(env, directory, head, sectionsOf([first, segmentsSection(named)], topics, shards));
    }
    await ManifestStore.create(env.fs, directory, {
      directoryId,
      layouts: [{ shards, files: Array.from({ length: shards }, () => []) }],
      nextIndex: 1,
      idCeiling: nextTopicId,
      generation: 0,
      checkpoints: numbers,
      nextCheckpoint: numbers.length + 1,
      parent: found.manifest.directoryId,
    });
    // What was written and then written anew has no place in it.
    await removeUnnamed(env, directory, segments, files);
  }
}

/** Without a manifest, and without a file of its layout, a checkpoint still tells how many shards there were. */
function withLayoutOf(found: Survey, base: Base | undefined): Survey {
  const { layouts } = found.manifest;
  const shards = base?.whole.from.length ?? 0;
  if (base === undefined || found.problem === undefined || layouts.at(-1)!.shards === shards) return found;
  const layout = { shards, files: Array.from({ length: shards }, () => []) };
  const files = layouts.every((one) => one.files.every((list) => list.length === 0));
  return { ...found, manifest: { ...found.manifest, layouts: files ? [layout] : [...layouts, layout] } };
}

/** Files in which a checkpoint's replay begins, and of which there is no trace. */
function neverFound({ shards }: FoundLog, from: readonly LogPlace[] | undefined): LogSurvey["absent"] {
  return shards.flatMap((shard) => {
    const place = from?.[shard.shard];
    if (!shard.isLast || place === undefined || place.index === 0) return [];
    const first = shard.files.at(0)?.header?.predecessor;
    const isRetired = first?.index === place.index && place.position >= first.end;
    const isThere = shard.files.some(({ index }) => index === place.index);
    return isThere || isRetired ? [] : [{ shard, index: place.index, at: 0, bytes: usualFileBytes }];
  });
}

const sectionBytes = 256 << 10;

function* sectionsOf(first: readonly Section[], topics: readonly FinishedTopic[], shards: number): Generator<Section> {
  yield* first;
  for (let shard = 0; shard < shards; shard++) {
    let texts: string[] = [];
    let bytes = 0;
    for (const topic of topics) {
      if (shardNumber(topic.id, shards) !== shard) continue;
      const text = encodeSection(topic.section);
      texts.push(text);
      bytes += text.length;
      if (bytes < sectionBytes) continue;
      yield topicsSection(shard, texts);
      [texts, bytes] = [[], 0];
    }
    if (texts.length > 0) yield topicsSection(shard, texts);
  }
}

async function removeUnnamed(
  env: Env,
  directory: string,
  segments: Workshop["segments"],
  files: ReadonlySet<number>,
): Promise<void> {
  const unused = [...segments.files.all()].filter((file) => !files.has(file));
  for (const file of unused) await segments.files.remove(file);
  if (unused.length > 0) await env.fs.syncDir(directory);
}

async function sealTails(replay: LenientReplay, { sink }: Workshop): Promise<void> {
  for (const { topic } of replay.topics.values()) await sink.tail(topic);
  await sink.end();
}

const topicsMayBeGone = "no checkpoint was good: topics may have been there of which nothing at all is left";

/** As many as a restore leaves out by default. */
const unknownSeqs = 2 ** 32;

/** Topics of which only segments are left: without a checkpoint and without a frame nothing else tells of them. */
function createFromBlocks(blocks: FoundBlocks, replay: LenientReplay): void {
  for (const id of blocks.topics) {
    if (replay.topics.has(id)) continue;
    const epoch = Math.max(...blocks.ofTopic(id).map((block) => block.epoch));
    const salvage = replay.create(id, epoch, replay.stamp);
    salvage.loseUnknown("all of its operations: only sealed records are left of it");
    salvage.notes.add("it may have been deleted before");
    // How far seqs were given out is not known at all.
    salvage.giveUp(Math.max(0, ...blocks.ofTopic(id).map(({ lastSeq }) => lastSeq)) + unknownSeqs, replay.stamp);
  }
}

function isOf({ epoch }: { readonly epoch: number }, { topic }: TopicSalvage): boolean {
  return epoch === topic.epoch;
}

function partsByFile(base: Base | undefined): ReadonlyMap<number, readonly PartEntry[]> {
  const byFile = new Map<number, PartEntry[]>();
  for (const { parts } of base?.topics ?? [])
    for (const { entry } of parts) {
      const entries = byFile.get(entry.file);
      if (entries === undefined) byFile.set(entry.file, [entry]);
      else entries.push(entry);
    }
  return byFile;
}

function keyOf({ layout, shard }: { readonly layout: number; readonly shard: number }): string {
  return `${layout}.${shard}`;
}

/** The shard of each layout that a topic lived on. */
function shardsOf({ shards }: FoundLog, topicId: number): string[] {
  const keys = new Set<string>();
  for (const { layout, shards: count } of shards) keys.add(keyOf({ layout, shard: shardNumber(topicId, count) }));
  return [...keys];
}

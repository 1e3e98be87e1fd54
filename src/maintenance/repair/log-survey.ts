/**
 * The whole log, gone over once before anything of it is replayed (spec 6.2, 6.6): where each file ends, whether the last one
 * of a shard ends in a tear or in damage, and what is wanted of frames that the replay itself would not keep.
 */
import { type Env, errnoOf } from "../../env/env.ts";
import { frameKind, type LogPlace } from "../../wal/commit.ts";
import { examineTail } from "../../wal/evidence.ts";
import { firstFrameAt } from "../../wal/file-header.ts";
import { type ExpectedPlace, type Frame, frameAlignment } from "../../wal/frame.ts";
import { cacheIsWitness } from "../../wal/recovery.ts";
import { StartRefusal } from "../../storage/refusal.ts";
import { judge } from "../../wal/replay.ts";
import { SyncedPlaces } from "../../wal/synced-places.ts";
import type { FoundFile, FoundLog, FoundShard } from "../found-log.ts";
import { OverlayFs } from "../overlay-fs.ts";
import type { Progress } from "../progress.ts";
import { type BadStretch, walkFrames, walkToFirstBad } from "../walk-frames.ts";
import type { DamagedFile } from "./found-blocks.ts";

export interface LogFile {
  readonly shard: FoundShard;
  readonly file: FoundFile;
  /** Where frames end. */
  readonly limit: number;
  readonly isDeclared: boolean;
}

export interface AbsentStretch {
  readonly shard: FoundShard;
  readonly index: number;
  readonly at: number;
  readonly bytes: number;
}

export interface LogSurvey {
  /** All that can be read, in the order of their shards, oldest first. */
  readonly files: readonly LogFile[];
  /** Where frames may have been of which there is no trace: whole files, or what lay behind the end of one. */
  readonly absent: readonly AbsentStretch[];
  /** By shard of the last layout: what was not synced may be missing. */
  readonly powerLost: readonly boolean[];
  readonly damaged: readonly DamagedFile[];
  readonly frames: number;
}

export interface LogSurveyDeps {
  readonly env: Env;
  readonly directoryId: string;
  readonly latchNoted: boolean;
  /** Places that a checkpoint calls synced. */
  readonly synced: readonly (readonly LogPlace[])[];
  readonly progress: Progress;
}

/** What a file may have held of which nothing is known. */
export const usualFileBytes = 64 << 20;

export async function surveyLog(deps: LogSurveyDeps, log: FoundLog): Promise<LogSurvey> {
  const surveying = new Surveying(deps, log);
  for (const shard of log.shards) await surveying.shard(shard);
  return surveying.conclude();
}

interface OpenEnd {
  readonly shard: FoundShard;
  readonly file: FoundFile;
  readonly at: number;
  readonly lastKind: number | undefined;
  readonly end: Parameters<typeof judge>[1];
}

class Surveying {
  readonly #deps: LogSurveyDeps;
  readonly #log: FoundLog;
  readonly #places: SyncedPlaces;
  readonly #files: LogFile[] = [];
  readonly #absent: AbsentStretch[] = [];
  readonly #openEnds: OpenEnd[] = [];
  readonly #damaged: DamagedFile[] = [];
  #frames = 0;

  constructor(deps: LogSurveyDeps, log: FoundLog) {
    this.#deps = deps;
    this.#log = log;
    const last = log.shards.filter(({ isLast }) => isLast).length;
    this.#places = new SyncedPlaces(last);
    for (const known of deps.synced) known.forEach((place, at) => at < last && this.#places.learn(at, place));
  }

  async shard(shard: FoundShard): Promise<void> {
    for (const [at, file] of shard.files.entries()) {
      this.#deps.progress.at(file.path);
      const { problem, header, index } = file;
      const foreign = this.#foreign(shard, file);
      if (problem !== undefined) this.#damaged.push({ file: file.path, what: problem.reason });
      if (foreign !== undefined) this.#damaged.push({ file: file.path, what: foreign });
      const unusable = problem !== undefined && problem.what !== "damaged";
      if (unusable || foreign !== undefined) {
        const before = shard.files.at(at - 1)?.header?.preparedBytes ?? 0;
        this.#absent.push({ shard, index, at: 0, bytes: Math.max(usualFileBytes, before) });
        continue;
      }
      if (header !== undefined && shard.isLast)
        this.#places.learn(shard.shard, { index, position: Math.max(firstFrameAt, header.carriedEnd) });
      await this.#read(shard, file);
    }
  }

  async conclude(): Promise<LogSurvey> {
    const powerLost = new Map<number, boolean>();
    for (const open of this.#openEnds) {
      const { shard, file, at, end } = open;
      const { writtenEnd } = end.tail!;
      const behind = this.#isTorn(end) ? { limit: at, end: at, lastKind: open.lastKind } : await this.#goOn(open);
      if (shard.isLast) this.#missBehind(shard, file, behind.end, end.scanned?.preparedBytes ?? 0);
      this.#files.push({ shard, file, limit: behind.limit, isDeclared: false });
      if (!shard.isLast) continue;
      const isClean = behind.lastKind === frameKind.final && writtenEnd <= behind.end;
      powerLost.set(shard.shard, !isClean && !(await this.#isWitness(shard, end)));
    }
    const order = (one: LogFile): number => this.#log.shards.indexOf(one.shard);
    this.#files.sort((a, b) => order(a) - order(b) || a.file.index - b.file.index);
    const last = this.#log.shards.filter(({ isLast }) => isLast);
    return {
      files: this.#files,
      absent: this.#absent,
      powerLost: last.map(({ shard, files }) => powerLost.get(shard) ?? files.length > 0),
      damaged: this.#damaged,
      frames: this.#frames,
    };
  }

  /** Its frames say which file of which shard they belong to, but not of which directory. */
  #foreign({ layout, shard, shards }: FoundShard, { header, index }: FoundFile): string | undefined {
    if (header === undefined) return undefined;
    const own = { directoryId: this.#deps.directoryId, layout, shard, shards, index };
    for (const key of ["directoryId", "layout", "shard", "shards", "index"] as const)
      if (header[key] !== own[key]) return `it belongs elsewhere: its ${key} is ${header[key]}`;
    return undefined;
  }

  async #read(shard: FoundShard, file: FoundFile): Promise<void> {
    const handle = await this.#deps.env.fs.open(file.path, "read");
    try {
      const { end, endUnknown, bytes } = file;
      const expected: ExpectedPlace = { shard: shard.shard, shards: shard.shards, fileIndex: file.index };
      const walker = {
        frame: (frame: Frame) => this.#frame(shard, frame),
        bad: (bad: BadStretch) => this.#bad(file, bad),
      };
      const range = { expected, from: firstFrameAt, startHash: file.headerHash };
      if (end !== undefined || endUnknown) {
        const limit = Math.min(end?.position ?? bytes, bytes);
        await walkFrames(handle, { ...range, limit, isDeclared: end !== undefined }, walker);
        this.#files.push({ shard, file, limit, isDeclared: end !== undefined });
        const cut = (end?.position ?? bytes) - bytes;
        if (cut > 0) {
          this.#damaged.push({ file: file.path, what: `${cut} bytes are missing at its end` });
          this.#absent.push({ shard, index: file.index, at: bytes, bytes: cut });
        }
        return;
      }
      const { scanned, last } = await walkToFirstBad(handle, { ...range, limit: bytes, isDeclared: false }, walker);
      const places = shard.isLast ? this.#places : new SyncedPlaces(shard.shards);
      const tail = await examineTail(handle, bytes, scanned.end, scanned.stopped, expected, places);
      const { path, header, headerHash, named } = file;
      const chained = header && { path, header, headerHash: headerHash!, bytes, named };
      this.#openEnds.push({
        shard,
        file,
        at: scanned.end,
        lastKind: last?.fields.kind,
        end: { shard: shard.shard, files: chained ? [chained] : [], last: chained, scanned, tail, frames: 0 },
      });
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      this.#damaged.push({ file: file.path, what: errno });
      this.#files.push({ shard, file, limit: file.end?.position ?? file.bytes, isDeclared: file.end !== undefined });
    } finally {
      await handle.close();
    }
  }

  /** Behind the first bad place of a log's end, which no tear explains. */
  async #goOn({
    shard,
    file,
    at,
    end,
    lastKind,
  }: OpenEnd): Promise<{ limit: number; end: number; lastKind: number | undefined }> {
    const limit = Math.min(file.bytes, Math.ceil(end.tail!.writtenEnd / frameAlignment) * frameAlignment);
    const handle = await this.#deps.env.fs.open(file.path, "read");
    try {
      const expected = { shard: shard.shard, shards: shard.shards, fileIndex: file.index };
      const walked = await walkFrames(
        handle,
        { expected, from: at, startHash: undefined, limit, isDeclared: false },
        { frame: (frame) => this.#frame(shard, frame), bad: (bad) => this.#bad(file, bad) },
      );
      return { limit, end: walked.end, lastKind: walked.last?.fields.kind ?? lastKind };
    } finally {
      await handle.close();
    }
  }

  #frame(shard: FoundShard, { synced }: Frame): void {
    this.#frames++;
    if (shard.isLast) synced.forEach((place, other) => this.#places.learn(other, place));
  }

  #bad({ path }: FoundFile, { at, bytes, reason }: BadStretch): void {
    this.#damaged.push({ file: path, what: `offset ${at}, ${bytes} bytes: ${reason}` });
  }

  /** A tear that an ordinary power loss explains: what lies there was never acked as synced. */
  #isTorn(end: OpenEnd["end"]): boolean {
    try {
      judge({ ...neverReplayed, env: this.#deps.env, places: this.#places }, end);
      return end.last !== undefined;
    } catch (error) {
      if (error instanceof StartRefusal) return false;
      throw error;
    }
  }

  /** Frames that something says were there: the file had been longer, or a place behind its end was synced. */
  #missBehind(shard: FoundShard, file: FoundFile, end: number, preparedBytes: number): void {
    const { index, bytes, header } = file;
    const known = this.#places.of(shard.shard);
    const synced = known.index === index ? known.position : 0;
    // A file that nothing of it is left of, or that ends in front of a synced place, may have been of any length.
    const isUnknown = synced > bytes || (header === undefined && end === firstFrameAt);
    const wasBytes = Math.max(preparedBytes, header?.preparedBytes ?? 0, isUnknown ? synced + usualFileBytes : 0);
    const missing = Math.max(wasBytes > bytes ? wasBytes - end : 0, synced - end);
    if (missing > 0) this.#absent.push({ shard, index, at: end, bytes: missing });
    if (known.index > index)
      this.#absent.push({ shard, index: known.index, at: 0, bytes: Math.max(known.position, usualFileBytes) });
    if (missing > 0 || known.index > index)
      this.#damaged.push({ file: file.path, what: `the log ends at offset ${end}, too early` });
  }

  async #isWitness({ shard }: FoundShard, { last }: OpenEnd["end"]): Promise<boolean> {
    const { env, latchNoted } = this.#deps;
    const noteLatch = (): Promise<void> => Promise.resolve();
    // It is asked for by a sync, which must not reach the disk.
    const overlay = { ...env, fs: new OverlayFs(env.fs, 0) };
    return last !== undefined && cacheIsWitness({ env: overlay, latchNoted, noteLatch }, shard, last);
  }
}

const neverReplayed = {
  visit: (): undefined => undefined,
  observe: (): void => undefined,
  progress: (): void => undefined,
  topicName: (): undefined => undefined,
  breathe: (): undefined => undefined,
};

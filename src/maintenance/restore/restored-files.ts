/**
 * The files of a restored directory (spec 6.7), as a clean stop at the moment would have left them: what the checkpoint names,
 * the log behind its places as far as the moment, the checkpoint, and a manifest.
 */
import type { NamedSegment } from "../../engine/segments.ts";
import { writeNewFile } from "../../storage/atomic-file.ts";
import { joinPath, manifestName } from "../../storage/layout.ts";
import { encodeManifest, type Manifest } from "../../storage/manifest.ts";
import { frameKind } from "../../wal/commit.ts";
import { defaultWalConfig } from "../../wal/config.ts";
import type { Frame } from "../../wal/frame.ts";
import type { Progress } from "../progress.ts";
import type { KnownSeqs } from "./known-seqs.ts";
import { type Move, moveCheckpoint, moveSegment } from "./new-files.ts";
import { NewLog, type WrittenLog } from "./new-log.ts";
import type { Plan } from "./plan.ts";
import type { SourceLog } from "./source-log.ts";

export interface RestoreSources {
  readonly manifest: Manifest;
  readonly log: SourceLog;
  readonly planned: Plan;
  readonly known: KnownSeqs;
  /** Topic ids below it may have been given out. */
  readonly idCeiling: number;
  readonly progress: Progress;
}

export class RestoredFiles {
  readonly #sources: RestoreSources;
  readonly #move: Move;
  #lastStamp: number;
  #index = 1;

  constructor(sources: RestoreSources, move: Move) {
    this.#sources = sources;
    this.#move = move;
    this.#lastStamp = sources.planned.state?.kept.stamp ?? 0;
  }

  /** Gives the stamp of the last commit. */
  async write(): Promise<number> {
    const { planned, known } = this.#sources;
    const segments: NamedSegment[] = [];
    for (const segment of planned.state?.kept.segments ?? []) {
      this.#sources.progress.at(`segment ${segment.file}`);
      segments.push(await moveSegment(this.#move, segment));
      this.#sources.progress.advance(segment.bytes);
    }
    const written = await this.#writeLogs();
    // A checkpoint speaks of what is there for good.
    await this.#move.env.fs.syncDir(this.#move.to);
    if (planned.state !== undefined)
      await moveCheckpoint(this.#move, planned.state, segments, {
        from: written.map(({ from }) => from),
        synced: written.map(({ end }) => end),
        nextTopicId: Math.max(planned.state.whole.nextTopicId, known.greatestId + 1),
      });
    await this.#writeManifest(written);
    return this.#lastStamp;
  }

  async #writeLogs(): Promise<WrittenLog[]> {
    const { log } = this.#sources;
    const logs: NewLog[] = [];
    const written: WrittenLog[] = [];
    try {
      for (let shard = 0; shard < log.shards.length; shard++) {
        logs.push(this.#newLog(shard));
        await this.#writeLog(shard, logs[shard]);
      }
      // Behind every commit, and no two at the same moment.
      for (const [shard, own] of logs.entries()) written.push(await own.finish(this.#lastStamp + 1 + shard));
      return written;
    } catch (error) {
      for (const own of logs) await own.abandon();
      throw error;
    }
  }

  #newLog(shard: number): NewLog {
    const { env, to, toId } = this.#move;
    const lineage = { directoryId: toId, layout: 0, shard, shards: this.#sources.log.shards.length, generation: 1 };
    const { fileBytes } = defaultWalConfig;
    return new NewLog({ env, directory: to, lineage, fileBytes, nextIndex: () => this.#index++ });
  }

  async #writeLog(shard: number, written: NewLog): Promise<void> {
    const { planned, log, progress } = this.#sources;
    progress.at(`log of shard ${shard}`);
    const from = planned.state?.kept.from[shard];
    await log.read(
      shard,
      from,
      (frame) => this.#take(frame, written),
      () => written.flush(),
    );
    await written.flush();
  }

  /** Marks and ends of earlier runs say nothing about this one. */
  #take({ fields, payload, length }: Frame, written: NewLog): boolean {
    if (fields.stamp > this.#sources.planned.stamp) return false;
    this.#sources.progress.advance(length);
    if (fields.kind === frameKind.mark || fields.kind === frameKind.final) return true;
    this.#lastStamp = Math.max(this.#lastStamp, fields.stamp);
    written.add(fields, payload);
    return true;
  }

  async #writeManifest(written: readonly WrittenLog[]): Promise<void> {
    const { manifest, planned, idCeiling, known } = this.#sources;
    const { env, to, toId } = this.#move;
    const checkpoint = planned.state?.kept.number;
    const content = encodeManifest({
      directoryId: toId,
      layouts: [{ shards: written.length, files: written.map(({ files }) => files) }],
      nextIndex: this.#index,
      idCeiling: Math.max(idCeiling, known.greatestId + 1),
      generation: 1,
      checkpoints: checkpoint === undefined ? [] : [checkpoint],
      nextCheckpoint: Math.max(manifest.nextCheckpoint, (checkpoint ?? 0) + 1),
      parent: manifest.directoryId,
    });
    await writeNewFile(env.fs, joinPath(to, manifestName), content);
  }
}

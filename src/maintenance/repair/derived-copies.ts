/**
 * Copies that no frame of their topic holds (spec 3.3, 6.6): derived in a repair as at a start, where all frames that they
 * depend on are there. Where one is not nobody can tell which seqs they had: they are lost, and announced.
 */
import { Deriver, type Deriving } from "../../engine/deriver.ts";
import { SourceFrames } from "../../engine/source-frames.ts";
import type { Env } from "../../env/env.ts";
import type { BlockPool } from "../../topic/block-pool.ts";
import { decodeEntry } from "../../topic/entries.ts";
import type { TopicSection } from "../../topic/section.ts";
import type { Topic } from "../../topic/topic.ts";
import { type FrameAnchor, frameKind, type LogPlace } from "../../wal/commit.ts";
import { FrameReader } from "../../wal/reread.ts";
import type { Progress } from "../progress.ts";
import type { LogFile } from "./log-survey.ts";
import { walkLog } from "./walk-log.ts";

export class DerivedCopies {
  readonly #deriver: Deriver;

  private constructor(deriver: Deriver) {
    this.#deriver = deriver;
  }

  /** `sections`: of the checkpoint that the repair begins with. */
  static async find(
    env: Env,
    pool: BlockPool,
    files: readonly LogFile[],
    sections: readonly TopicSection[],
    topic: (id: number) => Topic | undefined,
    progress: Progress,
  ): Promise<DerivedCopies> {
    const frames = new Map<number, SourceFrames>();
    const note = (id: number | undefined): void => {
      if (id !== undefined && !frames.has(id)) frames.set(id, new SourceFrames(1));
    };
    for (const { link, derived } of sections) for (const one of [link, derived?.link]) note(one?.source.id);
    await walkLog(env, files, undefined, progress, {
      frame: (_, { fields, payload }) => {
        if (fields.kind === frameKind.routerConfig) note(sourceIn(payload));
      },
    });
    if (frames.size > 0)
      await walkLog(env, files, undefined, progress, {
        frame: (_, frame) => frames.get(frame.fields.topicId)?.take(frame),
      });
    const names = new Map(
      files.map(({ file, shard }) => [file.index, { path: file.path, shard: shard.shard, shards: shard.shards }]),
    );
    const reader = new FrameReader(env, (index) => names.get(index));
    const lossOf = (): "corrupt" => "corrupt";
    return new DerivedCopies(new Deriver({ blocks: pool, frames, reader, topic, lossOf }));
  }

  /** Up to an anchor that is ahead; `sure`: no frame of the topic is missing in between. */
  reach(topic: Topic, anchor: FrameAnchor, sure: boolean, place: LogPlace): void {
    const { head } = topic.way;
    if (sure && this.#deriver.fits(topic, anchor)) run(this.#deriver.to(topic, anchor, place));
    else topic.passLost(Math.max(head, anchor.dest), anchor.source, "corrupt");
  }

  /** What may have been shown before a crash that the log survived. */
  on(topic: Topic, place: LogPlace): void {
    run(this.#deriver.on(topic, place));
  }
}

function sourceIn(payload: Uint8Array): number | undefined {
  const outcome = decodeEntry(frameKind.routerConfig, payload);
  if (!outcome.ok || outcome.entry.kind !== "routerConfig" || "remove" in outcome.entry.change) return undefined;
  return outcome.entry.change.source.id;
}

function run(work: Deriving<unknown>): void {
  while (work.next().done !== true);
}

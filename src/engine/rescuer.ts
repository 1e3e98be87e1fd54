/**
 * Damaged segment blocks (spec 6.6): where the log or its archive still has their records, they are read from there, and a
 * rewritten part takes the place of the damaged one. One attempt for a part at a time, and not again for a while when it
 * was in vain: readers of the range get their error at once then.
 */
import { type Env, errnoOf } from "../env/env.ts";
import { SegmentDamage } from "../segment/files.ts";
import { decodeEntry } from "../topic/entries.ts";
import type { Rescue } from "../topic/rescue.ts";
import type { SealedPart } from "../topic/sealed-part.ts";
import type { Topic } from "../topic/topic.ts";
import { frameKind, type LogPlace } from "../wal/commit.ts";
import type { Frame } from "../wal/frame.ts";
import type { LeftFile } from "../wal/log-files.ts";
import { readPast } from "../wal/past-frames.ts";
import type { EngineEvents } from "./events.ts";
import { install } from "./sealer.ts";
import type { Segments } from "./segments.ts";

export interface RescuerDeps {
  readonly env: Env;
  readonly directory: string;
  readonly archiveDirectory: string | undefined;
  readonly directoryId: string;
  readonly segments: Segments;
  readonly events: EngineEvents;
  topic(id: number): Topic | undefined;
  /** The log of the shard that a topic lives on, as far as it is in the directory. */
  logOf(topicId: number): { readonly shard: number; readonly left: readonly LeftFile[]; readonly end: LogPlace };
  /** Something changed that the log does not tell of. */
  changed(): void;
}

const pauseMs = 60_000;
/** A frame's stamp is that of its records, or a little later. */
const stampSlackUs = 60_000_000;

export class Rescuer {
  readonly #deps: RescuerDeps;
  readonly #running = new Map<SealedPart, Promise<boolean>>();
  readonly #notBeforeMs = new WeakMap<SealedPart, number>();

  constructor(deps: RescuerDeps) {
    this.#deps = deps;
  }

  rescue(topicId: number, part: SealedPart): Promise<boolean> {
    const running = this.#running.get(part);
    if (running !== undefined) return running;
    const nowMs = this.#deps.env.clock.monotonicMs();
    if (nowMs < (this.#notBeforeMs.get(part) ?? 0)) return Promise.resolve(false);
    this.#notBeforeMs.set(part, nowMs + pauseMs);
    const started = this.#attempt(topicId, part).finally(() => this.#running.delete(part));
    this.#running.set(part, started);
    return started;
  }

  async #attempt(topicId: number, part: SealedPart): Promise<boolean> {
    const topic = this.#deps.topic(topicId);
    const rescue = await topic?.beginRescue(part);
    if (topic === undefined || rescue === undefined) return false;
    try {
      await this.#search(topic, rescue);
      return rescue.isComplete && (await this.#replace(topic, part, rescue));
    } catch (error) {
      if (errnoOf(error) === undefined && !(error instanceof SegmentDamage)) throw error;
      return false;
    } finally {
      rescue.end();
    }
  }

  async #search(topic: Topic, rescue: Rescue): Promise<void> {
    const { env, directory, archiveDirectory, directoryId } = this.#deps;
    const { from, to } = rescue.times;
    const log = { env, directory, archiveDirectory, directoryId, ...this.#deps.logOf(topic.id) };
    await readPast(log, { from: from * 1000, to: to * 1000 + stampSlackUs }, (frame) => offer(topic, rescue, frame));
  }

  async #replace(topic: Topic, part: SealedPart, rescue: Rescue): Promise<boolean> {
    const { segments, events } = this.#deps;
    let replaced = false;
    await segments.make(
      async (writer) => {
        const pending = await rescue.write(writer);
        return { parts: pending.built === undefined ? [] : [pending.built.entry], result: pending };
      },
      async (pending) => {
        replaced = await install(segments, topic, pending);
      },
    );
    if (!replaced) return false;
    const { file, firstSeq, lastSeq } = part.entry;
    events({ type: "segment-rescued", topic: topic.name, file, firstSeq, lastSeq, blocks: rescue.lost.length });
    this.#deps.changed();
    return true;
  }
}

function offer(topic: Topic, rescue: Rescue, { fields, payload }: Frame): void {
  if (fields.kind !== frameKind.records || fields.topicId !== topic.id || fields.epoch !== topic.epoch) return;
  const outcome = decodeEntry(fields.kind, payload);
  if (outcome.ok && outcome.entry.kind === "records") rescue.offer(fields.firstSeq, outcome.entry.records);
}

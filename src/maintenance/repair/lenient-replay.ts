/**
 * Replays whatever frames are left of a log over whatever is lost of it (spec 6.6). Frames of a topic are told apart from
 * each other by their operation numbers, so that it shows which topics lost something in a damaged stretch and which did not;
 * where nothing tells, every topic of the shard may have.
 */
import { defaultConfig } from "../../topic/config.ts";
import { encodeEntry } from "../../topic/entries.ts";
import type { TopicDeps } from "../../topic/instance.ts";
import type { TopicSection } from "../../topic/section.ts";
import { Topic } from "../../topic/topic.ts";
import { type FrameFields, frameKind } from "../../wal/commit.ts";
import type { Frame } from "../../wal/frame.ts";
import type { DerivedCopies } from "./derived-copies.ts";
import type { Range } from "./ranges.ts";
import { TopicSalvage } from "./topic-salvage.ts";

/** Where something lies: numbers of files rise along every log. */
export interface ShardPlace {
  readonly file: number;
  readonly at: number;
}

/** A stretch of which nothing says what was in it. */
interface Hidden extends ShardPlace {
  readonly bytes: number;
}

/** No record takes less in a frame: three numbers, and the shortest record there is. */
const leastRecordBytes = 40;

export class LenientReplay {
  /** Topics by id, gone ones too. */
  readonly topics = new Map<number, TopicSalvage>();
  readonly #deps: TopicDeps;
  readonly #last = new Map<number, ShardPlace>();
  readonly #hidden = new Map<string, Hidden[]>();
  /** Topics that a checkpoint knows to be gone, with the last operation of each. */
  readonly #gone = new Map<number, number>();
  readonly #shardsOf: (topicId: number) => readonly string[];
  readonly #copies: () => DerivedCopies;
  greatestId = 0;
  #stamp = 1;

  /** `shardsOf`: on which shard of each layout a topic lives. */
  constructor(deps: TopicDeps, shardsOf: (topicId: number) => readonly string[], copies: () => DerivedCopies) {
    this.#deps = deps;
    this.#copies = copies;
    this.#shardsOf = shardsOf;
  }

  restore(topic: Topic, section: TopicSection, missing: readonly Range[]): TopicSalvage {
    const origin = { section, missing, ceiling: section.ceiling, lastOp: section.op };
    const salvage = new TopicSalvage(topic, origin, this.#copies);
    this.#add(salvage);
    return salvage;
  }

  restoreGone(id: number, op: number): void {
    this.#gone.set(id, op);
    this.greatestId = Math.max(this.greatestId, id);
  }

  frame(shard: string, place: ShardPlace, frame: Frame): void {
    const { fields, payload } = frame;
    this.#stamp = Math.max(this.#stamp, fields.stamp);
    // What anchors say goes without saying where no frame is missing, and means little where one is.
    if (fields.kind === frameKind.mark || fields.kind === frameKind.anchor) return;
    if (fields.kind === frameKind.final) return this.#cleanStop(shard);
    if (this.#isGone(fields)) return;
    const logPlace = { index: frame.fileIndex, position: frame.offset };
    this.#topicOf(fields, payload)?.take({ fields, payload, place: logPlace });
    this.#last.set(fields.topicId, place);
  }

  /** Something was here: a frame of which the header is whole, or nobody knows what. */
  bad(
    shard: string,
    place: ShardPlace,
    stretch: { readonly bytes: number; readonly why: string },
    lost?: FrameFields,
  ): void {
    if (lost !== undefined && lost.topicId !== 0) {
      if (this.#isGone(lost)) return;
      this.#topicOf(lost, undefined)?.lose(lost, stretch.why);
      this.#last.set(lost.topicId, place);
      return;
    }
    if (lost !== undefined || stretch.bytes === 0) return;
    const hidden = this.#hidden.get(shard) ?? [];
    hidden.push({ ...place, bytes: stretch.bytes });
    this.#hidden.set(shard, hidden);
  }

  /** All frames have been heard: what may have been lost without a trace is given up. */
  conclude(): void {
    for (const [id, salvage] of this.topics) {
      salvage.concludeResume();
      if (salvage.topic.isGone) continue;
      const bytes = this.#hiddenBehind(id);
      if (bytes > 0) {
        salvage.isHeadDoubtful = true;
        salvage.loseUnknown(`whatever was in ${bytes} damaged bytes of its shard that nothing tells about`);
      }
      if (!salvage.isHeadDoubtful) continue;
      const most = salvage.head + Math.floor(bytes / leastRecordBytes);
      salvage.giveUp(Math.max(salvage.ceiling, most), this.#stamp);
    }
  }

  get stamp(): number {
    return this.#stamp;
  }

  #cleanStop(shard: string): void {
    for (const [id, salvage] of this.topics)
      if (this.#shardsOf(id).includes(shard) && this.#hiddenBehind(id) === 0) salvage.cleanStop();
  }

  #isGone({ topicId, op }: FrameFields): boolean {
    const goneAt = this.#gone.get(topicId);
    return goneAt !== undefined && op <= goneAt;
  }

  #topicOf(fields: FrameFields, payload: Uint8Array | undefined): TopicSalvage | undefined {
    const known = this.topics.get(fields.topicId);
    if (known !== undefined) return known.topic.epoch === fields.epoch ? known : undefined;
    if (fields.kind === frameKind.topicCreate && payload !== undefined) {
      const outcome = Topic.fromCreate(fields, payload, { index: 0, position: 0 }, this.#deps);
      if (outcome.ok) {
        this.#add(new TopicSalvage(outcome.topic, { ceiling: fields.ceiling, lastOp: 1 }, this.#copies));
        return undefined;
      }
    }
    return this.create(fields.topicId, fields.epoch, fields.stamp);
  }

  /** A topic whose creation is lost, and its name with it. */
  create(id: number, epoch: number, stamp: number): TopicSalvage {
    const payload = encodeEntry({ kind: "topicCreate", name: `recovered-${id}`, config: defaultConfig });
    const fields = {
      kind: frameKind.topicCreate,
      ...{ topicId: id, epoch, op: 1, stamp, firstSeq: 0, count: 0, ceiling: 0 },
    };
    const outcome = Topic.fromCreate(fields, payload, { index: 0, position: 0 }, this.#deps);
    if (!outcome.ok) throw new Error(`a topic could not be made up: ${outcome.reason}`);
    const salvage = new TopicSalvage(outcome.topic, { ceiling: 0, lastOp: 0 }, this.#copies);
    salvage.notes.add("its creation was lost: name and configuration are not the ones that it had");
    this.#add(salvage);
    return salvage;
  }

  #add(salvage: TopicSalvage): void {
    const { id } = salvage.topic;
    this.topics.set(id, salvage);
    this.greatestId = Math.max(this.greatestId, id);
  }

  /** Bytes of stretches behind the last frame of a topic that was found. */
  #hiddenBehind(id: number): number {
    const last = this.#last.get(id);
    let bytes = 0;
    for (const hidden of this.#shardsOf(id).flatMap((shard) => this.#hidden.get(shard) ?? []))
      if (last === undefined || hidden.file > last.file || (hidden.file === last.file && hidden.at >= last.at))
        bytes += hidden.bytes;
    return bytes;
  }
}

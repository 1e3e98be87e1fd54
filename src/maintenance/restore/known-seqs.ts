/**
 * How far each topic's seqs may have come, by all that is known of it (spec 6.7): no seq is handed out twice, whichever
 * instance of the name it was handed out by.
 */
import type { FrameFields } from "../../wal/commit.ts";
import { frameKind } from "../../wal/commit.ts";
import { decodeEntry } from "../../topic/entries.ts";
import type { TopicSection } from "../../topic/section.ts";

export class KnownSeqs {
  readonly #names = new Map<number, string>();
  readonly #highest = new Map<number, number>();
  #greatestId = 0;

  addSection({ id, name, ceiling, state }: TopicSection): void {
    this.#names.set(id, name);
    this.#add(id, Math.max(ceiling, state.head));
  }

  addFrame({ kind, topicId, ceiling, firstSeq, count }: FrameFields, payload: Uint8Array): void {
    if (topicId === 0) return;
    if (kind === frameKind.topicCreate) {
      const outcome = decodeEntry(kind, payload);
      if (outcome.ok && outcome.entry.kind === "topicCreate") this.#names.set(topicId, outcome.entry.name);
    }
    this.#add(topicId, Math.max(ceiling, firstSeq + count - 1));
  }

  addAll(other: KnownSeqs): void {
    for (const [id, name] of other.#names) this.#names.set(id, name);
    for (const [id, seq] of other.#highest) this.#add(id, seq);
  }

  /** 0: nothing is known of that name. */
  of(name: string): number {
    let highest = 0;
    for (const [id, known] of this.#names) if (known === name) highest = Math.max(highest, this.#highest.get(id) ?? 0);
    return highest;
  }

  name(topicId: number): string | undefined {
    return this.#names.get(topicId);
  }

  has(topicId: number): boolean {
    return this.#highest.has(topicId);
  }

  get greatestId(): number {
    return this.#greatestId;
  }

  #add(id: number, seq: number): void {
    this.#greatestId = Math.max(this.#greatestId, id);
    this.#highest.set(id, Math.max(this.#highest.get(id) ?? 0, seq));
  }
}

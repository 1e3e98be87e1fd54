/**
 * Topics that are not there any more, for as long as a checkpoint may lead to frames of theirs (spec 6.4): what is replayed
 * from the middle of a log must know them from a log that lacks their creation.
 */
import { comparePlaces, type LogPlace } from "../wal/commit.ts";
import type { GoneTopic } from "./checkpoint-codec.ts";

interface Gone extends GoneTopic {
  readonly shard: number;
  /** All of its frames lie before it. */
  readonly before: LogPlace;
}

export class GoneTopics {
  #gone: Gone[] = [];

  add(gone: Gone): void {
    this.#gone.push(gone);
  }

  get all(): GoneTopic[] {
    return this.#gone.map(({ id, op }) => ({ id, op }));
  }

  /** Nobody reads what lies before these places again. */
  forget(before: readonly LogPlace[]): void {
    this.#gone = this.#gone.filter((gone) => comparePlaces(gone.before, before[gone.shard]) > 0);
  }
}

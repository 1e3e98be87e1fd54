/**
 * The frames of a file that is given up (spec 6.1, 6.6), written or queued: what was acked is carried over, what nobody
 * was told of is refused.
 */
import type { TopicsError } from "../base/errors.ts";
import type { Commit } from "./commit.ts";
import type { FrameDraft } from "./frame.ts";
import type { Entry } from "./frame-queue.ts";

export class LeftFrames {
  /** Marks included. */
  readonly count: number;
  readonly carried: readonly FrameDraft[];
  readonly #kept: readonly Commit[];
  readonly #refused: readonly Commit[];

  /** In the order of their submission. Marks are dropped: what they say, the next file's header says. */
  constructor(entries: readonly Entry[]) {
    const commits = entries.flatMap(({ commit }) => (commit ? [commit] : []));
    this.count = entries.length;
    this.carried = entries.filter(({ commit }) => commit?.acked).map(({ draft }) => draft);
    this.#kept = commits.filter((commit) => commit.acked);
    this.#refused = commits.filter((commit) => !commit.acked);
  }

  get areAllKept(): boolean {
    return this.#refused.length === 0;
  }

  /** The file that they are carried over into is part of the log. */
  synced(): void {
    for (const commit of this.#kept) commit.synced();
  }

  refuse(error: TopicsError): void {
    for (const commit of this.#refused) commit.failed(error);
  }
}

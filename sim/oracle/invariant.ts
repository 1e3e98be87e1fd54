/** One rule of spec 1.10 or 9.4, about one topic at one look at it. */
import type { Crash } from "./crash.ts";
import type { TopicHistory } from "./history.ts";
import type { SeenTopic } from "./observation.ts";

export interface Look {
  readonly history: TopicHistory;
  readonly crash: Crash;
  readonly seen: SeenTopic | undefined;
  readonly nowMs: number;
}

export interface Invariant {
  /** Its number in the contract. */
  readonly number: string;
  readonly title: string;
  /** What is wrong, in words. */
  check(look: Look): string | undefined;
}

/** Whether all that is known is about one topic, and not about one that was deleted, or about its successor. */
export function isOneInstance({ issued }: TopicHistory): boolean {
  return issued.every(({ change }) => change.kind !== "create" && change.kind !== "deleteTopic");
}

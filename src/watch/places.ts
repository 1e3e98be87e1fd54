/** Where a subscription begins (spec 4.1, 4.4). */
import { TopicsError } from "../base/errors.ts";
import type { Topic } from "../topic/topic.ts";

export interface Wanted {
  readonly name: string;
  readonly fromSeq: number;
  /** From the head as it is now, whatever `fromSeq` says. */
  readonly tail: boolean;
}

export interface Place {
  readonly name: string;
  readonly fromSeq: number;
  readonly headSeq: number;
  readonly earliestSeq: number;
}

export function placeOf(topic: Topic, { name, fromSeq, tail }: Wanted, strong: boolean): Place {
  const { earliestSeq } = topic.summary();
  const headSeq = strong ? topic.syncedHead : topic.headSeq;
  return { name, fromSeq: tail ? headSeq : fromSeq, headSeq, earliestSeq };
}

export function notFound(name: string): TopicsError {
  return new TopicsError("topic_not_found", `there is no topic ${name}`, { topic: name });
}

/**
 * A restored backup is the server as it was at some moment while the backup was made, but for the hole that it begins with
 * (9.4/3): what was acked before it was asked for is in it; what was acked meanwhile may be.
 */
import type { TopicHistory } from "../history.ts";

/** Of `history`, when the backup was made, whatever `before`, when it was asked for, did not know as acked is open. */
export function openSince(history: TopicHistory, before: TopicHistory): void {
  const acked = new Set(before.issued.filter(({ state }) => state === "acked").map(({ number }) => number));
  for (const issued of history.issued)
    if (!acked.has(issued.number)) {
      issued.state = "unknown";
      issued.settled = false;
    }
}

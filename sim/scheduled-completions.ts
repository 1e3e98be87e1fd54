/** Completions of a simulated disk in virtual time: each call takes as long as its like on a real disk, by the seed. */
import type { CallName } from "./disk/call.ts";
import type { Completions } from "./disk/call-gate.ts";
import type { Scheduler } from "./scheduler.ts";

interface Latency {
  readonly shortestUs: number;
  readonly longestUs: number;
}

const syncLatency: Latency = { shortestUs: 50, longestUs: 20_000 };
const otherLatency: Latency = { shortestUs: 5, longestUs: 500 };
const latencies: Partial<Record<CallName, Latency>> = { datasync: syncLatency, syncDir: syncLatency };

/** A call takes effect when it completes: until then others may overtake it. */
export function scheduledCompletions(scheduler: Scheduler): Completions {
  return {
    deliver: (call, perform, answer, delayMs) => {
      const { shortestUs, longestUs } = latencies[call] ?? otherLatency;
      const deliver = (): void => {
        perform();
        answer();
      };
      scheduler.complete(deliver, shortestUs, longestUs, delayMs);
    },
  };
}

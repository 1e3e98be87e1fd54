/**
 * Loaded into a server ahead of the program (`--import`), so that a run can see what it costs: the longest that the event
 * loop was held, memory, and handles. Time is the thread's own on a processor, so that a busy machine does not count; GC on
 * the thread does. Answers each message of its parent with what was seen since the last.
 */
import { readFileSync } from "node:fs";

export interface Watched {
  /** The most processor time of the loop's thread between two looks, less what lies between them anyway. */
  readonly heldMs: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** What the event loop keeps open but timers: sockets, files, requests. */
  readonly resources: number;
  /** Sessions have one each, until they expire or the bound on sessions is reached. */
  readonly timers: number;
}

const lookEveryMs = 2;
const looks = `/proc/self/task/${process.pid}/schedstat`;

function onProcessorMs(): number {
  return Number(readFileSync(looks, "latin1").split(" ")[0]) / 1e6;
}

let last = onProcessorMs();
let held = 0;

setInterval(() => {
  const now = onProcessorMs();
  held = Math.max(held, now - last - lookEveryMs);
  last = now;
}, lookEveryMs).unref();

process.on("message", () => {
  // What is only garbage is no growth.
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  const timers = resources.filter((kind) => kind === "Timeout").length;
  const seen: Watched = {
    heldMs: Math.round(held * 10) / 10,
    residentBytes: rss,
    heapBytes: heapUsed + arrayBuffers,
    resources: resources.length - timers,
    timers,
  };
  held = 0;
  last = onProcessorMs();
  process.send!(seen);
});
process.channel?.unref();

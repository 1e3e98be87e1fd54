/**
 * Loaded into a server ahead of the program (`--import`), so that a run can see what it costs: the longest that the event
 * loop was held, memory, and handles. Time is the thread's own on a processor, so that a busy machine does not count; GC on
 * the thread does. Answers each message of its parent with what was seen since the last.
 */
import { readFileSync } from "node:fs";

export interface Watched {
  /** The most processor time of the loop's thread between two looks, less what lies between them anyway. */
  readonly heldMs: number;
  /** The same stretch by the clock, and what of it the thread waited for a processor that others had. */
  readonly heldWallMs: number;
  readonly heldWaitedMs: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** What the event loop keeps open but timers: sockets, files, requests. */
  readonly resources: number;
  /** Sessions have one each, until they expire or the bound on sessions is reached. */
  readonly timers: number;
}

const lookEveryMs = 2;
const looks = `/proc/self/task/${process.pid}/schedstat`;

interface Look {
  readonly ownMs: number;
  readonly waitedMs: number;
  readonly wallMs: number;
}

/** What the scheduler says of this thread: time on a processor, and time in which it could have run and did not. */
function look(): Look {
  const [own, waited] = readFileSync(looks, "latin1").split(" ");
  return { ownMs: Number(own) / 1e6, waitedMs: Number(waited) / 1e6, wallMs: performance.now() };
}

let last = look();
let held: Look = { ownMs: 0, waitedMs: 0, wallMs: 0 };

setInterval(() => {
  const now = look();
  const ownMs = now.ownMs - last.ownMs - lookEveryMs;
  if (ownMs > held.ownMs) held = { ownMs, waitedMs: now.waitedMs - last.waitedMs, wallMs: now.wallMs - last.wallMs };
  last = now;
}, lookEveryMs).unref();

process.on("message", () => {
  // What is only garbage is no growth.
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  const timers = resources.filter((kind) => kind === "Timeout").length;
  const seen: Watched = {
    heldMs: tenths(held.ownMs),
    heldWallMs: tenths(held.wallMs),
    heldWaitedMs: tenths(held.waitedMs),
    residentBytes: rss,
    heapBytes: heapUsed + arrayBuffers,
    resources: resources.length - timers,
    timers,
  };
  held = { ownMs: 0, waitedMs: 0, wallMs: 0 };
  last = look();
  process.send!(seen);
});
process.channel?.unref();

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

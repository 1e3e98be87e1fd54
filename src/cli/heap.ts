/**
 * The collector lets a heap grow to several times what is alive before it looks, which for a server whose memory is bounded
 * by design would double that bound; looking too often costs a small heap a third of its throughput. So a heap may grow by
 * a fifth, or by as much as anybody spares: that keeps 100 000 topics and the checkpoint of a clean stop below 700 MiB
 * (docs/benchmarks.md).
 */
import { getHeapStatistics, setFlagsFromString } from "node:v8";

const spareBytes = 48 << 20;
const leastPercent = 20;
const mostPercent = 400;
/** A heap does not change its size faster. */
const lookMs = 250;

export function keepHeapSmall(): void {
  follow();
  setInterval(follow, lookMs).unref();
}

function follow(): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent(getHeapStatistics().used_heap_size)}`);
}

/** By how much a heap may grow behind a collection. */
export function growingPercent(usedBytes: number): number {
  return Math.round(Math.min(mostPercent, Math.max(leastPercent, (100 * spareBytes) / usedBytes)));
}

/**
 * The collector lets a heap grow to several times what is alive before it looks, which for a server whose memory is bounded
 * by design would double that bound. Collecting at 40 % growth costs a few per cent of a core at most, with 100 000 topics
 * (docs/benchmarks.md).
 */
import { setFlagsFromString } from "node:v8";

export function keepHeapSmall(): void {
  setFlagsFromString("--heap-growing-percent=40");
}

/** One append per topic and key in its window, also of writes at once, and across crashes (9.4/6). */
import type { AppendResult } from "../../../src/engine/api.ts";
import type { Range } from "../model.ts";
import { Violation } from "../violation.ts";

type Seqs = Pick<AppendResult, "deduped" | "firstSeq" | "lastSeq">;

/** Of the first write with a key that nobody has used. */
export function isFirst(topic: string, key: string, { deduped }: Seqs): void {
  if (deduped) throw new Violation("9.4/6", `a first write with key ${key} to ${topic} was called a repeat`);
}

/** Of several at once: one of them has appended, or one before them whose answer was lost. */
export function isOne(topic: string, key: string, results: readonly Seqs[]): void {
  const anew = results.filter(({ deduped }) => !deduped).length;
  if (anew > 1 || results.some(({ firstSeq }) => firstSeq !== results[0]?.firstSeq))
    throw new Violation("9.4/6", `${results.length} writes at once with key ${key} to ${topic} appended ${anew} times`);
}

/** Of a write whose key was acked with `first`. */
export function isRepeat(topic: string, key: string, first: Range, result: Seqs): void {
  if (result.deduped && result.firstSeq === first.from && result.lastSeq === first.to) return;
  throw new Violation(
    "9.4/6",
    `key ${key} of ${topic} was acked with seqs ${first.from} to ${first.to}; a repeat got ${result.firstSeq} to ` +
      `${result.lastSeq}${result.deduped ? "" : ", appended anew"}`,
  );
}

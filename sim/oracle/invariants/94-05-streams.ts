/** SSE ≡ diff: a stream, cut and resumed at any id, brings what a read brings, each record once and in order (9.4/5). */
import type { ModelRecord } from "../model.ts";
import { Violation } from "../violation.ts";

export interface Arrived {
  readonly seqs: readonly number[];
  readonly data: readonly string[];
}

/** `wanted`: what a read with the stream's filters brings. `who` says which stream it was. */
export function sameAsRead(who: string, wanted: readonly ModelRecord[], { seqs, data }: Arrived): void {
  const wrong = wanted.findIndex(({ seq, record }, at) => seqs[at] !== seq || data[at] !== record.data);
  if (wrong < 0 && seqs.length === wanted.length) return;
  const from = Math.max(0, wrong < 0 ? wanted.length : wrong);
  const expected = wanted.slice(from, from + 5).map(({ seq }) => seq);
  throw new Violation(
    "9.4/5",
    `a stream of ${who} brought ${seqs.slice(from, from + 5).join(" ")} … (${seqs.length}), and not ` +
      `${expected.join(" ")} … (${wanted.length})`,
  );
}

/** While nothing fails, nobody is told of an error. */
export function unbroken(who: string, isHealthy: boolean): void {
  if (isHealthy) throw new Violation("9.4/5", `a stream of ${who} got an error`);
}

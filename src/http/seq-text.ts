/**
 * Consecutive seqs as JSON text (spec 2.6). Digits are counted up in place, like a mileage counter, so that an answer to
 * a batch of thousands makes one string and not thousands.
 */
import { assert } from "../base/assert.ts";

const zero = 0x30;
const nine = 0x39;
const comma = 0x2c;
/** Digits of 2^53-1, and a comma. */
const maxSeqBytes = 17;
/** Holds the seqs of about a thousand records; what is larger is made for the occasion. */
const scratch = Buffer.allocUnsafeSlow(16 * 1024);

/** `first,first+1,…` for `count` seqs. */
export function seqText(first: number, count: number): string {
  if (count === 1) return String(first);
  assert(Number.isSafeInteger(first + count), "seqs are exact");
  const into = count * maxSeqBytes <= scratch.length ? scratch : Buffer.allocUnsafeSlow(count * maxSeqBytes);
  let digits = String(first).length;
  into.write(String(first), 0, "latin1");
  let start = 0;
  for (let left = count - 1; left > 0; left--) {
    const end = start + digits;
    into[end] = comma;
    const next = end + 1;
    for (let at = 0; at < digits; at++) into[next + at] = into[start + at];
    if (!countUp(into, next, digits)) {
      digits++;
      into[next] = zero + 1;
      into.fill(zero, next + 1, next + digits);
    }
    start = next;
  }
  return into.toString("latin1", 0, start + digits);
}

/** False when all digits were nines: the number is one digit longer. */
function countUp(into: Buffer, start: number, digits: number): boolean {
  for (let at = start + digits - 1; at >= start; at--) {
    if (into[at] !== nine) {
      into[at]++;
      return true;
    }
    into[at] = zero;
  }
  return false;
}

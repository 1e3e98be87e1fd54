/**
 * How much of a sweep is done (spec 8.3): a sample that fits into every test run; with TOPICS_TEST_EXHAUSTIVE=bytes every byte
 * once, with one of its bits; with TOPICS_TEST_EXHAUSTIVE=1 all bits of all bytes.
 */

const asked = process.env["TOPICS_TEST_EXHAUSTIVE"];

export const exhaustive = asked === "1";
const everyByte = asked === "bytes";

/** Every n-th, beginning anywhere; all of them in an exhaustive run. */
export function* sampled<T>(items: Iterable<T>, every: number, from = 0): Generator<T> {
  let at = from;
  for (const item of items) if (at++ % every === 0 || exhaustive || everyByte) yield item;
}

/** For tests that go over every byte. */
export const sweepTimeoutMs = exhaustive || everyByte ? 7_200_000 : 60_000;

/** How much of a sweep is done: a sample that fits into every test run, or all of it (spec 8.3). */

export const exhaustive = process.env["TOPICS_TEST_EXHAUSTIVE"] === "1";

/** Every n-th, beginning anywhere; all of them in an exhaustive run. */
export function* sampled<T>(items: Iterable<T>, every: number, from = 0): Generator<T> {
  let at = from;
  for (const item of items) if (at++ % every === 0 || exhaustive) yield item;
}

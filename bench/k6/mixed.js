/**
 * What a server sees on an ordinary day, for DURATION (30s): WRITERS (4) append small batches to one topic each, FOLLOWERS (8)
 * long-poll them, and READERS (2) go through all of it from the beginning.
 */
import { amount, append, bodies, createTopic, deleteTopic, freshName, noErrors, read } from "./topics.js";

const duration = __ENV.DURATION || "30s";
const writers = amount("WRITERS", 4);
const records = amount("RECORDS", 10);
const ready = bodies(records, amount("BYTES", 100));

export const options = {
  scenarios: {
    writers: { executor: "constant-vus", exec: "writer", vus: writers, duration },
    followers: { executor: "constant-vus", exec: "follower", vus: amount("FOLLOWERS", 8), duration },
    readers: { executor: "constant-vus", exec: "reader", vus: amount("READERS", 2), duration },
  },
  summaryTrendStats: ["med", "p(95)", "p(99)", "max"],
  thresholds: {
    ...noErrors,
    "http_req_duration{name:append}": ["p(99)<250"],
    topics_records_written: [`rate>${amount("FLOOR", 2_000)}`],
  },
};

export function setup() {
  const topics = Array.from({ length: writers }, (_, at) => freshName(`m${at}`));
  for (const name of topics) createTopic(name, { cap_records: 200_000 });
  return { topics };
}

/** Of this virtual user. */
let cursor = 0;

/** @param {{ topics: string[] }} data */
export function writer({ topics }) {
  append(topics[__VU % topics.length], ready[__ITER % ready.length], records);
}

/** @param {{ topics: string[] }} data */
export function follower({ topics }) {
  cursor = read(topics[__VU % topics.length], cursor, 1000, 1000).next;
}

/** @param {{ topics: string[] }} data */
export function reader({ topics }) {
  const { next, caughtUp } = read(topics[__VU % topics.length], cursor, 1000);
  cursor = caughtUp ? 0 : next;
}

/** @param {{ topics: string[] }} data */
export function teardown({ topics }) {
  for (const name of topics) deleteTopic(name);
}

/**
 * The same modest load for a long time, DURATION (30m): RATE (200) batches a second to VUS (20) topics with caps, a read after
 * every one. What is looked for is what grows: latency by the hour, errors, and, beside k6, memory and files of the server.
 */
import { amount, append, bodies, createTopic, deleteTopic, freshName, noErrors, read } from "./topics.js";

const count = amount("VUS", 20);
const records = amount("RECORDS", 20);
const ready = bodies(records, amount("BYTES", 200));

export const options = {
  scenarios: {
    soak: {
      executor: "constant-arrival-rate",
      rate: amount("RATE", 200),
      timeUnit: "1s",
      duration: __ENV.DURATION || "30m",
      preAllocatedVUs: count,
      maxVUs: count * 5,
    },
  },
  summaryTrendStats: ["med", "p(95)", "p(99)", "max"],
  thresholds: { ...noErrors, http_req_duration: ["p(99)<250"], dropped_iterations: ["count==0"] },
};

export function setup() {
  const topics = Array.from({ length: count }, (_, at) => freshName(`s${at}`));
  for (const name of topics) createTopic(name, { cap_records: 20_000, ttl_ms: 600_000 });
  return { topics };
}

/** By topic, where this virtual user has come to. */
/** @type {Map<string, number>} */
const cursors = new Map();

/** @param {{ topics: string[] }} data */
export default function round({ topics }) {
  const name = topics[__ITER % topics.length];
  append(name, ready[__ITER % ready.length], records);
  cursors.set(name, read(name, cursors.get(name) ?? 0, 1000).next);
}

/** @param {{ topics: string[] }} data */
export function teardown({ topics }) {
  for (const name of topics) deleteTopic(name);
}

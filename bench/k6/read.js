/**
 * Ordered reads: VUS readers (8) go through one topic of TOTAL records (100 000) from its beginning, LIMIT (1000) at a time,
 * again and again, for DURATION (30s).
 */
import { amount, append, bodies, createTopic, deleteTopic, freshName, noErrors, read } from "./topics.js";

const total = amount("TOTAL", 100_000);
const limit = amount("LIMIT", 1000);
const batch = 1000;

export const options = {
  vus: amount("VUS", 8),
  duration: __ENV.DURATION || "30s",
  summaryTrendStats: ["med", "p(95)", "p(99)", "max"],
  thresholds: {
    ...noErrors,
    "http_req_duration{name:diff}": ["p(99)<250"],
    topics_records_read: [`rate>${amount("FLOOR", 50_000)}`],
  },
};

export function setup() {
  const name = freshName("read");
  createTopic(name, {});
  const ready = bodies(batch, amount("BYTES", 64));
  for (let written = 0; written < total; written += batch) append(name, ready[(written / batch) % ready.length], batch);
  return { name };
}

/** Of this virtual user. */
let cursor = 0;

/** @param {{ name: string }} data */
export default function reader({ name }) {
  const { next, caughtUp } = read(name, cursor, limit);
  cursor = caughtUp ? 0 : next;
}

/** @param {{ name: string }} data */
export function teardown({ name }) {
  deleteTopic(name);
}

/**
 * Appends: VUS writers (16), each to a topic of its own, batches of RECORDS (100) with BYTES (64) of data, for DURATION (30s).
 * DURABILITY is the class (disk).
 */
import { amount, append, bodies, createTopic, deleteTopic, freshName, noErrors } from "./topics.js";

const writers = amount("VUS", 16);
const records = amount("RECORDS", 100);
const ready = bodies(records, amount("BYTES", 64));

export const options = {
  vus: writers,
  duration: __ENV.DURATION || "30s",
  summaryTrendStats: ["med", "p(95)", "p(99)", "max"],
  thresholds: {
    ...noErrors,
    "http_req_duration{name:append}": ["p(99)<250"],
    topics_records_written: [`rate>${amount("FLOOR", 20_000)}`],
  },
};

export function setup() {
  const topics = Array.from({ length: writers }, (_, at) => freshName(`w${at}`));
  for (const name of topics) createTopic(name, { durability: __ENV.DURABILITY || "disk", cap_records: 1_000_000 });
  return { topics };
}

/** @param {{ topics: string[] }} data */
export default function writer({ topics }) {
  append(topics[(__VU - 1) % topics.length], ready[__ITER % ready.length], records);
}

/** @param {{ topics: string[] }} data */
export function teardown({ topics }) {
  for (const name of topics) deleteTopic(name);
}

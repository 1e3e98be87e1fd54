/** What several answers have in common (spec 1.4, 1.5, 2.1 to 2.7, 5). */
import { errorStatus } from "../../base/errors.ts";
import { topicConfigSchema } from "../shapes/topic-config.ts";
import {
  flag,
  integer,
  type JsonSchema,
  list,
  number,
  object,
  oneOf,
  orNull,
  published,
  ref,
  signed,
  text,
} from "./schema.ts";

const anyJson: JsonSchema = { description: "any JSON, byte for byte as it was written" };

const performance = object(
  { server_total_ms: number("from the request's first byte to its answer") },
  {
    wal_append_ms: number("until the kernel had the write"),
    fsync_ms: number("until the device had it; 0 unless the class asks for that"),
    records_scanned: integer(),
    throttle_wait_ms: number(),
    cold_segments_read: integer(),
  },
);

const config = object({
  type: oneOf("log", "queue"),
  ttl_ms: integer(),
  cap_records: integer(),
  cap_bytes: integer(),
  discard: oneOf("old", "reject"),
  durability: oneOf("ephemeral", "memory", "disk", "fsync"),
  durable: flag(),
  priority: orNull(signed()),
  auto_priority: flag(),
  auto_create: flag(),
  idempotency_window_ms: integer(),
  dedupe_node: flag(),
  lease_ms: integer(),
  claim_jitter_ms: integer(),
  max_deliveries: integer(),
  dead_letter: orNull(text()),
  leases_durable: flag(),
});

const error = object({
  error: object({ code: oneOf(...Object.keys(errorStatus)), message: text() }, { detail: { type: "object" } }),
});

const record = object(
  { $seq: integer(), $ts: integer("milliseconds since the epoch") },
  { $node: text(), $tag: text(), data: anyJson, meta: anyJson },
);

const tombstone = object({
  gap_from: integer(),
  gap_to: integer(),
  reason: oneOf("cap", "ttl", "mixed", "recreated", "source_trim", "from_seq_too_old", "crash", "corrupt", "restored"),
  missed_estimate: integer(),
  earliest_seq: integer(),
  head_seq: integer(),
});

const job = object(
  {
    $seq: integer(),
    lease_id: text("fences a worker that came back from the dead"),
    deadline: integer("milliseconds since the epoch"),
    $ts: integer("milliseconds since the epoch"),
    deliveries: integer(),
    data: anyJson,
  },
  { $tag: text(), $node: text(), meta: anyJson },
);

const router = object(
  {
    router: text(),
    source: text(),
    dest: text(),
    preserve_node: flag(),
    preserve_tag: flag(),
    filter: orNull(list(text())),
    allow_cycle: flag(),
    guarantee: oneOf("at_least_once", "exactly_once"),
  },
  {
    created: flag(),
    forwarded_total: integer(),
    lag: integer(),
    last_error: orNull(text()),
    paused_by: orNull(text()),
    performance: ref("Performance"),
  },
);

export const components: Readonly<Record<string, JsonSchema>> = {
  Performance: performance,
  TopicConfig: config,
  TopicConfigRequest: published(topicConfigSchema),
  Error: error,
  Record: record,
  Tombstone: tombstone,
  Job: job,
  Router: router,
};

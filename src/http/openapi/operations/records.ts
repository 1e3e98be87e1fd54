/** Records: append, read, delete (spec 2.6 to 2.8). The body of an append has a scanner of its own, not a shape. */
import { deleteShape } from "../../shapes/delete-records.ts";
import { diffShape } from "../../shapes/diff.ts";
import type { Answer, Operation, Parameter } from "../operation.ts";
import { flag, integer, type JsonSchema, list, object, orNull, published, ref, signed, text } from "../schema.ts";

const topic = "/v0/topics/:topic";
const diff = published(diffShape.schema);

const read: Answer = {
  description: "Records behind the cursor, and where to go on",
  schema: object({
    topic: text(),
    records: list(ref("Record")),
    next_from_seq: integer(),
    head_seq: integer(),
    earliest_seq: integer(),
    caught_up: flag(),
    tombstone: orNull(ref("Tombstone")),
    lag: signed(),
    performance: ref("Performance"),
  }),
};

const written = object(
  {
    topic: text(),
    first_seq: integer(),
    last_seq: integer(),
    head_seq: integer(),
    count: integer(),
    created: flag(),
    deduped: flag(),
    performance: ref("Performance"),
  },
  { seqs: list(integer()) },
);

const newRecord = object(
  { data: { description: "any JSON" } },
  {
    tag: orNull(text("at most 256 bytes")),
    node: orNull(text("at most 128 bytes")),
    meta: orNull({ type: "object" }),
    delay_ms: integer("queues only: not claimable before"),
    deliver_at: integer("queues only: not claimable before, in milliseconds since the epoch"),
  },
);

const write = object(
  { records: { type: "array", items: newRecord, minItems: 1 } },
  {
    node: orNull(text("for records that name none")),
    idempotency_key: orNull(text("makes a retry safe; at most 256 bytes")),
    create: orNull(flag()),
    config: orNull(ref("TopicConfigRequest")),
    disable_backpressure: flag(),
  },
);

/** A body's fields as query parameters: the same names, lists repeated. */
function parametersOf(schema: JsonSchema): Parameter[] {
  return Object.entries(schema["properties"] as Readonly<Record<string, JsonSchema>>).map(([name, field]) => ({
    name,
    in: "query",
    description: `as in the body of the POST`,
    schema: name === "node" ? list(text()) : name === "match" ? text() : field,
  }));
}

export const recordOperations: readonly Operation[] = [
  {
    method: "POST",
    path: topic,
    id: "append",
    tag: "records",
    summary: "Append records: all of them, or none",
    section: "2.6",
    parameters: [
      { name: "return_seqs", in: "query", description: "false leaves seqs out of the answer", schema: flag() },
      { name: "Idempotency-Key", in: "header", description: "where the body has none", schema: text() },
    ],
    body: { schema: write, required: true },
    answers: {
      200: { description: "They are in the log, as the topic's class promises", schema: written },
      201: { description: "And the topic was created", schema: written },
    },
    errors: ["batch_too_large", "record_too_large", "topic_not_found", "topic_full", "throttled", "wal_unavailable"],
  },
  {
    method: "POST",
    path: `${topic}/diff`,
    id: "read",
    tag: "records",
    summary: "Read what comes behind a cursor; wait for it, if asked to",
    section: "2.7",
    body: { schema: diff, required: false },
    answers: { 200: read },
    errors: ["topic_not_found"],
  },
  {
    method: "GET",
    path: `${topic}/diff`,
    id: "readByQuery",
    tag: "records",
    summary: "The same read, for a browser or plain curl",
    section: "2.7",
    parameters: parametersOf(diff),
    answers: { 200: read },
    errors: ["topic_not_found"],
  },
  {
    method: "POST",
    path: `${topic}/delete`,
    id: "deleteRecords",
    tag: "records",
    summary: "Delete records below a seq, by tag, or both",
    section: "2.8",
    body: { schema: published(deleteShape.schema), required: true },
    answers: {
      200: {
        description: "They are gone for good",
        schema: object({
          topic: text(),
          deleted: integer(),
          earliest_seq: integer(),
          head_seq: integer(),
          count: integer(),
          bytes: integer(),
          performance: ref("Performance"),
        }),
      },
    },
    errors: ["topic_not_found", "wal_unavailable"],
  },
];

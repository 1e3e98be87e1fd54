/** The life of topics (spec 2.5). */
import type { Operation, Parameter } from "../operation.ts";
import { flag, integer, list, object, oneOf, orNull, ref, signed, text } from "../schema.ts";

const topic = "/v0/topics/:topic";
const configured = object({
  topic: text(),
  created: flag(),
  config: ref("TopicConfig"),
  performance: ref("Performance"),
});
const counts = { head_seq: integer(), earliest_seq: integer(), count: integer(), bytes: integer() };
const touch: Parameter = {
  name: "touch",
  in: "query",
  description: "whether the topic counts as used by this",
  schema: flag(),
};

export const topicOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/v0/topics",
    id: "listTopics",
    tag: "topics",
    summary: "List topics by name",
    section: "2.5",
    parameters: [
      { name: "prefix", in: "query", description: "names that begin so", schema: text() },
      { name: "page_size", in: "query", description: "100; at most 1000", schema: integer() },
      { name: "cursor", in: "query", description: "next_cursor of the page before", schema: text() },
      touch,
    ],
    answers: {
      200: {
        description: "A page of topics",
        schema: object(
          {
            topics: list(
              object(
                { topic: text(), ...counts, durable: flag(), effective_priority: signed() },
                { type: oneOf("log", "queue"), durability: text() },
              ),
            ),
            performance: ref("Performance"),
          },
          { next_cursor: text("only when there is more") },
        ),
      },
    },
    errors: [],
  },
  {
    method: "GET",
    path: topic,
    id: "getTopic",
    tag: "topics",
    summary: "The state of a topic",
    section: "2.5",
    parameters: [touch],
    answers: {
      200: {
        description: "Its state",
        schema: object(
          {
            topic: text(),
            type: oneOf("log", "queue"),
            ...counts,
            next_seq: integer(),
            config: ref("TopicConfig"),
            effective_priority: signed(),
            last_write_ts: orNull(integer()),
            last_read_ts: orNull(integer()),
            performance: ref("Performance"),
          },
          { queue: object({ ready: integer(), in_flight: integer(), dead_lettered: integer() }) },
        ),
      },
    },
    errors: ["topic_not_found"],
  },
  {
    method: "PUT",
    path: topic,
    id: "putTopic",
    tag: "topics",
    summary: "Create a topic, or state its whole configuration",
    section: "2.5",
    body: { schema: ref("TopicConfigRequest"), required: false },
    answers: {
      200: { description: "It was there", schema: configured },
      201: { description: "It was created", schema: configured },
    },
    errors: ["topic_exists_incompatible", "throttled", "wal_unavailable"],
  },
  {
    method: "PATCH",
    path: topic,
    id: "patchTopic",
    tag: "topics",
    summary: "Change some of a topic's configuration",
    section: "2.5",
    body: { schema: ref("TopicConfigRequest"), required: false },
    answers: { 200: { description: "The configuration that it has now", schema: configured } },
    errors: ["topic_not_found", "topic_exists_incompatible", "wal_unavailable"],
  },
  {
    method: "DELETE",
    path: topic,
    id: "deleteTopic",
    tag: "topics",
    summary: "Delete a topic with everything in it, and every router that names it",
    section: "2.5",
    parameters: [{ name: "if_empty", in: "query", description: "refuse where it has records", schema: flag() }],
    answers: {
      200: {
        description: "It is not there any more, or never was",
        schema: object({
          topic: text(),
          deleted: flag(),
          routers_removed: list(text()),
          performance: ref("Performance"),
        }),
      },
    },
    errors: ["topic_not_empty", "wal_unavailable"],
  },
];

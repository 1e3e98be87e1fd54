/** Watch sessions, their streams, and the WebSocket (spec 4). */
import { placeShape, watchShape } from "../../shapes/watch.ts";
import type { Operation } from "../operation.ts";
import { flag, integer, map, object, published, ref, refined, text } from "../schema.ts";

export const liveOperations: readonly Operation[] = [
  {
    method: "POST",
    path: "/v0/watch",
    id: "watch",
    tag: "live",
    summary: "Make a session that watches topics",
    section: "4.1",
    parameters: [{ name: "lenient", in: "query", description: "leave unknown topics out", schema: flag() }],
    body: {
      schema: refined(published(watchShape.schema), [], { topics: map(published(placeShape.schema)) }),
      required: true,
    },
    answers: {
      200: {
        description: "A capability: whoever knows the id may open the stream",
        schema: object({
          wid: text(),
          stream_url: text(),
          session_ttl_ms: integer(),
          topics: map(object({ from_seq: integer(), head_seq: integer(), earliest_seq: integer() })),
          performance: ref("Performance"),
        }),
      },
    },
    errors: ["topic_not_found", "throttled"],
  },
  {
    method: "GET",
    path: "/v0/watch/:wid",
    id: "stream",
    tag: "live",
    summary: "The stream of a session, for an EventSource",
    section: "4.2",
    parameters: [
      { name: "Last-Event-ID", in: "header", description: "goes back to behind that event", schema: text() },
      { name: "token", in: "query", description: "the key, for clients that cannot send headers", schema: text() },
    ],
    answers: {
      200: {
        description: "Events record, tombstone, caught-up, topic-deleted, error",
        schema: text(),
        mediaType: "text/event-stream",
      },
    },
    errors: ["not_found", "not_acceptable", "throttled"],
  },
  {
    method: "GET",
    path: "/v0/ws",
    id: "websocket",
    tag: "live",
    summary: "Subscribe and publish over a WebSocket",
    section: "4.4",
    answers: { 101: { description: "JSON messages, told apart by op" } },
    errors: ["throttled"],
  },
];

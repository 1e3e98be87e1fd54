/** Jobs of a queue (spec 5). */
import { ackShape, claimShape, extendShape, nackShape, redriveShape } from "../../shapes/queues.ts";
import type { Operation, Parameter } from "../operation.ts";
import { integer, type JsonSchema, list, map, object, published, ref, refined, text } from "../schema.ts";

const topic = "/v0/topics/:topic";
const node = text("who holds the leases; not empty");
const leaseIds = list(text("as claimed; an empty one is no token"));
const left = { ready: integer("claimable now"), in_flight: integer() };
const performance = { performance: ref("Performance") };
const skipped = list(integer("not held by this node, or named before"));

function verb(
  name: "claim" | "ack" | "nack" | "extend" | "redrive",
  summary: string,
  body: JsonSchema,
  description: string,
  answer: JsonSchema,
): Operation {
  return {
    method: "POST",
    path: `${topic}/${name}`,
    id: name,
    tag: "queues",
    summary,
    section: "5",
    body: { schema: body, required: true },
    answers: { 200: { description, schema: answer } },
    errors: ["topic_not_found", "not_a_queue", "batch_too_large", "wal_unavailable"],
  };
}

const workParameters: readonly Parameter[] = [
  { name: "node", in: "query", description: "who holds the leases", schema: text(), required: true },
  { name: "max", in: "query", description: "jobs held at once", schema: integer() },
  { name: "lease_ms", in: "query", description: "where not the topic's", schema: integer() },
  { name: "token", in: "query", description: "the key, for clients that cannot send headers", schema: text() },
];

export const queueOperations: readonly Operation[] = [
  verb(
    "claim",
    "Lease jobs",
    refined(published(claimShape.schema), ["node"], { node }),
    "Fewer jobs than asked for: there are almost none left",
    object({ topic: text(), claimed: list(ref("Job")), count: integer(), ready: integer(), ...performance }),
  ),
  verb(
    "ack",
    "Finish jobs: their records are deleted",
    refined(published(ackShape.schema), ["node", "seqs"], { node, lease_ids: leaseIds }),
    "What was finished, and what was not this node's",
    object({ topic: text(), acked: integer(), skipped, ...left, ...performance }),
  ),
  verb(
    "nack",
    "Give jobs back",
    refined(published(nackShape.schema), ["node", "seqs"], { node, lease_ids: leaseIds }),
    "What was given back",
    object({ topic: text(), nacked: integer(), skipped, ...left, ...performance }),
  ),
  verb(
    "extend",
    "Hold jobs for longer",
    refined(published(extendShape.schema), ["node", "seqs", "lease_ms"], { node, lease_ids: leaseIds }),
    "New deadlines by seq",
    object({ topic: text(), extended: integer(), skipped, deadlines: map(integer()), ...performance }),
  ),
  verb(
    "redrive",
    "Move dead letters back to where they came from",
    refined(published(redriveShape.schema), [], { to: text("where it is not where each came from") }),
    "How many were moved, and how many stay",
    object({ topic: text(), redriven: integer(), left: integer(), ...performance }),
  ),
  {
    method: "GET",
    path: `${topic}/work`,
    id: "work",
    tag: "queues",
    summary: "Have jobs pushed, as long as the connection lasts",
    section: "5",
    parameters: workParameters,
    answers: { 200: { description: "Events `job` and `error`", schema: text(), mediaType: "text/event-stream" } },
    errors: ["topic_not_found", "not_a_queue", "not_acceptable", "throttled"],
  },
];

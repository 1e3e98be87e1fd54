/** What workers ask of a queue (spec 5): strict types, the contract's clamps, and no more seqs than one call may name. */
import { Array as array, Object as object, Optional, String as string } from "typebox";
import type { ControlObject } from "../../base/control-json.ts";
import { invalidField, TopicsError } from "../../base/errors.ts";
import { type BatchLimits, maxLeaseMs, maxNackDelayMs, minLeaseMs } from "../../base/limits.ts";
import { isTopicName } from "../../base/names.ts";
import type {
  ClaimRequest,
  ExtendRequest,
  HeldJobs,
  NackRequest,
  RedriveRequest,
  WorkRequest,
} from "../../engine/queue-api.ts";
import { isLeaseId } from "../../queue/lease-id.ts";
import type { U64 } from "../../topic/config.ts";
import type { Call } from "../call.ts";
import { Query } from "../query.ts";
import { clamped, nullableU64, saturated, u64, u64Union } from "./fields.ts";
import { Shape } from "./shape.ts";

export interface QueueBounds {
  readonly limits: BatchLimits;
  /** `TOPICS_MAX_CLAIM`. */
  readonly maxClaim: number;
}

const nodeField = Optional(string({ description: "a string" }));
const held = {
  node: nodeField,
  seqs: Optional(array(u64Union(), { description: "an array of seqs" })),
  lease_ids: Optional(array(string(), { description: "an array of strings" })),
};

export const claimShape = new Shape(
  object({ node: nodeField, max: u64(), lease_ms: nullableU64() }, { description: "an object" }),
);
export const ackShape = new Shape(object(held, { description: "an object" }));
export const nackShape = new Shape(object({ ...held, delay_ms: u64() }, { description: "an object" }));
export const extendShape = new Shape(object({ ...held, lease_ms: u64() }, { description: "an object" }));

export const redriveShape = new Shape(
  object({ to: Optional(string({ description: "the name of a topic" })), limit: u64() }, { description: "an object" }),
);

export function redriveFromBody(value: ControlObject, call: Call): RedriveRequest {
  const { to, limit } = redriveShape.parse(value);
  if (to !== undefined) {
    if (!isTopicName(to)) throw invalidField("to", "to must be the name of a topic.");
    call.grant.demandName("topic", to, "to");
  }
  return {
    to,
    limit: limit === undefined ? Infinity : saturated(limit),
    mayMoveTo: (name) => call.grant.covers(name),
  };
}

export function claimFromBody(value: ControlObject, call: Call, bounds: QueueBounds): ClaimRequest {
  const wire = claimShape.parse(value);
  return {
    node: nodeFrom(wire.node, bounds),
    max: clamped(wire.max ?? 1, 1, bounds.maxClaim),
    leaseMs: wire.lease_ms === undefined || wire.lease_ms === null ? undefined : leaseFrom(wire.lease_ms),
    signal: call.interrupted(),
  };
}

export function workFromQuery(call: Call, bounds: QueueBounds): WorkRequest {
  const query = new Query(call.query, ["node", "max", "lease_ms"]);
  const leaseMs = query.text("lease_ms") === undefined ? undefined : leaseFrom(query.integer("lease_ms", 0));
  return {
    node: nodeFrom(query.text("node"), bounds),
    max: clamped(query.integer("max", 1), 1, bounds.maxClaim),
    leaseMs,
  };
}

export function ackFromBody(value: ControlObject, bounds: QueueBounds): HeldJobs {
  return heldFrom(ackShape.parse(value), bounds);
}

export function nackFromBody(value: ControlObject, bounds: QueueBounds): NackRequest {
  const wire = nackShape.parse(value);
  return { ...heldFrom(wire, bounds), delayMs: clamped(wire.delay_ms ?? 0, 0, maxNackDelayMs) };
}

export function extendFromBody(value: ControlObject, bounds: QueueBounds): ExtendRequest {
  const wire = extendShape.parse(value);
  const jobs = heldFrom(wire, bounds);
  if (wire.lease_ms === undefined) throw invalidField("lease_ms", "lease_ms is required.");
  return { ...jobs, leaseMs: leaseFrom(wire.lease_ms) };
}

interface WireHeld {
  readonly node?: string;
  readonly seqs?: U64[];
  readonly lease_ids?: string[];
}

function heldFrom({ node, seqs, lease_ids: tokens }: WireHeld, bounds: QueueBounds): HeldJobs {
  const name = nodeFrom(node, bounds);
  if (seqs === undefined) throw invalidField("seqs", "seqs is required.");
  if (seqs.length > bounds.maxClaim) {
    const detail = { field: "seqs", max: bounds.maxClaim };
    throw new TopicsError("batch_too_large", `One call names at most ${bounds.maxClaim} seqs.`, detail);
  }
  if (tokens === undefined || tokens.length === 0) return { node: name, seqs, leaseIds: undefined };
  if (tokens.length !== seqs.length)
    throw invalidField("lease_ids", `lease_ids has ${tokens.length} entries for ${seqs.length} seqs.`);
  if (!tokens.every((token) => token === "" || isLeaseId(token)))
    throw invalidField("lease_ids", "A lease id is lease_ and hexadecimal digits, as a claim has answered it.");
  return { node: name, seqs, leaseIds: tokens };
}

function nodeFrom(node: string | undefined, { limits }: QueueBounds): string {
  if (node === undefined || node === "") throw invalidField("node", "node is required: the name of the worker.");
  if (Buffer.byteLength(node) > limits.maxNodeBytes)
    throw invalidField("node", `node is longer than ${limits.maxNodeBytes} bytes.`);
  return node;
}

function leaseFrom(leaseMs: U64): number {
  return clamped(leaseMs, minLeaseMs, maxLeaseMs);
}

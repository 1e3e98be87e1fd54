/** The configuration of a topic as the wire spells it (spec 2.4), in both directions. */
import type { Static } from "typebox";
import { Integer, Literal, Object as object, Optional, String as string, Union } from "typebox";
import { invalidField } from "../../base/errors.ts";
import { maxClaimJitterMs, maxLeaseMs, minLeaseMs } from "../../base/limits.ts";
import { isTopicName } from "../../base/names.ts";
import type { CommitClass, TopicConfig, TopicConfigPatch } from "../../topic/config.ts";
import { defaultConfig } from "../../topic/config.ts";
import type { Grant } from "../auth/grant.ts";
import { clamped, flag, nullable, u64 } from "./fields.ts";
import { Shape } from "./shape.ts";

const durability = Union([Literal("ephemeral"), Literal("memory"), Literal("disk"), Literal("fsync")]);

export const topicConfigSchema = object(
  {
    type: Optional(Union([Literal("log"), Literal("queue")], { description: '"log" or "queue"' })),
    ttl_ms: u64(),
    cap_records: u64(),
    cap_bytes: u64(),
    discard: Optional(Union([Literal("old"), Literal("reject")], { description: '"old" or "reject"' })),
    durability: nullable(durability, '"ephemeral", "memory", "disk" or "fsync"'),
    durable: flag(),
    priority: nullable(
      Integer({ minimum: -(2 ** 31), maximum: 2 ** 31 - 1 }),
      "a whole number from -2147483648 to 2147483647",
    ),
    auto_priority: flag(),
    auto_create: flag(),
    idempotency_window_ms: u64(),
    dedupe_node: flag(),
    lease_ms: u64(),
    claim_jitter_ms: u64(),
    max_deliveries: u64(),
    dead_letter: nullable(string(), "the name of another topic"),
    leases_durable: flag(),
  },
  { description: "an object" },
);

export type WireTopicConfig = Static<typeof topicConfigSchema>;

export const topicConfigShape = new Shape(topicConfigSchema);

type Draft = { -readonly [Field in keyof TopicConfigPatch]: TopicConfigPatch[Field] };

/** Only what was stated. `within` is where the configuration sits in the body. */
export function statedConfig(wire: WireTopicConfig, topic: string, within?: string): TopicConfigPatch {
  const patch: Draft = {};
  if (wire.type !== undefined) patch.type = wire.type;
  if (wire.ttl_ms !== undefined) patch.ttlMs = wire.ttl_ms;
  if (wire.cap_records !== undefined) patch.capRecords = wire.cap_records;
  if (wire.cap_bytes !== undefined) patch.capBytes = wire.cap_bytes;
  if (wire.discard !== undefined) patch.discard = wire.discard;
  const commitClass = statedClass(wire);
  if (commitClass !== undefined) patch.durability = commitClass;
  if (wire.priority !== undefined) patch.priority = wire.priority;
  if (wire.auto_priority !== undefined) patch.autoPriority = wire.auto_priority;
  if (wire.auto_create !== undefined) patch.autoCreate = wire.auto_create;
  if (wire.idempotency_window_ms !== undefined) patch.idempotencyWindowMs = wire.idempotency_window_ms;
  if (wire.dedupe_node !== undefined) patch.dedupeNode = wire.dedupe_node;
  if (wire.lease_ms !== undefined) patch.leaseMs = clamped(wire.lease_ms, minLeaseMs, maxLeaseMs);
  if (wire.claim_jitter_ms !== undefined) patch.claimJitterMs = clamped(wire.claim_jitter_ms, 0, maxClaimJitterMs);
  if (wire.max_deliveries !== undefined) patch.maxDeliveries = wire.max_deliveries;
  if (wire.dead_letter !== undefined) patch.deadLetter = checkedDeadLetter(wire.dead_letter, topic, within);
  if (wire.leases_durable !== undefined) patch.leasesDurable = wire.leases_durable;
  return patch;
}

/** Names in a configuration are held against the key's prefixes like those in a path. `field`: where they stand. */
export function demandConfigNames(grant: Grant, { deadLetter }: TopicConfigPatch, field: string): void {
  if (typeof deadLetter === "string") grant.demandName("topic", deadLetter, field);
}

/** A `PUT` states everything: what is absent takes its default, but for the type, which stays what it is (2.5). */
export function wholeConfig(stated: TopicConfigPatch): TopicConfigPatch {
  const defaults: Draft = { ...defaultConfig };
  delete defaults.type;
  return { ...defaults, ...stated };
}

/** An explicit `durability` wins over its alias. */
function statedClass(wire: WireTopicConfig): CommitClass | undefined {
  if (wire.durability !== undefined && wire.durability !== null) return wire.durability;
  if (wire.durable === undefined) return undefined;
  return wire.durable ? "fsync" : "disk";
}

function checkedDeadLetter(name: string | null, topic: string, within: string | undefined): string | null {
  if (name === null) return null;
  const field = within === undefined ? "dead_letter" : `${within}.dead_letter`;
  if (!isTopicName(name)) throw invalidField(field, `${field} must be the name of a topic.`);
  if (name === topic) throw invalidField(field, `${field} must be another topic: a topic cannot be its own.`);
  return name;
}

/** Every field, as a response always carries them. Names are ASCII by their rule, and so is the text. */
export function configText(config: TopicConfig): string {
  const deadLetter = config.deadLetter === null ? "null" : `"${config.deadLetter}"`;
  return (
    `{"type":"${config.type}","ttl_ms":${config.ttlMs},"cap_records":${config.capRecords},` +
    `"cap_bytes":${config.capBytes},"discard":"${config.discard}","durability":"${config.durability}",` +
    `"durable":${config.durability === "fsync"},"priority":${config.priority},` +
    `"auto_priority":${config.autoPriority},"auto_create":${config.autoCreate},` +
    `"idempotency_window_ms":${config.idempotencyWindowMs},"dedupe_node":${config.dedupeNode},` +
    `"lease_ms":${config.leaseMs},"claim_jitter_ms":${config.claimJitterMs},` +
    `"max_deliveries":${config.maxDeliveries},"dead_letter":${deadLetter},` +
    `"leases_durable":${config.leasesDurable}}`
  );
}

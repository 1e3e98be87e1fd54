/** A topic's configuration as JSON in WAL entries: every field, u64 values above 2^53-1 as strings of digits. */
import { defaultConfig, type TopicConfig } from "./config.ts";

const maxU64 = 2n ** 64n - 1n;

type Check = (value: unknown) => boolean;
const isBoolean: Check = (value) => typeof value === "boolean";
const isU64: Check = (value) =>
  typeof value === "bigint" ? value >= 0n && value <= maxU64 : Number.isSafeInteger(value) && (value as number) >= 0;
const oneOf =
  (...names: readonly string[]): Check =>
  (value) =>
    typeof value === "string" && names.includes(value);

const checks: Readonly<Record<keyof TopicConfig, Check>> = {
  type: oneOf("log", "queue"),
  ttlMs: isU64,
  capRecords: isU64,
  capBytes: isU64,
  discard: oneOf("old", "reject"),
  durability: oneOf("ephemeral", "memory", "disk", "fsync"),
  priority: (value) => value === null || Number.isInteger(value),
  autoPriority: isBoolean,
  autoCreate: isBoolean,
  idempotencyWindowMs: isU64,
  dedupeNode: isBoolean,
  leaseMs: (value) => Number.isSafeInteger(value),
  claimJitterMs: (value) => Number.isSafeInteger(value),
  maxDeliveries: isU64,
  deadLetter: (value) => value === null || typeof value === "string",
  leasesDurable: isBoolean,
};
const u64Fields: ReadonlySet<string> = new Set([
  "ttlMs",
  "capRecords",
  "capBytes",
  "idempotencyWindowMs",
  "maxDeliveries",
]);

export function configToJson(config: TopicConfig): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([field, value]: [string, unknown]) => [
      field,
      typeof value === "bigint" ? value.toString() : value,
    ]),
  );
}

/**
 * Only what is not the default, for checkpoints of very many topics. The defaults are part of the format: should one ever
 * change, the ones of format 1 have to be kept here.
 */
export function configToCompactJson(config: TopicConfig): Record<string, unknown> {
  if (config === defaultConfig) return {};
  const all = configToJson(config);
  for (const field of Object.keys(checks) as (keyof TopicConfig)[])
    if (config[field] === defaultConfig[field]) delete all[field];
  return all;
}

/** The default itself where nothing differs: most topics share it. */
export function configFromCompactJson(json: unknown): TopicConfig | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  return Object.keys(json).length === 0 ? defaultConfig : configFromJson({ ...configToJson(defaultConfig), ...json });
}

/** `undefined` when a field is missing, unknown or out of its range. */
export function configFromJson(json: unknown): TopicConfig | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const entries = Object.entries(json).map(([field, value]: [string, unknown]) => [
    field,
    u64Fields.has(field) && typeof value === "string" && /^[0-9]{1,20}$/.test(value) ? BigInt(value) : value,
  ]);
  const config = Object.fromEntries(entries) as Record<string, unknown>;
  const fields = Object.keys(checks) as (keyof TopicConfig)[];
  if (entries.length !== fields.length) return undefined;
  if (!fields.every((field) => Object.hasOwn(config, field) && checks[field](config[field]))) return undefined;
  return { ...defaultConfig, ...config };
}

export function sameConfig(a: TopicConfig, b: TopicConfig): boolean {
  return (Object.keys(checks) as (keyof TopicConfig)[]).every((field) => a[field] === b[field]);
}

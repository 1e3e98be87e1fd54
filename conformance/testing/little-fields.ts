/** Request fields of the little server: typed access to a JSON object, with the refusals of spec 2.1. */
import type { JsonNode } from "./little-json.ts";

/** A refusal: status, code, detail. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(status: number, code: string, detail: Readonly<Record<string, unknown>> = {}) {
    super(code);
    this.status = status;
    this.code = code;
    this.detail = detail;
  }
}

export function invalid(field: string): Refusal {
  return new Refusal(400, "invalid_request", { field });
}

export function isName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._:-]{0,254}$/.test(text);
}

export class Fields {
  readonly #members: ReadonlyMap<string, JsonNode>;

  constructor(node: JsonNode, field = "body") {
    if (node.kind !== "object") throw invalid(field);
    this.#members = new Map(node.members);
    if (this.#members.size !== node.members.length) throw invalid(field);
  }

  /** `undefined` when absent, or null where that counts as absent. */
  node(name: string, nullable = false): JsonNode | undefined {
    const node = this.#members.get(name);
    return nullable && node?.raw === "null" ? undefined : node;
  }

  text(name: string, maxBytes: number): string | undefined {
    const node = this.node(name, true);
    if (node === undefined) return undefined;
    const text = String(node.value);
    if (node.kind !== "string" || Buffer.byteLength(text) > maxBytes || /\p{Surrogate}/u.test(text))
      throw invalid(name);
    return text;
  }

  flag(name: string, otherwise: boolean, nullable = false): boolean {
    const node = this.node(name, nullable);
    if (node === undefined) return otherwise;
    if (typeof node.value !== "boolean") throw invalid(name);
    return node.value;
  }

  integer(name: string, otherwise: number, nullable = false): number {
    const node = this.node(name, nullable);
    if (node === undefined) return otherwise;
    if (!/^(?:0|[1-9]\d*)$/.test(node.raw) || BigInt(node.raw) >= 2n ** 64n) throw invalid(name);
    return Number(node.value);
  }

  choice<T extends string>(name: string, choices: readonly T[], nullable = false): T | undefined {
    const node = this.node(name, nullable);
    if (node === undefined) return undefined;
    const found = choices.find((choice) => choice === node.value);
    if (found === undefined) throw invalid(name);
    return found;
  }
}

/** A tag predicate of 1.7. */
export function predicate(node: JsonNode | undefined): ((tag: string | undefined) => boolean) | undefined {
  if (node === undefined) return undefined;
  const [column, op, pattern] = parts(node);
  if (column !== "tag" || typeof pattern !== "string") throw invalid("match");
  if (op === "Eq") return (tag) => tag === pattern;
  if (op !== "Glob" || !pattern.endsWith("*") || pattern.indexOf("*") !== pattern.length - 1) throw invalid("match");
  return (tag) => tag?.startsWith(pattern.slice(0, -1)) === true;
}

function parts(node: JsonNode): unknown[] {
  if (typeof node.value === "string") return ["tag", node.value.endsWith("*") ? "Glob" : "Eq", node.value];
  if (node.kind !== "array" || node.items.length !== 3) throw invalid("match");
  return node.items.map((item) => item.value);
}

const u64Defaults = { ttl_ms: 0, cap_records: 0, cap_bytes: 0, idempotency_window_ms: 120000, max_deliveries: 0 };
const flagDefaults = { auto_priority: true, auto_create: true, dedupe_node: true, leases_durable: false };

export type Config = Record<string, unknown> &
  Record<keyof typeof u64Defaults, number> &
  Record<keyof typeof flagDefaults, boolean>;

/** A whole configuration (2.4). */
export function config(fields: Fields, self: string): Config {
  const durable = fields.flag("durable", false);
  const classes = ["ephemeral", "memory", "disk", "fsync"] as const;
  const durability = fields.choice("durability", classes, true) ?? (durable ? "fsync" : "disk");
  const numbers = Object.entries(u64Defaults).map(([name, value]) => [name, fields.integer(name, value)]);
  const flags = Object.entries(flagDefaults).map(([name, value]) => [name, fields.flag(name, value)]);
  const clamp = (name: string, value: number, low: number, high: number): number =>
    Math.min(Math.max(fields.integer(name, value), low), high);
  return {
    type: fields.choice("type", ["log", "queue"]),
    discard: fields.choice("discard", ["old", "reject"]) ?? "old",
    durability,
    durable: durability === "fsync",
    priority: priority(fields),
    lease_ms: clamp("lease_ms", 30000, 100, 86400000),
    claim_jitter_ms: clamp("claim_jitter_ms", 0, 0, 5000),
    dead_letter: deadLetter(fields, self),
    ...(Object.fromEntries([...numbers, ...flags]) as Record<keyof typeof u64Defaults, number> &
      Record<keyof typeof flagDefaults, boolean>),
  };
}

function priority(fields: Fields): number | null {
  const node = fields.node("priority", true);
  if (node === undefined) return null;
  const value = Number(node.value);
  if (!/^-?(?:0|[1-9]\d*)$/.test(node.raw) || node.raw === "-0" || (value | 0) !== value) throw invalid("priority");
  return value;
}

function deadLetter(fields: Fields, self: string): string | null {
  const name = fields.text("dead_letter", 255);
  if (name !== undefined && (!isName(name) || name === self)) throw invalid("dead_letter");
  return name ?? null;
}

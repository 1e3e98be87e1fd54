/**
 * What a write body means (spec 2.6), worked out the slow and obvious way over `JSON.parse`: the oracle of the slicer's
 * property tests.
 */
import type { SliceLimits } from "../json-slice.ts";

export interface ReferenceRecord {
  readonly data: string;
  readonly meta: string | undefined;
  readonly tag: string | undefined;
  readonly node: string | undefined;
  readonly dataSpaced: boolean;
  readonly metaSpaced: boolean;
}

export interface ReferenceBody {
  readonly records: readonly ReferenceRecord[];
  readonly node: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly create: boolean | undefined;
  readonly hasConfig: boolean;
  readonly disableBackpressure: boolean;
}

class Refusal extends Error {}

function need(condition: boolean, why: string): asserts condition {
  if (!condition) throw new Refusal(why);
}

/** `undefined`: the body is to be refused. */
export function referenceSlice(bytes: Uint8Array, limits: SliceLimits): ReferenceBody | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    JSON.parse(text);
    need(depthOf(text) <= limits.maxDepth, "depth");
    return body(text, limits);
  } catch (error) {
    if (error instanceof Refusal || error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Whether a control text is to be accepted: JSON, not too deep, no repeated keys, no lone surrogates. */
export function referenceControl(bytes: Uint8Array, maxDepth: number): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    JSON.parse(text);
    need(depthOf(text) <= maxDepth, "depth");
    checkControl(trim(text), false);
    return true;
  } catch (error) {
    if (error instanceof Refusal || error instanceof SyntaxError || error instanceof TypeError) return false;
    throw error;
  }
}

function body(text: string, limits: SliceLimits): ReferenceBody {
  const fields = members(text);
  const elements = parts(fields.get("records") ?? "", "[");
  need(elements.length > 0 && elements.length <= limits.maxRecords, "records");
  const create = optional(fields, "create");
  const pressure = fields.get("disable_backpressure") ?? "false";
  const config = optional(fields, "config");
  need(create === undefined || create === "true" || create === "false", "create");
  need(pressure === "true" || pressure === "false", "disable_backpressure");
  if (config !== undefined) checkControl(config, true);
  return {
    records: elements.map((element) => record(element, limits)),
    node: shortString(fields, "node", limits.maxNodeBytes),
    idempotencyKey: shortString(fields, "idempotency_key", limits.maxKeyBytes),
    create: create === undefined ? undefined : create === "true",
    hasConfig: config !== undefined,
    disableBackpressure: pressure === "true",
  };
}

function record(text: string, limits: SliceLimits): ReferenceRecord {
  const fields = members(text);
  const data = fields.get("data");
  need(data !== undefined, "data");
  const meta = optional(fields, "meta");
  if (meta !== undefined) {
    need(meta.startsWith("{") && utf8Length(meta) <= limits.maxMetaBytes, "meta");
    need(parts(meta, "{").length <= limits.maxMetaKeys, "meta keys");
  }
  need(utf8Length(data) + utf8Length(meta ?? "") <= limits.maxRecordBytes, "size");
  return {
    data,
    meta,
    tag: shortString(fields, "tag", limits.maxTagBytes),
    node: shortString(fields, "node", limits.maxNodeBytes),
    dataSpaced: /[\r\n]/.test(data),
    metaSpaced: /[\r\n]/.test(meta ?? ""),
  };
}

function optional(fields: ReadonlyMap<string, string>, name: string): string | undefined {
  const value = fields.get(name);
  return value === "null" ? undefined : value;
}

function shortString(fields: ReadonlyMap<string, string>, name: string, maxBytes: number): string | undefined {
  const text = optional(fields, name);
  if (text === undefined) return undefined;
  need(text.startsWith('"'), "type");
  const value = JSON.parse(text) as string;
  need(isWellFormed(value) && utf8Length(value) <= maxBytes, name);
  return value;
}

/** Members of a control object: decoded key to text of the value. */
function members(text: string): Map<string, string> {
  const map = new Map<string, string>();
  for (const part of parts(text, "{")) {
    const [, key] = /^("(?:[^"\\]|\\.)*")/su.exec(part) ?? [];
    const name = JSON.parse(key) as string;
    need(isWellFormed(name) && !map.has(name), "key");
    map.set(name, part.slice(key.length).replace(/^[ \t\r\n]*:[ \t\r\n]*/u, ""));
  }
  return map;
}

function checkControl(text: string, mustBeObject: boolean): void {
  need(!mustBeObject || text.startsWith("{"), "type");
  if (text.startsWith("{")) for (const value of members(text).values()) checkControl(value, false);
  else if (text.startsWith("[")) for (const value of parts(text, "[")) checkControl(value, false);
  else if (text.startsWith('"')) need(isWellFormed(JSON.parse(text) as string), "string");
}

/** The texts between the commas of a valid array or object, without white space around. */
function parts(text: string, bracket: "[" | "{"): string[] {
  const trimmed = trim(text);
  need(trimmed.startsWith(bracket), "type");
  const found: string[] = [];
  let depth = 0;
  let from = 1;
  for (const [token, at] of tokens(trimmed)) {
    if (token === "[" || token === "{") depth++;
    const last = (token === "]" || token === "}") && --depth === 0;
    if (!last && (token !== "," || depth !== 1)) continue;
    const part = trim(trimmed.slice(from, at));
    if (part !== "") found.push(part);
    from = at + 1;
  }
  return found;
}

function trim(text: string): string {
  return text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/gu, "");
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of tokens(text)) {
    if (token === "[" || token === "{") deepest = Math.max(deepest, ++depth);
    else if (token === "]" || token === "}") depth--;
  }
  return deepest;
}

/** Brackets and commas outside strings. */
function* tokens(text: string): Generator<[token: string, at: number]> {
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},]/gsu)) {
    if (!match[0].startsWith('"')) yield [match[0], match.index];
  }
}

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/**
 * `meta` of an exactly-once copy (spec 3.2): what it was, byte for byte, and behind it the key that names the record of the
 * source for ever. A key of the same kind that an earlier router left is replaced.
 */
import { assert } from "../base/assert.ts";
import { decodeJsonString } from "../base/json-string.ts";
import type { LinkSource } from "./link.ts";

const ownKey = "_topics_router";
const originalKey = "_topics_original_meta";

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** The member that the server adds, without its braces. */
export function routerMember(router: string, source: LinkSource, seq: number): string {
  const value = {
    idempotency_key: `router:${router}:${source.id}:${source.epoch}:${seq}`,
    router,
    source_topic: source.name,
    source_topic_id: source.id,
    source_epoch: source.epoch,
    source_seq: seq,
  };
  return `"${ownKey}":${JSON.stringify(value)}`;
}

/** `meta` as it was stored, valid JSON in [start, end); `start === end`: there was none. */
export function withRouterMember(bytes: Uint8Array, start: number, end: number, member: string): Buffer {
  const own = Buffer.from(member);
  if (start === end) return Buffer.concat([brace, own, endBrace]);
  if (bytes[start] !== openBrace)
    return Buffer.concat([
      Buffer.from(`{"${originalKey}":`),
      bytes.subarray(start, end),
      Buffer.from(","),
      own,
      endBrace,
    ]);
  const parts: Uint8Array[] = [brace];
  for (const [from, to] of otherMembers(bytes, start, end)) parts.push(bytes.subarray(from, to), commaByte);
  return Buffer.concat([...parts, own, endBrace]);
}

const brace = Buffer.from("{");
const endBrace = Buffer.from("}");
const commaByte = Buffer.from(",");

/** Members of an object whose key is not the server's, each from its key's quote to the end of its value. */
function* otherMembers(bytes: Uint8Array, start: number, end: number): Generator<readonly [number, number]> {
  let at = start + 1;
  for (;;) {
    while (at < end && bytes[at] !== quote && bytes[at] !== closeBrace) at++;
    if (bytes[at] !== quote) return;
    const from = at;
    const keyEnd = stringEnd(bytes, at);
    const isOwn = decodeJsonString(bytes, from + 1, keyEnd - 1) === ownKey;
    at = keyEnd;
    while (bytes[at] !== colon) at++;
    at = memberEnd(bytes, at + 1, end);
    if (!isOwn) yield [from, at];
  }
}

/** Behind the value that begins at or behind `at`: the comma or the brace that follows it. */
function memberEnd(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0;
  while (at < end) {
    const byte = bytes[at];
    if (byte === quote) {
      at = stringEnd(bytes, at);
      continue;
    }
    if (depth === 0 && (byte === comma || byte === closeBrace)) return at;
    if (byte === openBrace || byte === openBracket) depth++;
    if (byte === closeBrace || byte === closeBracket) depth--;
    at++;
  }
  assert(false, "meta is an object that ends");
}

/** Behind the closing quote of the string that begins at `at`. */
function stringEnd(bytes: Uint8Array, at: number): number {
  for (at++; bytes[at] !== quote; at++) if (bytes[at] === backslash) at++;
  return at + 1;
}

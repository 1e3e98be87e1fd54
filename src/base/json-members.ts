/** The members of a JSON object that is known to be valid, as ranges of its bytes: for changing some and keeping the rest verbatim. */
import { assert } from "./assert.ts";
import { ascii } from "./json-bytes.ts";
import { decodeJsonString, decodeUtf8 } from "./json-string.ts";

export interface Member {
  readonly key: string;
  /** From the key's first quote to the value's last character. */
  readonly start: number;
  readonly end: number;
  readonly valueStart: number;
}

/** In order; a key that is there twice is listed twice. */
export function membersOf(bytes: Uint8Array): Member[] {
  const members: Member[] = [];
  let at = skipSpace(bytes, 0);
  assert(bytes[at] === ascii.openBrace, "members are an object's");
  at = skipSpace(bytes, at + 1);
  while (bytes[at] !== ascii.closeBrace) {
    const start = at;
    const keyEnd = skipString(bytes, at);
    const valueStart = skipSpace(bytes, skipSpace(bytes, keyEnd) + 1);
    const end = skipValue(bytes, valueStart);
    members.push({ key: keyOf(bytes, start + 1, keyEnd - 1), start, end, valueStart });
    at = skipSpace(bytes, end);
    if (bytes[at] === ascii.comma) at = skipSpace(bytes, at + 1);
  }
  return members;
}

/** A string's text; `undefined` for any other value. */
export function stringValue(bytes: Uint8Array, { valueStart, end }: Member): string | undefined {
  return bytes[valueStart] === ascii.quote ? keyOf(bytes, valueStart + 1, end - 1) : undefined;
}

function keyOf(bytes: Uint8Array, start: number, end: number): string {
  return decodeJsonString(bytes, start, end) ?? decodeUtf8(bytes, start, end);
}

function skipSpace(bytes: Uint8Array, at: number): number {
  while (bytes[at] <= ascii.space) at++;
  return at;
}

/** Behind the string that begins here. */
function skipString(bytes: Uint8Array, at: number): number {
  for (at++; bytes[at] !== ascii.quote; at++) if (bytes[at] === ascii.backslash) at++;
  return at + 1;
}

function skipValue(bytes: Uint8Array, at: number): number {
  let depth = 0;
  for (;;) {
    const byte = bytes[at];
    if (byte === ascii.quote) at = skipString(bytes, at);
    else {
      if (byte === ascii.openBrace || byte === ascii.openBracket) depth++;
      else if (byte === ascii.closeBrace || byte === ascii.closeBracket) depth--;
      at++;
    }
    if (depth > 0) continue;
    if (byte === ascii.quote || byte === ascii.closeBrace || byte === ascii.closeBracket) return at;
    const next = bytes[at];
    if (next === ascii.comma || next === ascii.closeBrace || next === ascii.closeBracket || next <= ascii.space)
      return at;
  }
}

/** Valid JSON without its insignificant white space (spec 1.1 allows it; a raw line break would break an SSE line). */
import { ascii } from "./json-bytes.ts";

/** How many bytes `writeCompact` writes. */
export function compactLength(bytes: Uint8Array, start: number, end: number): number {
  let length = end - start;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte <= ascii.space) length--;
    else if (byte === ascii.quote) at = closingQuote(bytes, at);
  }
  return length;
}

/** Writes a value at `at` and returns the offset behind it. Strings are copied as they are. */
export function writeCompact(into: Uint8Array, at: number, bytes: Uint8Array, start: number, end: number): number {
  let to = at;
  for (let from = start; from < end; from++) {
    const byte = bytes[from];
    if (byte <= ascii.space) continue;
    into[to++] = byte;
    if (byte !== ascii.quote) continue;
    const quote = closingQuote(bytes, from);
    while (from < quote) into[to++] = bytes[++from];
  }
  return to;
}

function closingQuote(bytes: Uint8Array, openingQuote: number): number {
  let at = openingQuote + 1;
  while (bytes[at] !== ascii.quote) at += bytes[at] === ascii.backslash ? 2 : 1;
  return at;
}

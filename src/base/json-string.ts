/**
 * From the bytes between a JSON string's quotes to the string. The bytes have been scanned (json-bytes.ts): escapes are
 * complete and UTF-8 is well formed. Linear; a lone surrogate escape has no UTF-8 form and is reported, not replaced.
 */
import { ascii, hexValue } from "./json-bytes.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Up to here a loop over characters is cheaper than the decoder. */
const shortBytes = 48;

/** UTF-8 to string. A byte order mark is a character like any other. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= shortBytes) {
    let text = "";
    let at = start;
    for (; at < end && bytes[at] < 0x80; at++) text += String.fromCharCode(bytes[at]);
    if (at === end) return text;
  }
  return decoder.decode(bytes.subarray(start, end));
}

export function hasEscape(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === ascii.backslash) return true;
  return false;
}

/** `undefined`: the string holds a lone surrogate. */
export function decodeJsonString(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (!hasEscape(bytes, start, end)) return decodeUtf8(bytes, start, end);
  const plain = unescape(bytes, start, end);
  return plain === undefined ? undefined : decodeUtf8(plain, 0, plain.length);
}

const control = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

/** The string's UTF-8 bytes without escapes, never more than there were; `undefined` for a lone surrogate. */
export function unescape(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const into = new Uint8Array(end - start);
  let to = 0;
  let at = start;
  while (at < end) {
    const byte = bytes[at++];
    if (byte !== ascii.backslash) {
      into[to++] = byte;
      continue;
    }
    const kind = bytes[at++];
    if (kind !== ascii.u) {
      into[to++] = control.get(kind) ?? kind;
      continue;
    }
    let point = hex4(bytes, at);
    at += 4;
    if (point >= 0xd800 && point <= 0xdfff) {
      const paired = point < 0xdc00 && at + 6 <= end && bytes[at] === ascii.backslash && bytes[at + 1] === ascii.u;
      const low = paired ? hex4(bytes, at + 2) : 0;
      if (low < 0xdc00 || low > 0xdfff) return undefined;
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
      at += 6;
    }
    to = writePoint(into, to, point);
  }
  return into.subarray(0, to);
}

function hex4(bytes: Uint8Array, at: number): number {
  const high = (hexValue[bytes[at]] << 4) | hexValue[bytes[at + 1]];
  return (high << 8) | (hexValue[bytes[at + 2]] << 4) | hexValue[bytes[at + 3]];
}

function writePoint(into: Uint8Array, at: number, point: number): number {
  let to = at;
  if (point < 0x80) into[to++] = point;
  else if (point < 0x800) {
    into[to++] = 0xc0 | (point >> 6);
    into[to++] = 0x80 | (point & 0x3f);
  } else if (point < 0x10000) {
    into[to++] = 0xe0 | (point >> 12);
    into[to++] = 0x80 | ((point >> 6) & 0x3f);
    into[to++] = 0x80 | (point & 0x3f);
  } else {
    into[to++] = 0xf0 | (point >> 18);
    into[to++] = 0x80 | ((point >> 12) & 0x3f);
    into[to++] = 0x80 | ((point >> 6) & 0x3f);
    into[to++] = 0x80 | (point & 0x3f);
  }
  return to;
}

/**
 * JSON written straight into bytes: decimal integers and ASCII at an offset, strings with their quotes. Callers have
 * made sure of the room; every function returns the offset behind what it wrote.
 */

/** Well-formed JSON for any string without lone surrogates; those come out as escapes. */
export function jsonString(text: string): string {
  return JSON.stringify(text);
}

const encoder = new TextEncoder();

/** The bytes of a JSON string, quotes included. */
export function jsonStringBytes(text: string): Uint8Array {
  return encoder.encode(JSON.stringify(text));
}

/** Upper bound of what `writeInteger` takes for a seq or a time: 2^53 - 1 has 16 digits. */
export const maxIntegerBytes = 16;

/** Below this, arithmetic on 32-bit integers will do. */
const billion = 1_000_000_000;

/** Decimal digits of an integer from 0 to 2^53 - 1. */
export function digitCount(value: number): number {
  if (value >= billion) return 9 + digitCount(Math.floor(value / billion));
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  if (value < 10_000) return 4;
  if (value < 100_000) return 5;
  if (value < 1_000_000) return 6;
  if (value < 10_000_000) return 7;
  return value < 100_000_000 ? 8 : 9;
}

/** Writes an integer from 0 to 2^53 - 1. */
export function writeInteger(into: Uint8Array, at: number, value: number): number {
  if (value < billion) {
    const end = at + digitCount(value);
    writeDigits(into, at, end, value);
    return end;
  }
  const high = Math.floor(value / billion);
  const middle = writeInteger(into, at, high);
  writeDigits(into, middle, middle + 9, value - high * billion);
  return middle + 9;
}

/** Fills [at, end) with the last digits of a value below 10^9, zeros in front. */
function writeDigits(into: Uint8Array, at: number, end: number, value: number): void {
  let rest = value | 0;
  for (let place = end - 1; place >= at; place--) {
    const tenth = (rest / 10) | 0;
    into[place] = 0x30 + rest - tenth * 10;
    rest = tenth;
  }
}

/** Writes text of ASCII characters only. */
export function writeAscii(into: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) into[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/** Below this a loop over bytes is cheaper than a view and a copy of it. */
const shortBytes = 96;

export function writeBytes(into: Uint8Array, at: number, from: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > shortBytes) into.set(from.subarray(start, end), at);
  else for (let i = 0; i < length; i++) into[at + i] = from[start + i];
  return at + length;
}

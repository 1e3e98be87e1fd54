/**
 * The smallest pieces of strict JSON (RFC 8259) over UTF-8 bytes, shared by the slicer and the control parser: strings,
 * digits, literals, and what is said when they are malformed. Linear in the bytes; nothing is decoded or allocated here.
 */
import { TopicsError } from "./errors.ts";

export const ascii = {
  tab: 0x09,
  lf: 0x0a,
  cr: 0x0d,
  space: 0x20,
  quote: 0x22,
  plus: 0x2b,
  comma: 0x2c,
  minus: 0x2d,
  dot: 0x2e,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  f: 0x66,
  n: 0x6e,
  t: 0x74,
  u: 0x75,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

/** Where a JSON text breaks the grammar. The message never quotes input. */
export function syntaxError(problem: string, offset: number): TopicsError {
  return new TopicsError("invalid_request", `the body is not valid JSON: ${problem} at byte ${offset}`, { offset });
}

/** Bytes that may stand for themselves inside a string: ASCII but controls, quote, backslash. */
const plain = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte >= ascii.space && byte < 0x80 && byte !== ascii.quote && byte !== ascii.backslash),
);

/** What may follow a backslash: 1 for one byte, 5 for `u` and four digits. */
const escapeLength = new Uint8Array(256);
for (const byte of [0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74]) escapeLength[byte] = 1;
escapeLength[ascii.u] = 5;

/** Value of a hexadecimal digit, 255 for any other byte. */
export const hexValue: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : 255;
});

/**
 * Scans a string from any character inside it. Returns the place of its closing quote, or the complement (`~`) of the
 * place to go on from when `stop` was reached first; that may lie a few bytes behind `stop`, never inside a character.
 */
export function scanString(bytes: Uint8Array, from: number, stop: number): number {
  let at = from;
  for (;;) {
    // Four at a time: payloads are mostly long runs of these.
    while (
      at + 4 <= stop &&
      (plain[bytes[at]] & plain[bytes[at + 1]] & plain[bytes[at + 2]] & plain[bytes[at + 3]]) === 1
    )
      at += 4;
    while (at < stop && plain[bytes[at]] === 1) at++;
    if (at >= stop) return ~at;
    const byte = bytes[at];
    if (byte === ascii.quote) return at;
    if (byte >= 0x80) at = afterMultibyte(bytes, at);
    else if (byte === ascii.backslash) at = afterEscape(bytes, at);
    else throw syntaxError("a raw control character in a string", at);
  }
}

function afterEscape(bytes: Uint8Array, at: number): number {
  const length = at + 1 < bytes.length ? escapeLength[bytes[at + 1]] : 0;
  const end = at + 1 + length;
  if (length === 0 || end > bytes.length) throw syntaxError("a bad escape in a string", at);
  for (let digit = at + 2; digit < end; digit++) {
    if (hexValue[bytes[digit]] === 255) throw syntaxError("a bad escape in a string", at);
  }
  return end;
}

/** Well-formed UTF-8 (Unicode table 3-7): no overlong form, no surrogate, nothing above U+10FFFF. */
function afterMultibyte(bytes: Uint8Array, at: number): number {
  const lead = bytes[at];
  const more = lead < 0xc2 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : 0;
  const end = at + more + 1;
  if (more === 0 || end > bytes.length) throw syntaxError("invalid UTF-8", at);
  const second = bytes[at + 1];
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) throw syntaxError("invalid UTF-8", at);
  for (let next = at + 2; next < end; next++) {
    if ((bytes[next] & 0xc0) !== 0x80) throw syntaxError("invalid UTF-8", at);
  }
  return end;
}

/**
 * The three runs of digits in a number, which are the places where a scan may stop in the middle of one: after the
 * integer's first digit, after the first digit of the fraction, after the first of the exponent.
 */
export type NumberPart = 0 | 1 | 2;

/** Where a number stands when a scan leaves it; kept by the caller, so that scanning allocates nothing. */
export interface NumberState {
  /** The run of digits to go on with; `numberEnd` when the number is over. */
  part: NumberPart | typeof numberEnd;
}
export const numberEnd = 3;

/** Scans a number from its first byte. Returns where it ends, or where to go on with `scanDigits`, as `state` says. */
export function scanNumber(bytes: Uint8Array, from: number, stop: number, state: NumberState): number {
  let at = from;
  if (bytes[at] === ascii.minus) at++;
  at = firstDigit(bytes, at);
  if (bytes[at - 1] !== ascii.zero) return scanDigits(bytes, at, stop, 0, state);
  if (at < bytes.length && isDigit(bytes[at])) throw syntaxError("a number with a leading zero", from);
  return afterDigits(bytes, at, stop, 0, state);
}

/** Goes on in a run of digits. */
export function scanDigits(
  bytes: Uint8Array,
  from: number,
  stop: number,
  part: NumberPart,
  state: NumberState,
): number {
  let at = from;
  while (at < stop && isDigit(bytes[at])) at++;
  if (at < stop || at === bytes.length) return afterDigits(bytes, at, stop, part, state);
  state.part = part;
  return at;
}

function afterDigits(bytes: Uint8Array, at: number, stop: number, part: NumberPart, state: NumberState): number {
  const byte = at < bytes.length ? bytes[at] : 0;
  if (part === 0 && byte === ascii.dot) return scanDigits(bytes, firstDigit(bytes, at + 1), stop, 1, state);
  if (part < 2 && (byte | 0x20) === 0x65) {
    const sign = at + 1 < bytes.length ? bytes[at + 1] : 0;
    const digits = sign === ascii.plus || sign === ascii.minus ? at + 2 : at + 1;
    return scanDigits(bytes, firstDigit(bytes, digits), stop, 2, state);
  }
  state.part = numberEnd;
  return at;
}

function firstDigit(bytes: Uint8Array, at: number): number {
  if (at < bytes.length && isDigit(bytes[at])) return at + 1;
  throw syntaxError("a number without digits", at);
}

function isDigit(byte: number): boolean {
  return byte >= ascii.zero && byte <= ascii.nine;
}

/** Returns where the literal that begins at `from` ends. */
export function scanLiteral(bytes: Uint8Array, from: number): number {
  const byte = bytes[from];
  if (byte === ascii.t && matches4(bytes, from, 0x74, 0x72, 0x75, 0x65)) return from + 4;
  if (byte === ascii.n && matches4(bytes, from, 0x6e, 0x75, 0x6c, 0x6c)) return from + 4;
  if (byte === ascii.f && matches4(bytes, from + 1, 0x61, 0x6c, 0x73, 0x65)) return from + 5;
  throw syntaxError("an unexpected character", from);
}

function matches4(bytes: Uint8Array, at: number, a: number, b: number, c: number, d: number): boolean {
  return at + 4 <= bytes.length && bytes[at] === a && bytes[at + 1] === b && bytes[at + 2] === c && bytes[at + 3] === d;
}

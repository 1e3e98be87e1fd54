/**
 * Strict parser for small control bodies (spec 2.1, 9.3): everything but payloads. Integers only, no duplicate keys, no
 * lone surrogates, valid UTF-8, bounded nesting. Objects have no prototype, so that `__proto__` is a key like any other.
 * It runs in one go: the caller bounds the body (`maxControlBytes`).
 */
import { TopicsError, invalidField } from "./errors.ts";
import { ascii, type NumberState, numberEnd, scanLiteral, scanNumber, scanString, syntaxError } from "./json-bytes.ts";
import { decodeJsonString, decodeUtf8 } from "./json-string.ts";

/** A number token that is no plain integer (`1.0`, `1e3`, `-0`, `1.5`): it fails every check for an integer. */
export class NotAnInteger {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Integers are numbers while exact, bigints beyond ±(2^53-1). */
export type ControlValue = null | boolean | number | bigint | string | NotAnInteger | ControlValue[] | ControlObject;
export interface ControlObject {
  [key: string]: ControlValue;
}

export interface ControlOptions {
  /** Levels of nesting, counted from the text's outermost bracket. */
  readonly maxDepth: number;
  /** Where the text stands in its body: the beginning of every `detail.field`. */
  readonly path?: string;
}

/** Parses a whole text. Throws `invalid_request`. */
export function parseControl(bytes: Uint8Array, options: ControlOptions): ControlValue {
  refuseByteOrderMark(bytes);
  const parser = new Parser(bytes, options.maxDepth);
  return parser.document(options.path ?? "");
}

/** As `parseControl`, but only an object will do. */
export function parseControlObject(bytes: Uint8Array, options: ControlOptions): ControlObject {
  const value = parseControl(bytes, options);
  if (isControlObject(value)) return value;
  const message = "must be a JSON object";
  throw options.path ? invalidField(options.path, message) : new TopicsError("invalid_request", `the body ${message}`);
}

export function isControlObject(value: ControlValue | undefined): value is ControlObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NotAnInteger);
}

export function refuseByteOrderMark(bytes: Uint8Array): void {
  if (bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw syntaxError("a byte order mark", 0);
  }
}

class Parser {
  readonly #bytes: Uint8Array;
  readonly #maxDepth: number;
  readonly #number: NumberState = { part: numberEnd };
  #at = 0;
  #depth = 0;

  constructor(bytes: Uint8Array, maxDepth: number) {
    this.#bytes = bytes;
    this.#maxDepth = maxDepth;
  }

  document(path: string): ControlValue {
    const value = this.#value(path);
    this.#skipSpace();
    if (this.#at < this.#bytes.length) throw syntaxError("something follows the value", this.#at);
    return value;
  }

  #value(path: string): ControlValue {
    const byte = this.#peek();
    if (byte === ascii.quote) return this.#string(path);
    if (byte === ascii.openBrace) return this.#object(path);
    if (byte === ascii.openBracket) return this.#array(path);
    const start = this.#at;
    if (byte === ascii.minus || (byte >= ascii.zero && byte <= ascii.nine)) {
      this.#at = scanNumber(this.#bytes, start, this.#bytes.length, this.#number);
      return integer(decodeUtf8(this.#bytes, start, this.#at));
    }
    this.#at = scanLiteral(this.#bytes, start);
    return byte === ascii.n ? null : byte === ascii.t;
  }

  #object(path: string): ControlObject {
    const object = Object.create(null) as ControlObject;
    this.#enter();
    if (this.#closes(ascii.closeBrace)) return object;
    do {
      if (this.#peek() !== ascii.quote) throw syntaxError("a key was expected", this.#at);
      const key = this.#string(path);
      const field = fieldPath(path, key);
      if (key in object) throw invalidField(field, "appears more than once");
      if (this.#peek() !== ascii.colon) throw syntaxError("a colon was expected", this.#at);
      this.#at++;
      object[key] = this.#value(field);
    } while (this.#continues(ascii.closeBrace));
    return object;
  }

  #array(path: string): ControlValue[] {
    const array: ControlValue[] = [];
    this.#enter();
    if (this.#closes(ascii.closeBracket)) return array;
    do array.push(this.#value(path === "" ? path : `${path}[${array.length}]`));
    while (this.#continues(ascii.closeBracket));
    return array;
  }

  #string(path: string): string {
    const start = this.#at + 1;
    const end = scanString(this.#bytes, start, this.#bytes.length);
    if (end < 0) throw syntaxError("an unexpected end", this.#bytes.length);
    this.#at = end + 1;
    const text = decodeJsonString(this.#bytes, start, end);
    if (text !== undefined) return text;
    const message = "a string holds a lone surrogate";
    throw path === "" ? syntaxError(message, start) : invalidField(path, message);
  }

  /** Steps over an opening bracket. */
  #enter(): void {
    if (this.#depth >= this.#maxDepth) throw syntaxError(`more than ${this.#maxDepth} levels`, this.#at);
    this.#depth++;
    this.#at++;
  }

  /** Whether the container is empty; then it is closed. */
  #closes(bracket: number): boolean {
    if (this.#peek() !== bracket) return false;
    this.#depth--;
    this.#at++;
    return true;
  }

  /** True after a comma, false after the closing bracket. */
  #continues(bracket: number): boolean {
    const byte = this.#peek();
    if (byte !== ascii.comma && byte !== bracket)
      throw syntaxError("a comma or a closing bracket was expected", this.#at);
    this.#at++;
    if (byte === bracket) this.#depth--;
    return byte === ascii.comma;
  }

  #peek(): number {
    this.#skipSpace();
    if (this.#at >= this.#bytes.length) throw syntaxError("an unexpected end", this.#bytes.length);
    return this.#bytes[this.#at];
  }

  #skipSpace(): void {
    while (this.#at < this.#bytes.length && isSpace(this.#bytes[this.#at])) this.#at++;
  }
}

function isSpace(byte: number): boolean {
  return byte === ascii.space || byte === ascii.lf || byte === ascii.cr || byte === ascii.tab;
}

/** u64 has 20 digits; converting a number of any length would take more than linear time. */
const maxDigits = 64;

function integer(text: string): ControlValue {
  if (text === "-0" || text.length > maxDigits + 1 || /[.eE]/.test(text)) return new NotAnInteger(text.slice(0, 64));
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

/** What a message may show of a key: paths stay short, and so does the work of making them. */
const shownLength = 64;

export function fieldPath(path: string, key: string): string {
  const shown = key.length > shownLength ? `${key.slice(0, shownLength)}…` : key;
  const whole = path === "" ? shown : `${path}.${shown}`;
  return whole.length > 4 * shownLength ? `${whole.slice(0, 4 * shownLength)}…` : whole;
}

/**
 * The fields of a control object that is scanned (spec 2.1): their names, which one a key spells, and the refusal of
 * repeated keys, known and unknown alike. Unknown fields are ignored otherwise; where there are too many of them to
 * remember, or their names are too long, they are also ignored when they are repeated.
 */
import { invalidField } from "./errors.ts";
import { fieldPath } from "./control-json.ts";
import { decodeUtf8, hasEscape, unescape } from "./json-string.ts";
import { maxFieldNameBytes, maxUnknownFields } from "./limits.ts";

/** Any key that is not in the table. */
export const unknownField = -1;

/** Names of known fields; the number of a field is its place. At most 31. */
export interface FieldNames {
  readonly texts: readonly string[];
  readonly bytes: readonly Uint8Array[];
}

export function fieldNames(texts: readonly string[]): FieldNames {
  const encoder = new TextEncoder();
  return { texts, bytes: texts.map((text) => encoder.encode(text)) };
}

export class FieldKeys {
  readonly #names: FieldNames;
  /** Bit per known field. */
  #seen = 0;
  #unknown: Set<string> | undefined;

  constructor(names: FieldNames) {
    this.#names = names;
  }

  /** Forgets what was seen, for the next object. */
  clear(): void {
    this.#seen = 0;
    this.#unknown = undefined;
  }

  name(field: number): string {
    return this.#names.texts[field];
  }

  /** The field that the key between these quotes spells, escapes decoded. `path` leads to the object. */
  take(bytes: Uint8Array, start: number, end: number, path: () => string): number {
    if (end - start > maxFieldNameBytes) return unknownField;
    let field = this.#find(bytes, start, end);
    if (field === unknownField) field = this.#takeUnusual(bytes, start, end, path);
    if (field === unknownField) return field;
    if ((this.#seen & (1 << field)) !== 0) throw repeated(path(), this.name(field));
    this.#seen |= 1 << field;
    return field;
  }

  #find(bytes: Uint8Array, start: number, end: number): number {
    const names = this.#names.bytes;
    for (let field = 0; field < names.length; field++) {
      const name = names[field];
      if (name.length !== end - start) continue;
      let same = 0;
      while (same < name.length && name[same] === bytes[start + same]) same++;
      if (same === name.length) return field;
    }
    return unknownField;
  }

  #takeUnusual(bytes: Uint8Array, start: number, end: number, path: () => string): number {
    const escaped = hasEscape(bytes, start, end);
    const full = this.#unknown?.size === maxUnknownFields;
    if (full && !escaped) return unknownField;
    const decoded = escaped ? unescape(bytes, start, end) : bytes.subarray(start, end);
    if (decoded === undefined) throw invalidField(path(), "a key holds a lone surrogate");
    const field = escaped ? this.#find(decoded, 0, decoded.length) : unknownField;
    if (field !== unknownField) return field;
    if (full) return unknownField;
    const text = decodeUtf8(decoded, 0, decoded.length);
    this.#unknown ??= new Set();
    if (this.#unknown.has(text)) throw repeated(path(), text);
    this.#unknown.add(text);
    return unknownField;
  }
}

function repeated(path: string, key: string): Error {
  return invalidField(fieldPath(path, key), "appears more than once");
}

/** One of the two control objects, as the scan of a body sees it. */
export interface FieldSink {
  /** Brackets open around a value of this object. */
  readonly depth: number;
  /** Takes a complete key and returns its field. */
  key(start: number, end: number): number;
  /** Refuses a value that begins with a byte of the wrong type. */
  open(field: number, byte: number): void;
  /** Takes a complete value. */
  value(field: number, start: number, end: number, shape: ValueShape): void;
}

export interface ValueShape {
  readonly spaced: boolean;
  readonly keys: number;
}

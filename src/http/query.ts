/**
 * Query strings (spec 2.1): strict booleans and integers, no silent defaults for malformed values, each parameter at
 * most once unless it is a list. Unknown parameters are ignored, like unknown fields of a body.
 */
import type { TopicsError } from "../base/errors.ts";
import { invalidField } from "../base/errors.ts";
import { maxU64 } from "../base/limits.ts";
import { printable } from "./errors.ts";

export class Query {
  readonly #values = new Map<string, string[]>();

  /** Only `known` parameters are decoded and kept. */
  constructor(query: string, known: readonly string[]) {
    if (query === "") return;
    for (const pair of query.split("&")) {
      const equals = pair.indexOf("=");
      const key = decode(equals < 0 ? pair : pair.slice(0, equals));
      if (key === undefined || !known.includes(key)) continue;
      const value = equals < 0 ? "" : decode(pair.slice(equals + 1));
      if (value === undefined) throw invalidField(key, `The query parameter ${key} is not percent-encoded UTF-8.`);
      const values = this.#values.get(key);
      if (values === undefined) this.#values.set(key, [value]);
      else values.push(value);
    }
  }

  list(key: string): readonly string[] {
    return this.#values.get(key) ?? [];
  }

  text(key: string): string | undefined {
    const values = this.#values.get(key);
    if (values === undefined) return undefined;
    if (values.length > 1)
      throw invalidField(key, `The query parameter ${key} was given ${values.length} times; give it once.`);
    return values[0];
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.text(key);
    if (value === undefined) return otherwise;
    if (value === "true" || value === "1") return true;
    if (value === "false" || value === "0") return false;
    throw malformed(key, value, "true, false, 1 or 0");
  }

  /** A u64; above 2^53-1 it saturates there, which is above every seq and every limit. */
  integer(key: string, otherwise: number): number {
    const value = this.text(key);
    if (value === undefined) return otherwise;
    if (!/^(0|[1-9][0-9]{0,19})$/.test(value) || BigInt(value) > maxU64) {
      throw malformed(key, value, "a whole number from 0 to 18446744073709551615");
    }
    return Math.min(Number(value), Number.MAX_SAFE_INTEGER);
  }
}

function malformed(key: string, value: string, expected: string): TopicsError {
  return invalidField(key, `The query parameter ${key} must be ${expected}, not "${printable(value)}".`);
}

function decode(text: string): string | undefined {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** The kinds of control fields that requests are made of (spec 2.1, 2.4). Their descriptions end up in refusals. */
import type { TBigInt, TBoolean, TInteger, TNull, TOptional, TSchema, TUnion } from "typebox";
import { BigInt as bigInt, Boolean as boolean, Integer, Null, Optional, Union } from "typebox";
import { maxU64 } from "../../base/limits.ts";
import type { U64 } from "../../topic/config.ts";

/** A whole number of 64 bits: a number while that is exact, a bigint above. */
export function u64(): TOptional<TUnion<[TInteger, TBigInt]>> {
  return Optional(u64Union());
}

export function nullableU64(): TOptional<TUnion<[TInteger, TBigInt, TNull]>> {
  const [exact, large] = u64Union().anyOf;
  return Optional(Union([exact, large, Null()], { description: `${u64Text}, or null` }));
}

export function flag(): TOptional<TBoolean> {
  return Optional(boolean({ description: "true or false" }));
}

/** `null` counts as absent: only for the fields that 2.1 lists. */
export function nullable<S extends TSchema>(schema: S, description: string): TOptional<TUnion<[S, TNull]>> {
  return Optional(Union([schema, Null()], { description: `${description}, or null` }));
}

const u64Text = "a whole number from 0 to 18446744073709551615, written with digits only";

/** The bound is exclusive because the validator compares it as a double, which holds 2^64 exactly and 2^64-1 not. */
export function u64Union(): TUnion<[TInteger, TBigInt]> {
  return Union([Integer({ minimum: 0 }), bigInt({ minimum: 0n, exclusiveMaximum: maxU64 + 1n })], {
    description: u64Text,
  });
}

/** A seq or a count that only has to be compared: above 2^53-1 it saturates, beyond anything there is. */
export function saturated(value: U64): number {
  return typeof value === "number" ? value : Number.MAX_SAFE_INTEGER;
}

export function clamped(value: U64, low: number, high: number): number {
  return Math.min(Math.max(saturated(value), low), high);
}

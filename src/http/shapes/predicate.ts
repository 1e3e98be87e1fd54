/** Tag predicates on the wire (spec 1.7): a tuple, or a bare string that is `Glob` when it ends in a star. */
import type { TTuple, TLiteral, TString, TUnion } from "typebox";
import { Literal, String as string, Tuple, Union } from "typebox";
import { invalidField } from "../../base/errors.ts";
import type { Predicate } from "../../base/predicate.ts";
import { Shape } from "./shape.ts";

export const predicateText = '["tag","Eq","X"], ["tag","Glob","X*"], or a string';

export function predicateSchema(): TUnion<
  [TString, TTuple<[TLiteral<"tag">, TUnion<[TLiteral<"Eq">, TLiteral<"Glob">]>, TString]>]
> {
  return Union([string(), Tuple([Literal("tag"), Union([Literal("Eq"), Literal("Glob")]), string()])]);
}

/** For a predicate that stands alone. */
export const predicateShape = new Shape(Union([...predicateSchema().anyOf], { description: predicateText }));

export type WirePredicate = string | readonly [string, "Eq" | "Glob", string];

/** `field`: where it stands in the request. */
export function predicateFrom(wire: WirePredicate, field = "match"): Predicate {
  if (typeof wire === "string") return wire.endsWith("*") ? glob(wire, field) : { op: "Eq", value: wire };
  const [, op, operand] = wire;
  return op === "Eq" ? { op: "Eq", value: operand } : glob(operand, field);
}

/** As it is reported back. */
export function predicateTuple(predicate: Predicate): readonly ["tag", "Eq" | "Glob", string] {
  return predicate.op === "Eq" ? ["tag", "Eq", predicate.value] : ["tag", "Glob", `${predicate.prefix}*`];
}

function glob(pattern: string, field: string): Predicate {
  if (pattern.indexOf("*") !== pattern.length - 1 || pattern === "") {
    throw invalidField(field, "A Glob is a literal prefix and one * as its last character, such as logs.*");
  }
  return { op: "Glob", prefix: pattern.slice(0, -1) };
}

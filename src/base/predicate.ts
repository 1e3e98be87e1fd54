/** Tag predicates (spec 1.7): equality, or a literal prefix. No regular expression is ever built from input. */

export type Predicate =
  { readonly op: "Eq"; readonly value: string } | { readonly op: "Glob"; readonly prefix: string };

/** Untagged records never match. */
export function matches(predicate: Predicate, tag: string | undefined): boolean {
  if (tag === undefined) return false;
  return predicate.op === "Eq" ? tag === predicate.value : tag.startsWith(predicate.prefix);
}

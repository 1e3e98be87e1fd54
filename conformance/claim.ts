/**
 * What the contract promises to a client, promise by promise and in words of our own, each with the cases that hold a
 * server to it. `claims/` has them by chapter; a test sees to it that each has a case and that each case has one.
 */
import type { Case } from "./case.ts";

/** `wire`: owed by every implementation. `beyond`: added by this product. */
export type Mark = "wire" | "beyond";

export interface Claim {
  /** Section and place in it, `1.5/3`. */
  readonly number: string;
  readonly section: string;
  readonly mark: Mark;
  readonly text: string;
  /** Ids of cases; a `*` stands for any part of one. Empty where `why` says that no client can see it. */
  readonly cases: readonly string[];
  /** Why nobody can be held to it from outside. */
  readonly why?: string;
}

/** A mark, a sentence, cases. `unseen` has a reason in the place of cases. */
export type Row = readonly [Mark, text: string, ...cases: string[]] | readonly ["unseen", text: string, why: string];

export function claimsOf(section: string, ...rows: readonly Row[]): Claim[] {
  return rows.map((row, at) => {
    const number = `${section}/${at + 1}`;
    if (row[0] === "unseen") return { number, section, mark: "beyond", text: row[1], cases: [], why: row[2] };
    const [mark, text, ...cases] = row;
    return { number, section, mark, text, cases };
  });
}

/** The cases that hold a server to a claim. */
export function casesOf({ cases }: Claim, all: readonly Case[]): Case[] {
  return all.filter(({ id }) => cases.some((pattern) => matches(pattern, id)));
}

export function matches(pattern: string, id: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (!id.startsWith(first)) return false;
  let at = first.length;
  for (const [index, part] of rest.entries()) {
    const found = index === rest.length - 1 ? id.length - part.length : id.indexOf(part, at);
    if (found < at || !id.startsWith(part, found)) return false;
    at = found + part.length;
  }
  return at === id.length;
}

/** What a key may be good for (spec 7.2), and the words for it in `TOPICS_API_KEYS`. */

export const scopes = ["read", "write", "delete", "admin"] as const;
export type Scope = (typeof scopes)[number];

const words: ReadonlyMap<string, readonly Scope[]> = new Map<string, readonly Scope[]>([
  ["read", ["read"]],
  ["r", ["read"]],
  ["write", ["write"]],
  ["w", ["write"]],
  ["delete", ["delete"]],
  ["del", ["delete"]],
  ["d", ["delete"]],
  ["admin", ["admin"]],
  ["a", ["admin"]],
  ["rw", ["read", "write"]],
]);

/** `undefined` when it is no word for a scope. */
export function scopesOf(word: string): readonly Scope[] | undefined {
  return words.get(word.toLowerCase());
}

/**
 * `TOPICS_API_KEYS` (spec 7.2): a comma-separated list of `key`, `key:scopes`, `key:scopes:prefixes`. What is not
 * understood stops the start, and no part of a key is ever repeated in saying so. A list of scopes or prefixes that holds
 * only separators is refused too: it would otherwise allow everything.
 */
import { Grant } from "./grant.ts";
import { KeyRing } from "./key-ring.ts";
import { type Scope, scopes, scopesOf } from "./scope.ts";

/** Says which entry is wrong, and how; never what it holds. */
export class BadApiKeys extends Error {
  override readonly name = "BadApiKeys";
}

const keyShape = /^[\x21-\x7e]{1,1024}$/;
const prefixShape = /^[A-Za-z0-9][A-Za-z0-9._:>-]{0,254}$/;

/** The keys, hashed. An empty ring: there are none, and auth is off. */
export function parseApiKeys(text: string): KeyRing {
  const ring = new KeyRing();
  text.split(",").forEach((entry, index) => {
    if (entry.trim() === "") return;
    const wrong = addEntry(ring, entry);
    if (wrong !== undefined) throw new BadApiKeys(`entry ${index + 1} of TOPICS_API_KEYS ${wrong}`);
  });
  return ring;
}

/** Says what is wrong. A prefix may hold colons, as a name may. */
function addEntry(ring: KeyRing, entry: string): string | undefined {
  const [key, scopeWords = "", ...rest] = entry.split(":").map((part) => part.trim());
  if (key === "") return "has no key";
  if (!keyShape.test(key)) return "has a key that cannot stand in a header: printable ASCII without blanks, please";
  const granted = scopeList(scopeWords);
  if (granted === undefined) return "has a scope that is none of read, write, delete, admin (r, w, d, del, a, rw)";
  const prefixes = prefixList(rest.join(":"));
  if (prefixes === undefined) return "has a prefix that no name can begin with";
  const added = ring.add(key, (number) => new Grant(number, granted, prefixes));
  return added ? undefined : "has the key of an entry before it";
}

function scopeList(text: string): readonly Scope[] | undefined {
  if (text === "") return scopes;
  const granted: Scope[] = [];
  for (const word of pieces(text, "+")) {
    const meant = scopesOf(word);
    if (meant === undefined) return undefined;
    granted.push(...meant);
  }
  return granted.length === 0 ? undefined : granted;
}

function prefixList(text: string): readonly string[] | undefined {
  if (text === "") return [];
  const prefixes = pieces(text, "|");
  return prefixes.length > 0 && prefixes.every((prefix) => prefixShape.test(prefix)) ? prefixes : undefined;
}

function pieces(text: string, separator: string): string[] {
  return text
    .split(separator)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== "");
}

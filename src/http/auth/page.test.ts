/** Lists narrowed to the prefixes of a key (spec 7.2): what a page holds, where the next begins, and what it costs. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Grant } from "./grant.ts";
import { type Page, pageWithin, type Wish } from "./page.ts";

const byName = (name: string): string => name;

function listOf(names: readonly string[], asked: Wish[] = []): (wish: Wish) => Page<string> {
  const sorted = [...names].sort();
  return (wish) => {
    asked.push(wish);
    const { prefix, after, size } = wish;
    const left = sorted.filter((name) => name.startsWith(prefix) && (after === undefined || name > after));
    const items = left.slice(0, size);
    return { items, next: left.length > size ? items[size - 1] : undefined };
  };
}

describe("a page of a list", () => {
  it("is one page of one range for a key without prefixes", () => {
    const asked: Wish[] = [];
    const grant = new Grant(0, ["read"], []);
    const page = pageWithin(grant, { prefix: "a", after: "a1", size: 2 }, listOf(["a1", "a2", "b"], asked), byName);
    assert.deepEqual(page, { items: ["a2"], next: undefined });
    assert.deepEqual(asked, [{ prefix: "a", after: "a1", size: 2, peek: false }]);
  });

  it("asks for nothing that lies outside", () => {
    const asked: Wish[] = [];
    const grant = new Grant(0, ["read"], ["b", "bc", "d"]);
    pageWithin(grant, { prefix: "", after: undefined, size: 5 }, listOf(["a", "b1", "bc", "c", "d"], asked), byName);
    assert.deepEqual(
      asked.map(({ prefix }) => prefix),
      ["b", "d"],
    );
    asked.length = 0;
    pageWithin(grant, { prefix: "a", after: undefined, size: 5 }, listOf(["a"], asked), byName);
    assert.deepEqual(asked, []);
  });

  it("taken one after the other, holds exactly what the key may see, and says when there is more", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "."), minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.uniqueArray(word, { maxLength: 20 }),
        fc.array(word, { minLength: 1, maxLength: 4 }),
        fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 2 }),
        fc.integer({ min: 1, max: 5 }),
        (names, prefixes, prefix, size) => {
          const grant = new Grant(0, ["read"], prefixes);
          const expected = names.filter((name) => name.startsWith(prefix) && grant.covers(name)).sort();
          const seen: string[] = [];
          let after: string | undefined;
          do {
            const page = pageWithin(grant, { prefix, after, size }, listOf(names), byName);
            seen.push(...page.items);
            assert.equal(page.next !== undefined, seen.length < expected.length, "more is said exactly when there is");
            after = page.next;
          } while (after !== undefined);
          assert.deepEqual(seen, expected);
        },
      ),
    );
  });
});

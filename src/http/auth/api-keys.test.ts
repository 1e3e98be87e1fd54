/** `TOPICS_API_KEYS` (spec 7.2): what it may hold, what each entry means, and what stops the start. */
import assert from "node:assert/strict";
import { BadApiKeys, parseApiKeys } from "./api-keys.ts";
import type { Grant } from "./grant.ts";
import { KeyRing } from "./key-ring.ts";
import { scopes } from "./scope.ts";

describe("the list of keys", () => {
  const grantOf = (text: string, key = "k"): Grant => {
    const grant = parseApiKeys(text).find(key);
    assert.ok(grant, `${text} holds ${key}`);
    return grant;
  };
  const scopesIn = (grant: Grant): string[] => scopes.filter((scope) => grant.may(scope));

  it("is empty when there is nothing but blanks in it", () => {
    for (const text of ["", " ", ",", " , ,"]) assert.equal(parseApiKeys(text).size, 0, `"${text}"`);
  });

  for (const [text, expected] of [
    ["k", ["read", "write", "delete", "admin"]],
    ["k:", ["read", "write", "delete", "admin"]],
    ["k::", ["read", "write", "delete", "admin"]],
    ["k:read", ["read"]],
    ["k:R+W", ["read", "write"]],
    ["k:rw", ["read", "write"]],
    ["k: read + DEL ", ["read", "delete"]],
    ["k:d+a", ["delete", "admin"]],
    ["k:delete+admin+", ["delete", "admin"]],
    ["k:w++w", ["write"]],
  ] as const) {
    it(`gives ${expected.join(", ")} for ${text}`, () => {
      assert.deepEqual(scopesIn(grantOf(text)), expected);
    });
  }

  it("holds several keys, with blanks and empty entries between", () => {
    const ring = parseApiKeys(" a:r , ,b:w:x.|y: ,c::z ");
    assert.equal(ring.size, 3);
    assert.deepEqual(ring.find("b")?.prefixes, ["x.", "y:"]);
    assert.deepEqual(ring.find("c")?.prefixes, ["z"]);
    assert.deepEqual(
      ["a", "b", "c"].map((key) => ring.find(key)?.key),
      [0, 1, 2],
    );
    for (const none of ["", "A", " a", "a:r", "d", "ab"]) assert.equal(ring.find(none), undefined, none);
  });

  it("takes colons in prefixes, since names have them", () => {
    assert.deepEqual(grantOf("k:r:a:b|c:d:e").prefixes, ["a:b", "c:d:e"]);
  });

  it("holds names against prefixes, and prefixes against prefixes", () => {
    const grant = grantOf("k:r:ab|c.");
    for (const name of ["ab", "abc", "c.", "c.d"]) assert.ok(grant.may("read", name), name);
    for (const name of ["a", "b", "c", "", "Ab", "xab"]) assert.ok(!grant.may("read", name), name);
    assert.ok(!grant.may("write", "ab"));
    assert.ok(grantOf("k").may("admin", "anything"));
  });

  for (const [text, why] of [
    [":r", "no key"],
    ["::", "no key"],
    ["sEcret:readd", "a scope that is none"],
    ["sEcret:+", "a scope that is none"],
    ["sEcret:r:|", "a prefix"],
    ["sEcret:r:-a", "a prefix"],
    ["sEcret:r:a/b", "a prefix"],
    ["sEcret:r:a b", "a prefix"],
    [`sEcret:r:${"a".repeat(256)}`, "a prefix"],
    ["sEc ret", "cannot stand in a header"],
    ["sEcr\u00e9t", "cannot stand in a header"],
    ["sEcret,sEcret:r", "the key of an entry before it"],
  ] as const) {
    it(`refuses ${text.slice(0, 20)} without repeating the key`, () => {
      assert.throws(
        () => parseApiKeys(text),
        (error: unknown) => error instanceof BadApiKeys && error.message.includes(why) && !/sEc/.test(error.message),
      );
    });
  }
});

describe("a ring of keys", () => {
  it("compares what it is shown with every key, however early one matches", () => {
    let compared = 0;
    const ring = new KeyRing((a, b) => {
      compared++;
      return Buffer.compare(a, b) === 0;
    });
    const grant = parseApiKeys("x").find("x")!;
    for (const key of ["a", "b", "c"]) ring.add(key, () => grant);
    for (const key of ["a", "c", "none"]) {
      compared = 0;
      ring.find(key);
      assert.equal(compared, 3, key);
    }
  });

  it("shows nothing of what it holds", () => {
    const ring = parseApiKeys("s3cret-one,s3cret-two");
    assert.doesNotMatch(`${JSON.stringify(ring)} ${String(ring)} ${Object.keys(ring).join()}`, /s3cret/);
  });
});

import assert from "node:assert/strict";
import { isRouterName, isTopicName, wrongBackupName } from "./names.ts";

describe("names", () => {
  it("take letters, digits and a few marks after the first character", () => {
    for (const good of ["a", "0", "Z9", "a.b_c:d-e", "a..", "A".repeat(255)]) {
      assert.ok(isTopicName(good), good);
      assert.ok(isRouterName(good), good);
    }
  });

  it("refuse everything else", () => {
    const bad = [
      "",
      ".",
      ".a",
      "-a",
      "_a",
      ":a",
      "a b",
      "a/b",
      "a\\b",
      "a%",
      "é",
      "a\0",
      "a\n",
      "\na",
      "a\r",
      "a\u2028",
    ];
    for (const name of [...bad, "a\u202e", "А", "a".repeat(256), "a,b", "a*", ">a"]) {
      assert.ok(!isTopicName(name), JSON.stringify(name));
      assert.ok(!isRouterName(name), JSON.stringify(name));
    }
  });

  it("allow > in a router's", () => {
    assert.ok(isRouterName("a->b"));
    assert.ok(!isTopicName("a->b"));
  });
});

describe("names of backups", () => {
  it("are any one segment of a path that can be seen", () => {
    for (const good of ["2026-11-21", "a", "x.tmp", "before the move", "données", "a:b", "-", "a".repeat(128)])
      assert.equal(wrongBackupName(good), undefined, good);
  });

  it("are nothing else", () => {
    const bad = ["", ".", "..", ".a", "a/b", "/", "a/", "a\\b", "a\0", "a\n", "\x7f", "a\u2028", "a\u202e", "\ud800"];
    for (const name of [...bad, "a".repeat(129), "é".repeat(128)])
      assert.ok(wrongBackupName(name), JSON.stringify(name));
  });
});

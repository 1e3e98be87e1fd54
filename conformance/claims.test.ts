/** Every claim has a case, every case a claim, and `core` asks for nothing that only this product promises (spec 8.5). */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { caseList } from "./catalogue.ts";
import { casesOf, matches } from "./claim.ts";
import { discoverCases, discoverClaims } from "./discover.ts";

const [cases, claims] = await Promise.all([discoverCases(), discoverClaims()]);

describe("claims", () => {
  it("have numbers and texts of their own", () => {
    assert.equal(new Set(claims.map(({ number }) => number)).size, claims.length);
    assert.equal(new Set(claims.map(({ section, text }) => `${section} ${text}`)).size, claims.length);
  });

  it("have a case each, or a reason why nobody can be asked", () => {
    const bare = claims.filter((claim) => casesOf(claim, cases).length === 0 && claim.why === undefined);
    assert.deepEqual(
      bare.map(({ number, text }) => `${number} ${text}`),
      [],
    );
  });

  it("name cases that are there", () => {
    const gone = claims.flatMap(({ number, cases: patterns }) =>
      patterns
        .filter((pattern) => !cases.some(({ id }) => matches(pattern, id)))
        .map((pattern) => `${number} ${pattern}`),
    );
    assert.deepEqual(gone, []);
  });

  it("are there for every case", () => {
    const idle = cases.filter((each) => !claims.some((claim) => casesOf(claim, [each]).length > 0));
    assert.deepEqual(
      idle.map(({ id }) => id),
      [],
    );
  });

  it("of a core case are all owed by every implementation", () => {
    const wrong = claims.flatMap((claim) =>
      claim.mark === "wire"
        ? []
        : casesOf(claim, cases)
            .filter(({ id, profile }) => profile === "core" && claim.cases.includes(id))
            .map(({ id }) => `${claim.number} ${id}`),
    );
    assert.deepEqual(wrong, []);
    const unowed = cases.filter(
      (each) =>
        each.profile === "core" && !claims.some((claim) => claim.mark === "wire" && casesOf(claim, [each]).length > 0),
    );
    assert.deepEqual(
      unowed.map(({ id }) => id),
      [],
    );
  });

  it("stand in docs/conformance-cases.md as they are: npm run probe -- --catalogue", async () => {
    const page = await readFile(new URL("../docs/conformance-cases.md", import.meta.url), "utf8");
    assert.equal(page, caseList(cases, claims));
  });
});

describe("patterns of case ids", () => {
  it("match whole ids, and a star any part of one", () => {
    for (const [pattern, id, expected] of [
      ["a/b", "a/b", true],
      ["a/b", "a/bc", false],
      ["a/*", "a/bc", true],
      ["*/b", "a/b", true],
      ["a/*-c", "a/b-c", true],
      ["a/*-c*", "a/b-cd", true],
      ["a/*c", "b/c", false],
      ["ab*ba", "aba", false],
    ] as const)
      assert.equal(matches(pattern, id), expected, `${pattern} ${id}`);
  });
});

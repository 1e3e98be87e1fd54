/** What discovery finds, and that every case is well formed. */
import assert from "node:assert/strict";
import { discoverCases, discoverMembers } from "./discover.ts";
import type { Reporter } from "./report.ts";
import { selectCases } from "./runner.ts";

describe("discovery", () => {
  it("finds cases for every section that this suite covers", async () => {
    const cases = await discoverCases();
    const sections = new Set(cases.map((each) => each.section));
    for (const section of [
      "1.1",
      "1.3",
      "1.5",
      "1.6",
      "1.7",
      "1.8",
      "1.9",
      "2.1",
      "2.2",
      "2.4",
      "2.5",
      "2.6",
      "2.7",
      "2.8",
      "2.9",
      "7.4",
      "9.3",
    ]) {
      assert.ok(sections.has(section), `cases for ${section}`);
    }
    for (const { id, section, profile, title } of cases) {
      assert.match(id, /^[a-z][a-z0-9-]*\/[A-Za-z0-9._-]+$/);
      assert.match(section, /^\d+(\.\d+)?$/);
      assert.ok(profile === "core" || profile === "beyond");
      assert.ok(title.length > 0 && !title.includes("\n"));
    }
  });

  it("selects by profile, part of an id, and section", async () => {
    const cases = await discoverCases();
    const core = selectCases(cases, { profile: "core" });
    const beyond = selectCases(cases, { profile: "beyond" });
    assert.equal(core.length + beyond.length, cases.length);
    assert.ok(selectCases(cases, { filter: "1.9" }).every((each) => each.section === "1.9"));
    assert.ok(selectCases(cases, { filter: "long-poll/,1.9" }).length > selectCases(cases, { filter: "1.9" }).length);
    assert.deepEqual(selectCases(cases, { filter: "nothing like it" }), []);
  });

  it("finds the reporters of the contract", async () => {
    const reporters = await discoverMembers<Reporter>("./reporters/", "report");
    assert.deepEqual([...reporters.keys()].sort(), ["json", "junit", "spec", "tap"]);
  });
});

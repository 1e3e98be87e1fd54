/** The four reporters, each on the same report. */
import assert from "node:assert/strict";
import { summarise } from "./report.ts";
import type { CaseResult, Report } from "./report.ts";
import { report as json } from "./reporters/json.ts";
import { report as junit } from "./reporters/junit.ts";
import { report as spec } from "./reporters/spec.ts";
import { report as tap } from "./reporters/tap.ts";

const shared = { section: "2.6", profile: "core", durationMs: 1500 } as const;
const cases: readonly CaseResult[] = [
  { ...shared, id: "a/one", title: "the first", outcome: "passed" },
  { ...shared, id: "a/two", title: "the #second", outcome: "failed", reason: 'expected <1> & "2"\u0000\nnext' },
  {
    ...shared,
    id: "a/three",
    section: "1.9",
    profile: "beyond",
    title: "the third",
    outcome: "skipped",
    reason: "no key",
  },
];
const sample: Report = { url: "http://server", summary: summarise(cases), cases };

describe("reporters", () => {
  it("json is one object with summary and cases", () => {
    assert.deepEqual(JSON.parse(json(sample)), {
      summary: { passed: 1, failed: 1, skipped: 1, total: 3 },
      cases: [
        { id: "a/one", section: "2.6", profile: "core", outcome: "passed" },
        { id: "a/two", section: "2.6", profile: "core", outcome: "failed", reason: cases[1]?.reason },
        { id: "a/three", section: "1.9", profile: "beyond", outcome: "skipped", reason: "no key" },
      ],
    });
  });

  it("tap numbers the cases, escapes directives and marks what was skipped", () => {
    assert.equal(
      tap(sample),
      [
        "TAP version 13",
        "1..3",
        "ok 1 - a/one (2.6, core) the first",
        "not ok 2 - a/two (2.6, core) the \\#second",
        "  ---",
        '  message: "expected <1> & \\"2\\"\\u0000\\nnext"',
        "  ...",
        "ok 3 - a/three (1.9, beyond) the third # SKIP no key",
        "",
      ].join("\n"),
    );
  });

  it("junit groups by section, escapes markup and drops what XML can't hold", () => {
    assert.equal(
      junit(sample),
      [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<testsuites tests="3" failures="1" skipped="1">',
        '  <testsuite name="2.6" tests="2" failures="1" skipped="0">',
        '    <testcase classname="2.6" name="a/one (core) the first" time="1.500"/>',
        '    <testcase classname="2.6" name="a/two (core) the #second" time="1.500">',
        '      <failure message="expected &lt;1&gt; &amp; &quot;2&quot;?\nnext"/>',
        "    </testcase>",
        "  </testsuite>",
        '  <testsuite name="1.9" tests="1" failures="0" skipped="1">',
        '    <testcase classname="1.9" name="a/three (beyond) the third" time="1.500">',
        '      <skipped message="no key"/>',
        "    </testcase>",
        "  </testsuite>",
        "</testsuites>",
        "",
      ].join("\n"),
    );
  });

  it("spec shows every case, repeats the failures, and ends with the counts", () => {
    const text = spec(sample);
    assert.match(text, /✓ a\/one/);
    assert.match(text, /- a\/three/);
    assert.equal(text.split("✗ a/two").length, 3);
    assert.ok(text.endsWith("http://server: 1 passed, 1 failed, 1 skipped of 3\n"));
  });
});

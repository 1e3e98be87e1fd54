import assert from "node:assert/strict";
import { join } from "node:path";
import ts from "typescript";
import type { Patch } from "./bug.ts";
import { allBugs, allControls, allMutants } from "./catalogue.ts";
import { patchedFiles, patchedText, PatchRefused } from "./patch.ts";
import { root, Workshop } from "./workshop.ts";

const [bugs, mutants, controls] = await Promise.all([allBugs(), allMutants(), allControls()]);

/** What keeps a file from being parsed, the first of it. */
function syntaxError(text: string): string | undefined {
  const options = { reportDiagnostics: true, compilerOptions: { target: ts.ScriptTarget.ES2023 } };
  const [first] = ts.transpileModule(text, options).diagnostics ?? [];
  return first && ts.flattenDiagnosticMessageText(first.messageText, "\n");
}

function applies(patches: readonly Patch[], folder: RegExp): void {
  assert.ok(patches.length > 0, "something is changed");
  for (const { file } of patches) assert.match(file, folder);
  for (const [file, text] of patchedFiles(root, patches)) assert.equal(syntaxError(text), undefined, file);
}

describe("planted bugs", () => {
  for (const { number, path, what, letters, patches } of bugs)
    it(`apply to the source as it is: ${number}, ${what}`, () => {
      assert.ok(path.includes(`/${String(number).padStart(2, "0")}-`), "its file begins with its number");
      assert.ok(letters.length > 0, "somebody catches it");
      applies(patches, /^src\//);
    });

  it("have a number each", () => {
    assert.equal(new Set(bugs.map(({ number }) => number)).size, bugs.length);
  });

  for (const { name, what, patches, shouldMiss } of mutants)
    it(`have tools to escape from: ${name}, ${what}`, () => {
      applies(patches, /^(sim|conformance|faults)\//);
      for (const { bug: number, letter } of shouldMiss) {
        const bug = bugs.find((one) => one.number === number);
        assert.ok(bug?.letters.includes(letter), `bug ${number} is caught by ${letter}`);
      }
      assert.ok(shouldMiss.length > 0, "some bug escapes");
    });

  for (const { name, what, patches } of controls)
    it(`have controls that are none: ${name}, ${what}`, () => applies(patches, /^src\//));

  it("refuse a text that is not there, or is there twice", () => {
    const patch = (search: string): Patch => ({ file: "x.ts", search, replace: "z" });
    assert.equal(patchedText("a b c", patch("b")), "a z c");
    assert.throws(() => patchedText("a b c", patch("d")), PatchRefused);
    assert.throws(() => patchedText("a b a", patch("a")), PatchRefused);
    assert.throws(() => patchedText("a z c", patch("z")), PatchRefused);
  });
});

describe("a planted bug", function () {
  this.timeout(60_000);

  it("is caught in a copy by the simulator or the crash matrix, and nothing is left of it", async () => {
    const { simulator } = await import("./tools/simulator.ts");
    const bug = bugs.find(({ number }) => number === 1)!;
    const workshop = Workshop.open();
    try {
      const verdict = await workshop.patched(bug.patches, (copy) => simulator.run(copy, { seconds: 40 }));
      assert.equal(verdict.outcome, "killed", JSON.stringify(verdict));
      for (const { file, search } of bug.patches)
        assert.ok(patchedText(readFile(join(workshop.directory, file)), { file, search, replace: "" }), "as it was");
    } finally {
      workshop.close();
    }
  });
});

function readFile(path: string): string {
  return ts.sys.readFile(path) ?? "";
}

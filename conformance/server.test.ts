/** The server of this repository, as processes of its own on the real disk, against the whole probe (spec 8.5). */
import assert from "node:assert/strict";
import { runCommand } from "./command.ts";
import type { Report } from "./index.ts";

/** The built program: cases with servers of their own start dozens of them. */
const program = new URL("../dist/src/main.js", import.meta.url).pathname;

async function probed(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const code = await runCommand(args, { out: (text) => (said.out += text), err: (text) => (said.err += text) });
  return { code, ...said };
}

describe("servers that the probe starts", () => {
  it("keep the whole contract, restarts, kills and settings included", async function () {
    // More than a hundred starts of a process, each as fast as the machine lets it.
    this.timeout(300_000);
    const command = `exec "${process.execPath}" "${program}"`;
    const { code, out, err } = await probed("--spawn", command, "--reporter", "json", "--parallel", "4");
    assert.equal(err, "");
    const { summary, cases } = JSON.parse(out) as Report;
    const failed = cases.filter(({ outcome }) => outcome === "failed").map(({ id, reason }) => ({ id, reason }));
    assert.deepEqual([failed, code], [[], 0]);
    for (const { id, outcome, reason } of cases)
      if (outcome === "skipped") assert.equal(reason, "the server runs without auth", id);
    assert.ok(summary.passed >= 880, `only ${summary.passed} cases passed`);
  });

  it("are not waited for when their command fails", async () => {
    const { code, out, err } = await probed("--spawn", "echo no such thing; exit 3");
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /did not start: no such thing/);
  });
});

/** The runner: outcomes, order, bounds of time, clean-up. */
import assert from "node:assert/strict";
import { Skipped, suite } from "./case.ts";
import type { Case } from "./case.ts";
import { equal } from "./expect.ts";
import type { Report } from "./report.ts";
import { runCases } from "./runner.ts";
import type { RunOptions } from "./runner.ts";
import { parseTarget } from "./target.ts";
import { LittleServer } from "./testing/little-server.ts";

async function run(
  cases: readonly Case[],
  options: RunOptions = {},
): Promise<{ report: Report; left: readonly string[] }> {
  const server = new LittleServer();
  try {
    const report = await runCases(parseTarget(await server.listen()), cases, options);
    return { report, left: server.topics };
  } finally {
    await server.close();
  }
}

describe("runner", () => {
  it("reports passed, failed and skipped cases with their reasons, in the order of the cases", async () => {
    const made = suite("sample", "0.0");
    made.core("passes", "a", async () => {});
    made.core("fails", "b", async () => {
      equal(1, 2, "one");
    });
    made.beyond("skips-on-the-way", "c", async () => {
      throw new Skipped("not here");
    });
    made.beyond(
      "skips-before",
      "d",
      async () => {
        equal(1, 2, "never run");
      },
      { needs: () => "nor here" },
    );
    const { report } = await run(made.cases, { parallel: 3 });
    assert.deepEqual(report.summary, { passed: 1, failed: 1, skipped: 2, total: 4 });
    assert.deepEqual(
      report.cases.map(({ id, outcome, reason }) => [id, outcome, reason]),
      [
        ["sample/passes", "passed", undefined],
        ["sample/fails", "failed", "one: expected 2, got 1"],
        ["sample/skips-on-the-way", "skipped", "not here"],
        ["sample/skips-before", "skipped", "nor here"],
      ],
    );
  });

  it("gives every case names of its own", async () => {
    const made = suite("sample", "0.0");
    const names: string[] = [];
    for (const what of ["a", "b", "c"]) {
      made.core(what, what, async (context) => {
        names.push((await context.topic({}, "same")).name, context.absent().name);
      });
    }
    const { report } = await run(made.cases);
    assert.equal(report.summary.passed, 3);
    assert.equal(new Set(names).size, 6);
  });

  it("removes what a case made, also when it failed", async () => {
    const made = suite("sample", "0.0");
    made.core("fails", "makes topics and fails", async (context) => {
      await context.topic();
      await context.absent().appendedNumbers(1);
      throw new Error("after two topics");
    });
    const { report, left } = await run(made.cases);
    assert.equal(report.cases[0]?.reason, "after two topics");
    assert.deepEqual(left, []);
  });

  it("fails a case that is not over in time, and goes on", async () => {
    const made = suite("sample", "0.0");
    made.core("hangs", "never ends", () => new Promise(() => {}));
    made.core("polls", "waits for an answer that does not come", async (context) => {
      await (await context.topic()).read({ wait_ms: 30000 });
    });
    made.core("passes", "ends", async () => {});
    const { report, left } = await run(made.cases, { caseTimeoutMs: 50, parallel: 1 });
    assert.deepEqual(
      report.cases.map((each) => each.outcome),
      ["failed", "failed", "passed"],
    );
    assert.match(report.cases[0]?.reason ?? "", /not over within 50 ms/);
    assert.deepEqual(left, []);
  });

  it("runs no more cases at once than it was told", async () => {
    const made = suite("sample", "0.0");
    let running = 0;
    let most = 0;
    for (let index = 0; index < 12; index++) {
      made.core(`c${index}`, "counts", async (context) => {
        most = Math.max(most, ++running);
        await context.topic();
        running--;
      });
    }
    assert.equal((await run(made.cases, { parallel: 3 })).report.summary.passed, 12);
    assert.ok(most > 1 && most <= 3, `${most} at once`);
  });
});

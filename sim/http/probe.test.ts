/** The conformance suite against the whole application over the simulated disk (spec 8.5), with keys, and over HTTP/2. */
import assert from "node:assert/strict";
import { parseTarget, runProbe } from "../../conformance/index.ts";
import { DiskServer } from "./disk-server.ts";

describe("the application over the simulated disk", function () {
  // Some nine hundred cases, a few seconds of work.
  this.timeout(120_000);

  it("keeps all of the contract that a running server can be asked, and breaks no rule of the disk", async () => {
    const server = await DiskServer.start("key-of-the-probe");
    const { cases, summary } = await runProbe(parseTarget(server.url, "key-of-the-probe", true));
    assert.deepEqual(
      cases.filter(({ outcome }) => outcome === "failed").map(({ id, reason }) => ({ id, reason })),
      [],
    );
    for (const { id, outcome, reason } of cases) if (outcome === "skipped") assert.match(reason ?? "", /--spawn$/, id);
    assert.ok(summary.passed >= 800, `only ${summary.passed} cases passed`);
    await server.stop();
  });
});

/** No case passes whatever a server says: each has a lie that it catches (testing/lies.ts), and some are asked again. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { DiskServer } from "../sim/http/disk-server.ts";
import { discoverCases } from "./discover.ts";
import { runCases } from "./runner.ts";
import { parseTarget } from "./target.ts";
import { byTransport, caughtBy, plainCases } from "./testing/caught.ts";
import { Liar } from "./testing/liar.ts";
import { lies } from "./testing/lies.ts";

const caught = JSON.parse(await readFile(new URL("testing/caught.json", import.meta.url), "utf8")) as Readonly<
  Record<string, string>
>;
const cases = plainCases(await discoverCases());
/** One in so many is asked again in each run of the tests; all of them by `npm run probe:lies`. */
const step = 12;

describe("cases before a liar", function () {
  this.timeout(120_000);

  it("have a lie each that they catch: npm run probe:lies", () => {
    const none = cases.filter(({ id }) => caught[id] === undefined && !byTransport.test(id));
    assert.deepEqual(
      none.map(({ id }) => id),
      [],
    );
  });

  it("catch it again", async () => {
    const key = "key-of-the-probe";
    const server = await DiskServer.start(key);
    const sample = cases.filter(({ id }, at) => caught[id] !== undefined && at % step === 0);
    const passed: string[] = [];
    for (const [name, lie] of Object.entries(lies)) {
      const its = sample.filter(({ id }) => caught[id] === name && name !== "streams-mute");
      if (its.length === 0) continue;
      const liar = new Liar(server.url, lie);
      const target = parseTarget(await liar.listen(), key);
      const report = await runCases(target, its, { profile: "core", caseTimeoutMs: 20_000 });
      passed.push(...report.cases.filter((each) => !caughtBy(name, each)).map(({ id }) => `${id} ${name}`));
      await liar.close();
    }
    await server.stop();
    assert.deepEqual(passed, []);
    assert.ok(sample.length >= 60, `${sample.length} cases`);
  });
});

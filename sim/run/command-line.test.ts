import assert from "node:assert/strict";
import { readCommandLine, Usage } from "./command-line.ts";
import { profiles } from "./profile.ts";

describe("the simulator's command line", () => {
  it("knows its defaults", () => {
    const wish = readCommandLine([]);
    assert.deepEqual(wish.profiles, profiles);
    assert.equal(wish.forMs, 60_000);
    assert.equal(wish.ops, 120);
  });

  it("takes several profiles", () => {
    const { profiles: chosen } = readCommandLine(["--profile", "cold,http"]);
    assert.deepEqual(
      chosen.map(({ name }) => name),
      ["cold", "http"],
    );
  });

  for (const args of [
    ["--profile", "none"],
    ["--for", "10"],
    ["--seed", "x"],
    ["--ops", "0"],
    ["--nonsense"],
    ["word"],
  ])
    it(`refuses ${args.join(" ")}`, () => {
      assert.throws(() => readCommandLine(args), Usage);
    });
});

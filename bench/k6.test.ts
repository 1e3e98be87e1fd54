/** `npm run k6` where there is no k6, and where it is called wrongly. The scripts themselves are type-checked by `npm run lint`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../dist/bench/k6.js", import.meta.url));

function k6(args: readonly string[], path?: string): { readonly code: number | null; readonly complaint: string } {
  const env = { ...process.env, ...(path === undefined ? {} : { K6: path }) };
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], { env, encoding: "utf8" });
  return { code: status, complaint: stderr };
}

describe("the k6 scripts", () => {
  it("say how to get k6 where it is missing", () => {
    const { code, complaint } = k6(["write"], "/nowhere/k6");
    assert.equal(code, 3);
    assert.match(complaint, /go install go\.k6\.io\/k6@latest/);
  });

  it("are named when none of them is meant", () => {
    for (const args of [[], ["wrote"], ["write", "vus"], ["write", "--bogus"]]) {
      const { code, complaint } = k6(args);
      assert.equal(code, 2, args.join(" "));
      assert.match(complaint, /mixed, read, soak, write/);
    }
  });
});

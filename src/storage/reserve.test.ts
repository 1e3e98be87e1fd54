import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeEnv } from "../env/node-env.ts";
import { Reserve } from "./reserve.ts";

const mib = 1 << 20;

describe("the reserve", () => {
  let directory = "";
  const size = (): number => statSync(join(directory, "RESERVE")).size;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "topics-reserve-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it("grows, shrinks and is given back", async () => {
    const reserve = await Reserve.open(nodeEnv(), directory);
    assert.equal(existsSync(join(directory, "RESERVE")), false);
    await reserve.release();
    for (const bytes of [mib + 1, 9 * mib, 9 * mib, 5 * mib, 5 * mib + 1]) {
      assert.equal(await reserve.refill(bytes), true);
      assert.deepEqual([reserve.bytes, size()], [bytes, bytes]);
    }
    await reserve.release();
    assert.deepEqual([reserve.bytes, size()], [0, 0]);
    assert.equal(await reserve.refill(mib), true);
    assert.equal(size(), mib);
    await reserve.close();
  });

  it("counts on all but the last step of what it finds", async () => {
    for (const [found, counted] of [
      [0, 0],
      [1, 0],
      [4 * mib, 0],
      [4 * mib + 1, 4 * mib],
      [10 * mib, 8 * mib],
    ] as const) {
      writeFileSync(join(directory, "RESERVE"), Buffer.alloc(found));
      const reserve = await Reserve.open(nodeEnv(), directory);
      assert.deepEqual([reserve.bytes, size()], [counted, found]);
      await reserve.close();
    }
  });

  it("does one thing after another", async () => {
    const reserve = await Reserve.open(nodeEnv(), directory);
    await Promise.all([reserve.refill(5 * mib), reserve.release(), reserve.refill(mib)]);
    assert.deepEqual([reserve.bytes, size()], [mib, mib]);
    await reserve.close();
  });
});

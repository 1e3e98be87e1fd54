import assert from "node:assert/strict";
import { nodeEnv } from "./node-env.ts";

describe("the machine as Node gives it", () => {
  const env = nodeEnv();

  it("knows its boot id where there is one", () => {
    const known = process.platform === "linux" || process.platform === "darwin";
    assert.equal(env.machine.bootId, nodeEnv().machine.bootId);
    assert.equal(env.machine.bootId.length > 0, known);
    assert.ok(env.machine.cpus >= 1);
    assert.equal(env.machine.pid, process.pid);
  });

  it("has a monotonic clock that never goes back and a wall clock near the system's", () => {
    const first = env.clock.monotonicMs();
    assert.ok(env.clock.monotonicMs() >= first);
    assert.ok(Math.abs(env.clock.wallMs() - Date.now()) < 1000);
  });

  it("fires a timer once, and not after it was cleared", async () => {
    const fired: string[] = [];
    const cleared = env.timers.after(0, () => fired.push("cleared"));
    env.timers.clear(cleared);
    const keepAlive = setInterval(() => fired.length, 1000);
    await new Promise<void>((resolve) => env.timers.after(1, resolve));
    clearInterval(keepAlive);
    assert.deepEqual(fired, []);
  });

  it("refuses delays that Node would fire at once", () => {
    for (const delayMs of [-1, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => env.timers.after(delayMs, () => undefined), /delay/);
    }
  });

  it("runs what is due soon", async () => {
    await new Promise<void>((resolve) => {
      env.timers.soon(resolve);
    });
  });

  it("draws different bytes each time", () => {
    assert.equal(env.random.bytes(16).length, 16);
    assert.notDeepEqual(env.random.bytes(16), env.random.bytes(16));
  });
});

import assert from "node:assert/strict";
import { EngineClock } from "./engine-clock.ts";

const hourMs = 3_600_000;

function world(): {
  clock: EngineClock;
  pass: (ms: number) => void;
  step: (ms: number) => void;
  jumps: number[];
} {
  let wallMs = 1_700_000_000_000;
  let monotonicMs = 5;
  const jumps: number[] = [];
  const clock = new EngineClock({ wallMs: () => wallMs, monotonicMs: () => monotonicMs }, (byMs) => jumps.push(byMs));
  return {
    clock,
    jumps,
    pass: (ms) => {
      wallMs += ms;
      monotonicMs += ms;
    },
    step: (ms) => (wallMs += ms),
  };
}

describe("the engine clock", () => {
  it("follows the wall clock", () => {
    const { clock, pass } = world();
    const start = clock.nowMs();
    pass(1500);
    assert.equal(clock.nowMs(), start + 1500);
  });

  it("stands still while the wall clock is behind", () => {
    const { clock, pass, step } = world();
    const start = clock.nowMs();
    step(-hourMs);
    pass(1000);
    assert.equal(clock.nowMs(), start);
    pass(hourMs);
    assert.equal(clock.nowMs(), start + 1000);
  });

  it("believes a jump ahead only after a minute, and says so once", () => {
    const { clock, pass, step, jumps } = world();
    const start = clock.nowMs();
    step(365 * 24 * hourMs);
    pass(10);
    assert.equal(clock.nowMs(), start + 10);
    pass(30_000);
    assert.equal(clock.nowMs(), start + 30_010);
    pass(30_000);
    assert.equal(clock.nowMs(), start + 60_010 + 365 * 24 * hourMs);
    assert.equal(jumps.length, 1);
  });

  it("forgets a jump that is taken back", () => {
    const { clock, pass, step } = world();
    const start = clock.nowMs();
    step(2 * hourMs);
    pass(1000);
    clock.nowMs();
    step(-2 * hourMs);
    pass(100_000);
    assert.equal(clock.nowMs(), start + 101_000);
  });

  it("gives stamps that only grow, and never one below the log's", () => {
    const { clock, step } = world();
    const first = clock.nextStamp();
    step(-hourMs);
    assert.ok(clock.nextStamp() > first);
    clock.observe(first + 10 * hourMs * 1000);
    assert.ok(clock.nextStamp() > first + 10 * hourMs * 1000);
    assert.ok(clock.nowMs() >= Math.floor(first / 1000) + 10 * hourMs);
  });
});

import assert from "node:assert/strict";
import { Pace } from "./pace.ts";

/** A clock that stands, and what work has waited for. */
class Bench {
  nowMs = 0;
  readonly waited: string[] = [];
  readonly clock = { wallMs: () => this.nowMs, monotonicMs: () => this.nowMs };
  readonly timers = {
    after: (): object => assert.fail("work in turns waits where the process stays alive"),
    clear: (): void => assert.fail("nothing is taken back"),
    rest: (delayMs: number, callback: () => void): void => this.#wait(`rest ${delayMs}`, callback),
    soon: (callback: () => void): void => this.#wait("soon", callback),
  };

  #wait(what: string, callback: () => void): void {
    this.waited.push(what);
    queueMicrotask(callback);
  }
}

describe("long work in turns", () => {
  it("is due for a pause after a tenth of a millisecond of each turn", async () => {
    const bench = new Bench();
    const pace = new Pace(bench);
    assert.equal(pace.isDue, false);
    bench.nowMs += 0.1;
    assert.equal(pace.isDue, true);
    await pace.pause();
    assert.equal(pace.isDue, false);
  });

  it("rests between turns, and goes on at once while somebody waits for it", async () => {
    const bench = new Bench();
    let isUrgent = false;
    const pace = new Pace(bench, () => isUrgent);
    await pace.pause();
    isUrgent = true;
    await pace.pause();
    isUrgent = false;
    await pace.pause();
    assert.deepEqual(bench.waited, ["rest 1", "soon", "rest 1"]);
  });
});

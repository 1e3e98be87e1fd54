import assert from "node:assert/strict";
import { History } from "./history.ts";
import { exhaustive } from "./sweep/effort.ts";

const histories = exhaustive ? 5000 : 25;

/** Plays histories one after another; the message of a failure is what it takes to play it again. */
async function play(label: string, faults: boolean): Promise<void> {
  for (let number = 0; number < histories; number++) {
    const options = { seed: `${label} ${number}`, runs: 6, faults };
    const history = new History(options);
    try {
      await history.play();
    } catch (error) {
      const story = history.trace.map((line) => line.slice(0, 200)).join("\n");
      assert.fail(`${JSON.stringify(options)}: ${error instanceof Error ? error.stack : String(error)}\n${story}`);
    }
  }
}

describe(`${histories} histories of six runs in a row`, function () {
  this.timeout(exhaustive ? 0 : 60_000);

  it("keep what was acked through kills, power losses and clean stops", async () => {
    await play("well", false);
  });

  it("keep what was acked on a disk that fails now and then", async () => {
    await play("faulty", true);
  });
});

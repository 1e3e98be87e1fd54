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

/** Seeds that failed once: a header whose sync had failed was named by the next start, and lost with the power. */
const kept = ["h5367", "h5592", "h5699", "h5709", "h5838", "h6141"];

describe(`${histories} histories of six runs in a row`, function () {
  this.timeout(exhaustive ? 0 : 60_000);

  it("keep what was acked through kills, power losses and clean stops", async () => {
    await play("well", false);
  });

  for (const seed of kept)
    it(`keep what was acked with the seed ${seed}`, async () => {
      await new History({ seed, runs: 6, faults: true }).play();
    });

  it("keep what was acked on a disk that fails now and then", async () => {
    await play("faulty", true);
  });
});

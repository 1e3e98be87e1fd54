/** 9.4/3: a restore to a moment is the model at that moment. */
import assert from "node:assert/strict";
import { Prng } from "../../sim/prng.ts";
import { changeSomething, type Moment, Scene } from "./scene.ts";

const seeds = process.env["TOPICS_TEST_EXHAUSTIVE"] === "1" ? 60 : 4;

describe("a restore to a moment", () => {
  let archivedAlone = 0;
  for (let seed = 1; seed <= seeds; seed++)
    it(`is what clients had been told by then, history ${seed}`, async () => {
      const scene = new Scene({ seed: `until ${seed}`, shards: 1 + (seed % 3) });
      const { machine } = scene;
      const prng = new Prng(scene.seed);
      await machine.start();
      const moments: Moment[] = [];
      const work = async (steps: number): Promise<void> => {
        for (let step = 0; step < steps; step++) {
          await changeSomething(scene, prng);
          moments.push(await scene.mark());
        }
      };
      await work(25);
      await scene.backup("b");
      const first = moments.length;
      await work(40);
      await machine.pass(5000);
      await machine.stop();
      for (let count = 0; count < 4; count++) {
        const moment = moments[count === 0 ? first : prng.between(first, moments.length - 1)];
        const { until } = moment;
        // With the directory's own log every moment can be had; the archive has what was retired by then.
        const whole = await scene.restore({ to: `/whole-${count}`, until, live: "/data" });
        assert.equal(whole.seqGap, 0);
        await scene.judged(`/whole-${count}`, moment);
        const archived = await scene.restore({ to: `/archived-${count}`, until }).catch((error: Error) => error);
        if (archived instanceof Error) {
          assert.match(archived.message, /is not whole up to that moment|is not in the log at hand/);
          continue;
        }
        archivedAlone++;
        await scene.judged(`/archived-${count}`, moment);
      }
      scene.disk.checkRules();
    });

  after(() => assert.ok(archivedAlone >= seeds, "enough of the moments are in the archive"));
});

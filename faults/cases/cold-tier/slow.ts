/** A cold disk that does not answer (spec 6.3): only reads of what is there wait for it. */
import assert from "node:assert/strict";
import { tinyStorage } from "../../../sim/crash-matrix/setup.ts";
import { readRequest } from "../../../sim/oracle/observation.ts";
import { type FaultCase, faultCases } from "../../fault-case.ts";
import { sealed } from "../../sealed-topics.ts";

const server = {
  directories: ["/cold"],
  storage: tinyStorage({ coldDirectory: "/cold", hotRetainSegments: 1 }),
};

export const cases: readonly FaultCase[] = faultCases([
  {
    name: "cold-read-hangs",
    section: "6.3",
    what: "Reads of the cold directory hang",
    permits: "Appends, and reads of what is hot, go on; the hanging read is answered when the disk is",
    server,
    prepare: sealed,
    faults: ["read(/cold)#1:hang"],
    run: async (scene) => {
      const { engine } = scene.machine;
      let cold = "none yet";
      const page = engine.read("d", readRequest(0, 4, 0)).then((result) => {
        cold = `${result.slices.length > 0}`;
        result.release();
      });
      await scene.pass(1000);
      assert.equal(cold, "none yet");
      await scene.append("f", 1);
      const hot = await scene.machine.until(engine.read("f", readRequest(12, 4, 0)));
      assert.equal(hot.nextFromSeq, 13);
      hot.release();
      scene.disk.gate.releaseHung();
      await scene.machine.until(page);
      assert.equal(cold, "true");
    },
    outcome: { holds: { d: "1-12", f: "1-13" }, afterPowerLoss: { d: "1-12 crash:13..", f: "1-13" } },
  },
  {
    name: "cold-write-hangs",
    section: "6.3",
    what: "A write to the cold directory hangs while segments are to be moved there",
    permits: "Appends, seals, checkpoints and reads go on",
    server,
    prepare: sealed,
    faults: ["write(/cold)#1:hang"],
    run: async (scene) => {
      for (let round = 0; round < 3; round++) {
        for (const topic of ["d", "f"]) await scene.append(topic, 4);
        await scene.awaits("checkpoint-written");
      }
      await scene.shows({ d: "1-24", f: "1-24" });
    },
    outcome: { holds: { d: "1-24", f: "1-24" }, afterPowerLoss: { d: "1-24 crash:25..", f: "1-24" } },
  },
]);

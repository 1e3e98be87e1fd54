/** Deaths and losses of power in the middle of a seal (spec 6.3): a segment is there whole, or it is not there. */
import assert from "node:assert/strict";
import type { CallName } from "../../../sim/disk/call.ts";
import { type FaultCase } from "../../fault-case.ts";
import { sealed, sealMore, tinySegments } from "../../sealed-topics.ts";

interface Moment {
  readonly name: string;
  readonly call: CallName;
  readonly what: string;
}

const moments: readonly Moment[] = [
  { name: "written", call: "write", what: "is written and not synced" },
  { name: "synced", call: "datasync", what: "is synced and has its temporary name" },
  { name: "renamed", call: "rename", what: "is renamed and the directory not synced" },
];
const survivals = ["none", "entries", "lengths", "data"] as const;

export const cases: readonly FaultCase[] = moments.flatMap(({ name, call, what }) =>
  survivals.map((survival) => ({
    name: `seal-power-lost-${name}-${survival}`,
    section: "6.3",
    what: `Power is lost when a segment ${what}; of what was not synced survives: ${survival}`,
    permits: "All records are found, in the segment or in the log, and the segment is whole or not there",
    server: tinySegments,
    prepare: sealed,
    run: async (scene) => {
      scene.dieBehind(call, /\.seg/);
      assert.ok(await scene.dies(() => sealMore(scene)), "it dies in the middle");
      scene.powerLoss(survival);
      await scene.startAfter("power");
    },
    outcome: {
      holds: { d: "1-16 crash:17..", f: "1-16" },
      afterPowerLoss: { d: "1-16 crash:17..", f: "1-16" },
    },
    guards: [25],
  })),
);

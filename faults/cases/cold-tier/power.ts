/** Losses of power in the middle of a move to the cold directory (spec 6.3): a complete copy is found, here or there. */
import assert from "node:assert/strict";
import { tinyStorage } from "../../../sim/crash-matrix/setup.ts";
import type { CallName } from "../../../sim/disk/call.ts";
import type { FaultCase } from "../../fault-case.ts";
import { sealed, sealMore } from "../../sealed-topics.ts";

interface Moment {
  readonly name: string;
  readonly call: CallName;
  readonly path: RegExp;
  readonly what: string;
}

const moments: readonly Moment[] = [
  { name: "copied", call: "write", path: /\/cold/, what: "the copy is written and not synced" },
  { name: "renamed", call: "rename", path: /\/cold/, what: "the copy is renamed and its directory not synced" },
  { name: "hot-removed", call: "unlink", path: /\/data\/seg/, what: "the hot file has just been removed" },
];

export const cases: readonly FaultCase[] = moments.flatMap(({ name, call, path, what }) =>
  (["none", "entries", "all"] as const).map((survival) => ({
    name: `cold-power-lost-${name}-${survival}`,
    section: "6.3",
    what: `Power is lost during a move when ${what}; of what was not synced survives: ${survival}`,
    permits: "Every record is found, from the one copy or the other",
    server: {
      directories: ["/cold"],
      storage: tinyStorage({ coldDirectory: "/cold", hotRetainSegments: 1 }),
    },
    prepare: sealed,
    run: async (scene) => {
      scene.dieBehind(call, path);
      const more = async (): Promise<void> => {
        await sealMore(scene);
        await scene.pass(10_000);
      };
      assert.ok(await scene.dies(more), "it dies in the middle");
      scene.powerLoss(survival);
      await scene.startAfter("power");
    },
    outcome: { holds: { d: "1-16 crash:17..", f: "1-16" }, afterPowerLoss: { d: "1-16 crash:17..", f: "1-16" } },
    guards: [59],
  })),
);

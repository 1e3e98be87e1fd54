/** Deaths and losses of power in the middle of a checkpoint (spec 6.4): the old one or the new one loads, never neither. */
import assert from "node:assert/strict";
import type { CallName } from "../../../sim/disk/call.ts";
import { type FaultCase } from "../../fault-case.ts";
import { sealed, sealMore, tinySegments } from "../../sealed-topics.ts";

interface Moment {
  readonly name: string;
  readonly call: CallName;
  readonly path: RegExp;
  readonly what: string;
  readonly guards?: readonly number[];
}

const moments: readonly Moment[] = [
  { name: "half-written", call: "write", path: /ckpt-/, what: "is written", guards: [10] },
  { name: "synced", call: "datasync", path: /ckpt-/, what: "is synced and still has its temporary name", guards: [10] },
  { name: "renamed", call: "rename", path: /ckpt-/, what: "is renamed and the directory not synced", guards: [9, 10] },
  {
    name: "named",
    call: "rename",
    path: /MANIFEST/,
    what: "is named by a manifest whose directory entry is not synced",
    guards: [9],
  },
  {
    name: "retiring",
    call: "unlink",
    path: /wal-|ckpt-/,
    what: "stands, and the first of what it makes superfluous is removed",
    guards: [9, 11, 12],
  },
];
const survivals = ["none", "entries", "data"] as const;

export const cases: readonly FaultCase[] = moments.flatMap(({ name, call, path, what, guards = [] }) =>
  survivals.map((survival) => ({
    name: `checkpoint-power-lost-${name}-${survival}`,
    section: "6.4",
    what: `Power is lost when a checkpoint ${what}; of what was not synced survives: ${survival}`,
    permits: "The start finds the one before or the new one, and everything that was synced",
    server: tinySegments,
    prepare: sealed,
    run: async (scene) => {
      scene.dieBehind(call, path);
      assert.ok(await scene.dies(() => sealMore(scene)), "it dies in the middle");
      scene.powerLoss(survival);
      await scene.startAfter("power");
    },
    outcome: {
      holds: { d: "1-16 crash:17..", f: "1-16" },
      afterPowerLoss: { d: "1-16 crash:17..", f: "1-16" },
    },
    guards,
  })),
);

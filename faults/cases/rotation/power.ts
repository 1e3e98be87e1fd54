/** Losses of power in the middle of a rotation (spec 6.2): no ordinary one ever makes a start refuse. */
import assert from "node:assert/strict";
import type { CallName } from "../../../sim/disk/call.ts";
import type { FaultCase } from "../../fault-case.ts";
import type { Scene } from "../../scene.ts";

interface Moment {
  readonly name: string;
  readonly call: CallName;
  readonly path: RegExp;
  readonly what: string;
}

const moments: readonly Moment[] = [
  { name: "spare-made", call: "open", path: /wal-00-00000003/, what: "the next spare is made" },
  { name: "old-file-synced", call: "datasync", path: /wal-00-00000001/, what: "the file that is left is synced" },
  { name: "header-written", call: "write", path: /wal-00-00000002/, what: "the new file's header is written" },
  {
    name: "header-synced",
    call: "datasync",
    path: /wal-00-00000002/,
    what: "the new file's header is synced, and nothing names it",
  },
  {
    name: "named",
    call: "rename",
    path: /MANIFEST/,
    what: "a manifest that names the new file is renamed, and not synced",
  },
];

/** Until it dies: what was acked to `f` has to be there, whatever survives. */
async function writes(scene: Scene): Promise<void> {
  for (let count = 0; count < 10; count++) {
    await scene.append("f", 1, { padBytes: 10_000 });
    await scene.append("d", 1, { padBytes: 2000 });
  }
  await scene.pass(5000);
}

/** Together in one group, the last of them in the next file. */
const crossing: FaultCase = {
  name: "rotation-power-lost-behind-a-group-that-crosses",
  section: "6.2",
  what: "Writes that come at once fill the file and begin the next one; power is lost right behind the last ack",
  permits: "Everything that was acked as `fsync` is there, from both files",
  run: async (scene) => {
    const together = Array.from({ length: 8 }, () => scene.client.append("f", 1, { padBytes: 10_000 }));
    for (const each of together) await scene.answered(undefined, each, "one of eight appends at once");
    scene.saw("wal-rotated");
    scene.powerLoss("none");
    await scene.startAfter("power");
  },
  outcome: {
    holds: { d: "1-3 crash:4..", f: "1-11" },
    afterPowerLoss: { d: "1-3 crash:4..", f: "1-11" },
  },
  guards: [2, 3],
};

const interrupted: readonly FaultCase[] = moments.flatMap(({ name, call, path, what }) =>
  (["none", "entries", "data", "all"] as const).map((survival) => ({
    name: `rotation-power-lost-${name}-${survival}`,
    section: "6.2",
    what: `Power is lost when ${what}; of what was not synced survives: ${survival}`,
    permits: "No start is refused; what was acked as `fsync` is there, the lost tail of `d` is announced",
    run: async (scene) => {
      scene.dieBehind(call, path);
      assert.ok(await scene.dies(() => writes(scene)), "it dies in the middle");
      scene.powerLoss(survival);
      await scene.startAfter("power");
      await scene.restart();
      scene.powerLoss("none");
      await scene.startAfter("power");
    },
    outcome: { holds: {} },
    guards: [2, 63, 65],
  })),
);

export const cases: readonly FaultCase[] = [crossing, ...interrupted];

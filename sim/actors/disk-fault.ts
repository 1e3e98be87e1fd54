/** Spoils the disk: errors once or for ever, short writes, slow and hung syncs, no space, until somebody mends it. */
import type { Prng } from "../prng.ts";
import type { Actor } from "../run/actor.ts";

interface Doing {
  readonly faults?: readonly string[];
  readonly freeBytes?: number;
  readonly mends?: boolean;
}

const files = ["wal-", ".seg", ".ckpt", ".del", "MANIFEST", "RESERVE"] as const;

export const actor: Actor = {
  name: "disk-fault",
  weight: 0,
  plan: (prng) => {
    if (prng.chance(20)) return { mends: true };
    if (prng.chance(15)) return { freeBytes: prng.pick([0, 4096, 40_000, 200_000]) };
    return { faults: Array.from({ length: prng.chance(75) ? 1 : 2 }, () => drawFault(prng)) };
  },
  act: (stage, given) => {
    const { faults = [], freeBytes, mends } = given as unknown as Doing;
    if (mends === true) stage.mendDisk();
    if (freeBytes !== undefined) stage.setFreeBytes(freeBytes);
    for (const fault of faults) stage.plant(fault);
    return Promise.resolve();
  },
};

function drawFault(prng: Prng): string {
  const index = prng.chance(70) ? 1 : prng.between(2, 4);
  const file = prng.pick(files);
  const forever = prng.chance(30) ? ":forever" : "";
  switch (prng.below(8)) {
    case 0:
      return `write(${file})#${index}:${prng.pick(["", "after=40:", "after=700:"])}${prng.pick(["EIO", "ENOSPC"])}${forever}`;
    case 1:
      return `write(${file})#${index}:short=${prng.pick(["1", "half", "less"])}`;
    case 2:
      return `datasync(${prng.pick([file, "wal-"])})#${index}:EIO${prng.pick(["", ":A", ":B"])}`;
    case 3:
      return `datasync(${file})#${index}:delay=${prng.pick([5, 300, 3000, 30_000])}`;
    case 4:
      return `datasync(${file})#${index}:hang`;
    case 5:
      return `open(${file})#${index}:${prng.pick(["EMFILE", "ENOSPC", "EIO"])}${forever}`;
    case 6:
      return `${prng.pick(["rename", "syncDir", "unlink"])}#${index}:EIO${forever}`;
    default:
      return `read(${prng.pick([".seg", ".seg", ".del", ".ckpt"])})#${index}:${prng.pick(["EIO", "short=half", "delay=50"])}`;
  }
}

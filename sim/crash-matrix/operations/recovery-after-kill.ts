/** The start after the death of a process: a tail that was never synced is carried over. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

const classes = ["ephemeral", "memory", "disk", "fsync"] as const;

export const operation: Operation = {
  name: "recovery-after-kill",
  setup: async (machine) => {
    await started(machine);
    for (const durability of classes) await machine.until(machine.client.create(durability, durability));
    await machine.until(machine.client.append("fsync", 2));
    await machine.until(
      Promise.all(classes.slice(0, 3).map((name) => machine.client.append(name, 3, { padBytes: 900 }))),
    );
    await machine.until(machine.client.deleteBefore("disk", 2));
    machine.disk.kill();
  },
  run: async (machine) => {
    await machine.start();
    await machine.judge("kill");
    await machine.until(machine.client.append("disk", 2));
    machine.disk.kill();
    await machine.start();
    await machine.judge("kill");
    await machine.until(machine.client.append("disk", 1));
  },
};

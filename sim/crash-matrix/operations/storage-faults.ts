/** Calls of sealing and of checkpoints fail, each once: nothing is lost, all of it is tried again, and then it is done. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, eventsOf, expect, started, tinyStorage } from "../setup.ts";

export const operation: Operation = {
  name: "storage-faults",
  server: { shards: 1, wal: smallFiles, storage: tinyStorage() },
  faults: [
    "write(seg-00000003)#1:EIO",
    "datasync(.seg)#3:EIO:B",
    "rename(seg-)#4:EIO",
    "write(ckpt-)#1:ENOSPC",
    "datasync(ckpt-)#2:EIO:A",
    "rename(ckpt-)#2:EIO",
    "read(ckpt-)#4:flip=700",
    "datasync(.del)#1:EIO:B",
    "unlink(ckpt-)#2:EIO",
    "unlink(.seg)#2:EIO",
    "datasync(MANIFEST)#5:EIO",
    "rename(MANIFEST)#7:EIO",
  ],
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("d", "disk"));
    await machine.until(client.create("f", "fsync"));
    for (const name of ["d", "f"]) await machine.until(client.append(name, 4, { tag: "a" }));
    await awaitEvents(machine, "checkpoint-written");
    machine.oracle.settle();
  },
  run: async (machine) => {
    const { client } = machine;
    for (let round = 0; round < 5; round++) {
      for (const name of ["d", "f"])
        await machine.until(Promise.all(["a", "b"].map((tag) => client.append(name, 2, { tag: `${tag}${round}` }))));
      await machine.until(client.deleteTag(round % 2 === 0 ? "d" : "f", "a*"));
      await machine.pass(6000);
      await machine.judge("none");
    }
    const fired = [...machine.disk.injector.fired()];
    expect(
      fired.every(([, times]) => times > 0),
      `every fault strikes: ${fired.map(([fault, times]) => `${fault} ${times}`).join(", ")}`,
    );
    const before = eventsOf(machine, "checkpoint-written");
    await machine.until(client.append("d", 1));
    await machine.pass(130_000);
    expect(eventsOf(machine, "checkpoint-written") > before, "checkpoints are written again");
    await machine.judge("none");
  },
};

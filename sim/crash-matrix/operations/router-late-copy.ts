/** A copy that had to wait for its source's sync stands behind a younger direct write: it is not older than that (3.3). */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { expect, started } from "../setup.ts";

export const operation: Operation = {
  name: "router-late-copy",
  server: { shards: 2, wal: smallFiles },
  faults: ["datasync(wal-01)#1:delay=100"],
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("source", "disk"));
    await machine.until(client.create("dest", "fsync"));
    await machine.until(client.route("source", "dest"));
    await machine.pass(500);
    machine.oracle.settle();
  },
  run: async (machine) => {
    const { client, engine } = machine;
    await machine.until(client.append("source", 2));
    await machine.pass(20);
    await machine.until(client.append("dest", 1));
    expect(engine.topicState("dest", false).headSeq === 1, "the copies wait");
    await machine.pass(300);
    expect(engine.topicState("dest", false).headSeq === 3, "the copies come");
    await machine.judge("none");
  },
};

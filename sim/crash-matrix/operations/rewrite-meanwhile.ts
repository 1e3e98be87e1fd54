/** What is written again loses records, one after another, until it is in its place: none of them comes back with it. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitMoment, eventsOf, expect, started, tinyStorage } from "../setup.ts";

const records = 192;

export const operation: Operation = {
  name: "rewrite-meanwhile",
  order: "shuffled",
  server: { shards: 1, wal: smallFiles, storage: tinyStorage({ segmentMaxRecords: records }) },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("d", "disk"));
    for (let at = 0; at < records; at++)
      await machine.until(client.append("d", 1, { tag: at % 16 === 0 ? "done" : `t:${at}` }));
    await machine.pass(1500);
    for (let at = 0; at < records; at++) if (at % 16 > 2) await machine.until(client.deleteTag("d", `t:${at}`));
  },
  run: async (machine) => {
    const { client } = machine;
    let at = 0;
    await machine.until(client.append("d", 1));
    // Not a moment later: what the checkpoint lets be rewritten is rewritten at once.
    const before = eventsOf(machine, "checkpoint-written");
    await awaitMoment(machine, () => eventsOf(machine, "checkpoint-written") > before);
    for (; at < records && eventsOf(machine, "segment-rewritten") === 0; at++) {
      if (at % 16 === 0 || at % 16 > 2) continue;
      await machine.until(client.deleteTag("d", `t:${at}`));
      await machine.pass(1);
    }
    expect(eventsOf(machine, "segment-rewritten") > 0, "what is mostly dead is rewritten");
    expect(at < records, "something was left to be deleted");
    await machine.judge("none");
  },
};

/** Anything in any order: clients that do what the seed says, each on topics of its own, deaths and clean stops included. */
import type { CommitClass } from "../../../src/topic/config.ts";
import { Prng } from "../../prng.ts";
import type { Client } from "../client.ts";
import type { Machine } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

const classes: readonly CommitClass[] = ["ephemeral", "memory", "disk", "fsync"];

async function actor(client: Client, topic: string, prng: Prng, steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    const tag = prng.pick(["a:1", "a:2", "b"]);
    const what = prng.below(100);
    if (what < 35) await client.append(topic, prng.between(1, 4), { tag, padBytes: prng.below(3000) });
    else if (what < 45) await client.append(topic, 1, { key: `${prng.seed}-${step}` });
    else if (what < 60)
      await Promise.all([client.append(topic, 2, { tag }), client.append(topic, 1), client.append(topic, 3)]);
    else if (what < 68) await client.deleteTag(topic, prng.pick(["a:1", "a:*", "b"]));
    else if (what < 76) await client.deleteBefore(topic, prng.between(2, 30));
    else if (what < 92)
      await client.create(topic, prng.pick(classes), prng.chance(50) ? { capRecords: prng.between(3, 12) } : {});
    else if (what < 96) await client.deleteTopic(topic);
    else await client.append(topic, 400);
  }
}

async function round(machine: Machine, prng: Prng, steps: number): Promise<void> {
  const { client } = machine;
  const names = ["one", "two", "three", "four"];
  await machine.until(Promise.all(names.map((name) => actor(client, name, prng.fork(name), steps))));
}

export const operation: Operation = {
  name: "mixed",
  order: "shuffled",
  seeds: 4,
  setup: async (machine) => {
    await started(machine);
  },
  run: async (machine) => {
    const prng = new Prng(machine.seed).fork("mixed");
    for (let count = 0; count < 3; count++) {
      await round(machine, prng.fork(`round ${count}`), prng.between(2, 5));
      await machine.judge("none");
      if (prng.chance(50)) await machine.pass(prng.between(1, 400));
      const stops = prng.chance(40);
      if (stops) await machine.stop();
      else machine.disk.kill();
      await machine.start();
      await machine.judge(stops ? "clean" : "kill");
    }
    await round(machine, prng.fork("last round"), 3);
    await machine.judge("none");
  },
};

/** Makes topics of every class, changes them, and deletes them for good or to make them anew. */
import type { TopicConfigPatch } from "../../src/topic/config.ts";
import type { Actor } from "../run/actor.ts";
import { classes, drawTopic, isThere } from "./topics.ts";

interface Doing {
  readonly topic: string;
  readonly verb: "put" | "delete" | "recreate" | "append";
  readonly config: TopicConfigPatch;
}

export const actor: Actor = {
  name: "operator",
  weight: 12,
  plan: (prng) => ({
    topic: drawTopic(prng),
    verb: prng.chance(75) ? "put" : prng.pick(["delete", "recreate", "append"]),
    config: {
      durability: prng.pick(classes),
      ...(prng.chance(25) ? { capRecords: prng.between(1, 40) } : {}),
      ...(prng.chance(8) ? { ttlMs: prng.pick([400, 3000, 60_000]) } : {}),
      ...(prng.chance(10) ? { capBytes: prng.between(200, 20_000) } : {}),
      ...(prng.chance(15) ? { discard: "reject" as const } : {}),
    },
  }),
  act: async (stage, given) => {
    const { topic, verb, config } = given as unknown as Doing;
    const { client } = stage.machine;
    await stage.turns.alone(topic, async () => {
      const answers: (string | undefined)[] = [];
      const before = stage.oracle.topic(topic).live?.config;
      if (verb !== "put" && verb !== "append" && isThere(stage, topic)) answers.push(await client.deleteTopic(topic));
      if (verb === "append" && stage.isHealthy) answers.push(await client.append(topic, 2));
      if (verb === "put" || verb === "recreate") answers.push(await client.put(topic, config));
      stage.answered(verb, topic, answers, before);
    });
  },
};

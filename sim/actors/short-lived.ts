/** Topics whose records expire, and lifetimes that change: shorter, longer, none at all (spec 1.6). */
import type { Actor } from "../run/actor.ts";
import { classes, drawTopic, isThere } from "./topics.ts";

interface Doing {
  readonly topic: string;
  readonly durability: (typeof classes)[number];
  readonly ttlMs: number;
  readonly capRecords?: number;
}

export const actor: Actor = {
  name: "short-lived",
  weight: 4,
  plan: (prng) => ({
    topic: drawTopic(prng),
    durability: prng.pick(classes),
    ttlMs: prng.pick([0, 50, 400, 3000, 60_000, 1_000_000]),
    ...(prng.chance(20) ? { capRecords: prng.between(1, 40) } : {}),
  }),
  act: async (stage, given) => {
    const { topic, ...config } = given as unknown as Doing;
    const { client } = stage.machine;
    await stage.turns.alone(topic, async () => {
      if (!isThere(stage, topic)) return;
      const before = stage.oracle.topic(topic).live?.config;
      stage.answered("put", topic, [await client.put(topic, config)], before);
    });
  },
};

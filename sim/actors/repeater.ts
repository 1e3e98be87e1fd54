/** Writes with one key: several at once, and again what was written before: one append per key (1.9, 9.4/6). */
import { TopicsError } from "../../src/base/errors.ts";
import type { Actor } from "../run/actor.ts";
import { drawTopic, isThere } from "./topics.ts";

interface Doing {
  readonly topic: string;
  readonly key: string;
  /** Writes at once; 0 repeats what is known. */
  readonly times: number;
}

/** The window is longer; time goes by while a server starts. */
const surelyRememberedMs = 60_000;

export const actor: Actor = {
  name: "repeater",
  weight: 6,
  plan: (prng) => ({
    topic: drawTopic(prng),
    key: `one-${prng.below(1_000_000)}`,
    times: prng.chance(50) ? 0 : prng.between(2, 4),
  }),
  act: async (stage, given, prng) => {
    const { topic, key, times } = given as unknown as Doing;
    const { client } = stage.machine;
    if (times > 0) {
      await stage.turns.shared(topic, async () => {
        if (!isThere(stage, topic)) return;
        const answer = await client.appendTogether(topic, key, times);
        stage.answered("one key at once", topic, [answer]);
        if (answer === undefined) stage.say("the same key at once, once appended");
      });
      return;
    }
    await stage.turns.alone(topic, async () => {
      const { live } = stage.oracle.topic(topic);
      if (live === undefined || !["disk", "fsync"].includes(live.config.durability) || stage.hasJumped) return;
      const known = [...live.keys].filter(([, { ts }]) => stage.nowMs - ts < surelyRememberedMs);
      if (known.length === 0) return;
      const [name, first] = prng.pick(known);
      try {
        await client.repeat(topic, name, first);
        stage.answered("known key", topic, [undefined]);
        if (stage.oracle.topic(topic).base?.keys.has(name) === true) stage.say("a key known from before a death");
      } catch (error) {
        if (!(error instanceof TopicsError) || stage.isHealthy) throw error;
      }
    });
  },
};

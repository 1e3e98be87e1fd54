/** Follows a topic from some cursor, with long polls: what it is shown may never be taken back. */
import type { Actor } from "../run/actor.ts";
import { drawTopic, isThere } from "./topics.ts";

interface Doing {
  readonly topic: string;
}

export const actor: Actor = {
  name: "follower",
  weight: 4,
  plan: (prng) => ({ topic: drawTopic(prng) }),
  act: async (stage, given) => {
    const { topic } = given as unknown as Doing;
    // It reads on until the topic or the process ends, so nobody waits for it.
    if (isThere(stage, topic)) void stage.machine.client.watch(topic);
    return Promise.resolve();
  },
};

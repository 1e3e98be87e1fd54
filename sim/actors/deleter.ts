/** Deletes records: up to a seq, by tag, by prefix, both together. */
import type { Actor } from "../run/actor.ts";
import { drawTopic, isThere, tags } from "./topics.ts";

interface Doing {
  readonly topic: string;
  /** Of what is live then, from the front; beyond a hundred, behind the head. */
  readonly percent?: number;
  /** With a star at its end, a prefix. */
  readonly tag?: string;
}

export const actor: Actor = {
  name: "deleter",
  weight: 10,
  plan: (prng) => {
    const kind = prng.below(10);
    return {
      topic: drawTopic(prng),
      ...(kind < 5 ? { percent: prng.below(130) } : {}),
      ...(kind >= 4 ? { tag: prng.pick([...tags, "red*", "blue*", "red:*", "*"]) } : {}),
    };
  },
  act: async (stage, given) => {
    const { topic, percent, tag } = given as unknown as Doing;
    const { client } = stage.machine;
    const config = stage.oracle.topic(topic).live?.config;
    // Nobody knows in which order requests on several connections arrive. Where retention is at work, too, what it takes depends on which of them comes first.
    const isBounded =
      stage.http !== undefined ||
      (config !== undefined && [config.capRecords, config.capBytes, config.ttlMs].some((cap) => cap !== 0));
    const turn = isBounded ? stage.turns.alone(topic, act) : stage.turns.shared(topic, act);
    await turn;

    async function act(): Promise<void> {
      if (!isThere(stage, topic)) return;
      const beforeSeq = percent === undefined ? undefined : placeOf(percent);
      const answer = await (tag === undefined
        ? client.deleteBefore(topic, beforeSeq ?? 1)
        : client.deleteTag(topic, tag, beforeSeq));
      stage.answered("delete", topic, [answer]);
    }

    function placeOf(share: number): number {
      const live = stage.oracle.topic(topic).live;
      if (live === undefined) return 1;
      return Math.max(1, live.earliest + Math.floor(((live.head + 1 - live.earliest) * share) / 100));
    }
  },
};

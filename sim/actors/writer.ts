/** Appends: single records and batches, small and large, with tags, nodes, meta, keys; several at once. */
import type { Actor } from "../run/actor.ts";
import type { Answer } from "../crash-matrix/client.ts";
import { drawTopic, isThere, tags } from "./topics.ts";

interface Doing {
  readonly topic: string;
  /** Records of each append; all of them at once. */
  readonly counts: readonly number[];
  readonly padBytes: number;
  readonly tag?: string;
  readonly node?: string;
  readonly key?: string;
  /** As no serialiser would write it. */
  readonly odd?: boolean;
}

export const actor: Actor = {
  name: "writer",
  weight: 40,
  plan: (prng) => {
    const large = prng.chance(4);
    return {
      topic: drawTopic(prng),
      counts: Array.from({ length: prng.chance(70) ? 1 : prng.between(2, 5) }, () =>
        prng.chance(3) ? prng.between(50, 400) : prng.between(1, 5),
      ),
      padBytes: large ? prng.between(10_000, 90_000) : prng.pick([0, 0, 30, 400, 2500]),
      ...(prng.chance(60) ? { tag: prng.pick(tags) } : {}),
      ...(prng.chance(20) ? { node: prng.pick(["n1", "n2"]) } : {}),
      ...(prng.chance(20) ? { key: `key-${prng.below(1_000_000)}` } : {}),
      ...(prng.chance(15) ? { odd: true } : {}),
    };
  },
  act: async (stage, given) => {
    const { topic, counts, key, padBytes, ...options } = given as unknown as Doing;
    const { client } = stage.machine;
    const write = async (): Promise<void> => {
      const answers = await Promise.all(
        counts.map((count, at) =>
          client.append(topic, count, {
            ...options,
            padBytes: count > 10 ? padBytes % 100 : padBytes,
            ...(key === undefined ? {} : { key: `${key}-${at}` }),
          }),
        ),
      );
      stage.answered("append", topic, answers);
      // What was refused was not taken: its key is nobody's.
      if (key !== undefined && isRefused(answers[0]) && isThere(stage, topic)) {
        stage.answered("append again", topic, [await client.append(topic, 1, { key: `${key}-0` })]);
        stage.say("a refused write tried again with its key");
      }
    };
    await stage.turns.shared(topic, () => (isThere(stage, topic) ? write() : Promise.resolve()));
  },
};

function isRefused(answer: Answer): boolean {
  return answer !== undefined && answer !== "unknown";
}

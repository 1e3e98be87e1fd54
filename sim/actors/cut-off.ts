/**
 * A client whose connection ends in the middle: in the head or the body of a write, before its answer, or in a long poll. It
 * tries again with its key (spec 1.9, 9.2, 9.3).
 */
import { requestBytes } from "../http/connection.ts";
import type { Actor } from "../run/actor.ts";
import { drawTopic, isThere } from "./topics.ts";

interface Doing {
  readonly topic: string;
  readonly key: string;
  /** Of its bytes; all of them: it goes before the answer. */
  readonly percent: number;
  /** It sends all that it will, and waits for what comes. */
  readonly staysOn: boolean;
  readonly polls: boolean;
  /** Spaces behind the body that belong to it: what is there without them reads like a whole one. */
  readonly spaces?: number;
}

export const actor: Actor = {
  name: "cut-off",
  weight: 0,
  plan: (prng) => ({
    topic: drawTopic(prng),
    key: `cut-${prng.below(1_000_000)}`,
    percent: prng.chance(40) ? 100 : prng.below(100),
    staysOn: prng.chance(30),
    polls: prng.chance(20),
    ...(prng.chance(50) ? { spaces: prng.between(1, 2000) } : {}),
  }),
  act: async (stage, given) => {
    const { topic, key, percent, staysOn, polls, spaces = 0 } = given as unknown as Doing;
    const { machine, http } = stage;
    if (http === undefined) return;
    await stage.turns.shared(topic, async () => {
      if (!isThere(stage, topic)) return;
      if (polls) {
        const connection = http.connect();
        connection.send(requestBytes("GET", `/v0/topics/${topic}/diff?from_seq=1000000&wait_ms=20000`));
        stage.say("a client gone in a long poll");
        connection.vanish();
        return;
      }
      const answer = await machine.client.appendAgain(topic, key, async (body) => {
        const bytes = requestBytes("POST", `/v0/topics/${topic}`, body + " ".repeat(spaces));
        const sent = Math.floor((bytes.length * percent) / 100);
        const connection = http.connect();
        connection.send(bytes.subarray(0, sent));
        if (staysOn && sent < bytes.length) {
          connection.finish();
          await connection.gone();
        } else connection.vanish();
        stage.say(sent < bytes.length ? "a body cut short" : "a client gone before its answer");
        return sent === bytes.length;
      });
      stage.answered("cut off and again", topic, [answer]);
    });
  },
};

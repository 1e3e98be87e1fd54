/** Waits at the end of a topic: woken by a record, or by the end of its time, and by nothing else (spec 2.7). */
import { TopicsError } from "../../src/base/errors.ts";
import { parseRecords, readRequest } from "../oracle/observation.ts";
import { Violation } from "../oracle/oracle.ts";
import type { Actor } from "../run/actor.ts";
import { drawTopic, isThere } from "./topics.ts";

interface Doing {
  readonly topic: string;
  readonly waitMs: number;
}

/** A disk, a network and a busy server may take so long. */
const slackMs = 10_000;

export const actor: Actor = {
  name: "poller",
  weight: 3,
  plan: (prng) => ({ topic: drawTopic(prng), waitMs: prng.pick([5, 100, 2000]) }),
  act: async (stage, given) => {
    const { topic, waitMs } = given as unknown as Doing;
    const { door } = stage.machine;
    const { clock } = stage.scheduler;
    if (!isThere(stage, topic)) return;
    const startedMs = clock.monotonicMs();
    const wasHealthy = stage.isHealthy;
    try {
      const { headSeq: from } = await door.topicState(topic, false);
      const page = await door.read(topic, readRequest(from, 100, waitMs));
      const history = stage.oracle.topic(topic);
      for (const record of parseRecords(page.slices)) history.showed(record);
      page.release();
      const tookMs = clock.monotonicMs() - startedMs;
      if (wasHealthy && stage.isHealthy && tookMs > waitMs + slackMs)
        throw new Violation("2.7", `a long poll of ${waitMs} ms took ${tookMs} ms`);
      const moved = page.nextFromSeq > from || page.tombstone !== undefined;
      if (!moved && Math.ceil(tookMs) < waitMs && stage.isServing)
        throw new Violation("2.7", `a long poll of ${waitMs} ms came back with nothing after ${tookMs} ms`);
      stage.say(moved ? "a long poll woken by a record" : "a long poll that ran out");
    } catch (error) {
      if (!(error instanceof TopicsError)) throw error;
      if (error.code === "topic_not_found") stage.say("a long poll ended by the end of its topic");
    }
  },
};

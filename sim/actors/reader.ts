/** Reads from anywhere in pages, with and without filters: delivered, and left out for a reason, are all there is (9.4/4). */
import { TopicsError } from "../../src/base/errors.ts";
import type { Predicate } from "../../src/base/predicate.ts";
import type { Door } from "../door.ts";
import { Coverage } from "../oracle/invariants/94-04-coverage.ts";
import type { ModelTopic } from "../oracle/model.ts";
import { brief, parseRecords, readRequest } from "../oracle/observation.ts";
import type { Actor } from "../run/actor.ts";
import type { Stage } from "../run/stage.ts";
import { drawTopic, tags } from "./topics.ts";

interface Doing {
  readonly topic: string;
  readonly percent: number;
  readonly limit: number;
  readonly maxBytes: number;
  readonly match?: Predicate;
  readonly nodes: readonly string[];
}

export const actor: Actor = {
  name: "reader",
  weight: 8,
  plan: (prng) => ({
    topic: drawTopic(prng),
    percent: prng.chance(40) ? 0 : prng.below(100),
    limit: prng.pick([1, 3, 10, 1000]),
    maxBytes: prng.pick([1, 5000, 1 << 20]),
    ...(prng.chance(40) ? { match: drawMatch(prng.pick(tags), prng.chance(50)) } : {}),
    nodes: prng.chance(30) ? ["n1"] : [],
  }),
  act: async (stage, given) => {
    const doing = given as unknown as Doing;
    const { door } = stage.machine;
    await stage.turns.alone(doing.topic, async () => {
      const { live } = stage.oracle.topic(doing.topic);
      if (live === undefined || live.config.ttlMs !== 0 || !stage.isHealthy) return;
      try {
        await readAll(stage, door, live, doing);
      } catch (error) {
        // The disk has begun to fail meanwhile.
        const isDamaged = error instanceof TopicsError && error.detail?.["segment"] !== undefined;
        if (!isDamaged || stage.isHealthy) throw error;
        stage.note(`reader ${doing.topic} cannot read on`);
        stage.coverage.count("answers: read of a damaged segment");
      }
    });
  },
};

function drawMatch(tag: string, isGlob: boolean): Predicate {
  return isGlob ? { op: "Glob", prefix: tag.slice(0, 3) } : { op: "Eq", value: tag };
}

async function readAll(stage: Stage, door: Door, live: ModelTopic, doing: Doing): Promise<void> {
  const { topic, limit, maxBytes, match, nodes } = doing;
  const start = live.earliest + Math.floor(((live.head + 1 - live.earliest) * doing.percent) / 100) - 1;
  const wanted = live.records.filter(
    ({ seq, record }) => seq > start && admits(match, record.tag) && !nodes.includes(record.node ?? ""),
  );
  const coverage = new Coverage(`${topic} (${brief(doing)})`, wanted);
  for (let from = start, isLast = false; !isLast;) {
    const page = await door.read(topic, { ...readRequest(from, limit, 0), maxBytes, match, nodes });
    isLast = page.caughtUp;
    coverage.page(parseRecords(page.slices), from, page.nextFromSeq, isLast);
    page.release();
    from = page.nextFromSeq;
  }
  stage.note(`reader ${topic} ${coverage.found}`);
  stage.coverage.count("answers: read to the end");
}

function admits(match: Predicate | undefined, tag: string | undefined): boolean {
  if (match === undefined) return true;
  if (tag === undefined) return false;
  return match.op === "Eq" ? tag === match.value : tag.startsWith(match.prefix);
}

import assert from "node:assert/strict";
import fc from "fast-check";
import type { TopicAppendResult } from "./append.ts";
import { defaultConfig, type TopicConfig } from "./config.ts";
import { append, pageOf, readAll, readPage, records, turns, World } from "./testing/world.ts";
import type { Topic } from "./topic.ts";

const config: fc.Arbitrary<Partial<TopicConfig>> = fc.record(
  {
    durability: fc.constantFrom("ephemeral", "memory", "disk", "fsync"),
    ttlMs: fc.constantFrom(0, 20, 100, 1000),
    capRecords: fc.constantFrom(0, 5, 20),
    discard: fc.constantFrom("old", "reject"),
  },
  { requiredKeys: [] },
);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      count: fc.integer({ min: 1, max: 6 }),
      tag: fc.constantFrom("a", "b"),
      key: fc.option(fc.constantFrom("k", "l"), { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("delete" as const),
      before: fc.nat({ max: 60 }),
      tag: fc.option(fc.constantFrom("a", "b"), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("configure" as const), config }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("tick" as const), ms: fc.constantFrom(1, 19, 21, 90) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("write" as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("sync" as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("fail" as const, "shut" as const, "open" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("expire" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Commits that overlap: issued without waiting, written, synced and failed by hand. */
class Run {
  readonly world = new World();
  topic!: Topic;
  readonly #acked: TopicAppendResult[] = [];
  readonly #answers: Promise<unknown>[] = [];
  #open = (): void => undefined;
  #seen: readonly [number, number, number] = [0, 0, 0];

  async start(): Promise<void> {
    this.topic = await this.world.topic({}, "by hand");
  }

  async take(step: Step): Promise<void> {
    const { world, topic } = this;
    switch (step.do) {
      case "append": {
        const batch = records(step.count).map((record) => ({ ...record, tag: step.tag }));
        const answer = append(topic, batch, step.key === undefined ? {} : { key: step.key });
        this.#watch(answer.then((result) => result.deduped || this.#acked.push(result)));
        break;
      }
      case "delete": {
        const match = step.tag === undefined ? undefined : ({ op: "Eq", value: step.tag } as const);
        this.#watch(topic.deleteRecords({ beforeSeq: step.before, match }));
        break;
      }
      case "configure":
        this.#watch(topic.configure({ ...defaultConfig, ...step.config }));
        break;
      case "tick":
        world.clock.advance(step.ms);
        break;
      case "write":
        world.log.write(step.count);
        break;
      case "sync":
        world.log.sync(step.count);
        break;
      case "fail":
        world.log.fail();
        break;
      case "shut":
        this.#open();
        world.log.gate = new Promise((resolve) => {
          this.#open = () => {
            world.log.gate = undefined;
            resolve();
          };
        });
        break;
      case "open":
        this.#open();
        break;
      case "expire":
        topic.expireLogged(world.clock.ms);
    }
    await turns();
    this.#check();
  }

  async finish(): Promise<void> {
    this.#open();
    this.world.log.pace = "synced";
    for (let i = 0; i < 20; i++) {
      this.world.log.sync();
      await turns(20);
    }
    await Promise.all(this.#answers);
    this.#check();
    if (this.topic.config.durability === "ephemeral") return;
    const replayed = this.world.replayed();
    for (const topic of [this.topic, replayed]) topic.expireLogged(this.world.clock.ms);
    assert.deepEqual({ ...replayed.summary(), lastReadTs: 0 }, { ...this.topic.summary(), lastReadTs: 0 });
    for (let fromSeq = 0; fromSeq <= this.topic.summary().headSeq + 1; fromSeq++) {
      assert.deepEqual(readPage(replayed, { fromSeq }), readPage(this.topic, { fromSeq }), `read from ${fromSeq}`);
    }
  }

  #watch(answer: Promise<unknown>): void {
    this.#answers.push(answer.catch(() => undefined));
  }

  #check(): void {
    let next = 1;
    for (const { firstSeq, lastSeq, count } of this.#acked) {
      assert.deepEqual([firstSeq, lastSeq], [next, next + count - 1], "acks come in seq order, without gaps");
      next = lastSeq + 1;
    }
    const { headSeq, evictFloor, earliestSeq, count, bytes } = this.topic.summary();
    assert.equal(headSeq, next - 1, "what is acked is shown, and nothing else");
    assert.ok(evictFloor <= earliestSeq && earliestSeq <= headSeq + 1);
    const now = [headSeq, evictFloor, earliestSeq] as const;
    assert.ok(
      now.every((value, i) => value >= this.#seen[i]),
      "head and floors never fall",
    );
    this.#seen = now;
    const page = pageOf(this.topic.readNow({ ...readAll, fromSeq: evictFloor - 1 }));
    const size = page.records.reduce((sum, { data }) => sum + JSON.stringify(data).length, 0);
    assert.deepEqual([page.seqs.length, size], [count, bytes], "counts equal a recount");
    assert.ok(page.caughtUp);
    if (this.topic.config.capRecords !== 0) assert.ok(count <= Number(this.topic.config.capRecords));
  }
}

describe("staged commits of a topic", () => {
  it("are acked in order, shown when acked, taken back whole, and replayed to the same state", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60, size: "max" }), async (steps) => {
        const run = new Run();
        await run.start();
        for (const each of steps) await run.take(each);
        await run.finish();
      }),
      { numRuns: 200, seed: 11 },
    );
  });
});

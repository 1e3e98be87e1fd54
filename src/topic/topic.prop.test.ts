import assert from "node:assert/strict";
import fc from "fast-check";
import { TopicsError } from "../base/errors.ts";
import type { Predicate } from "../base/predicate.ts";
import { BlockPool } from "./block-pool.ts";
import { defaultConfig, type TopicConfig } from "./config.ts";
import type { ReadResult } from "./read.ts";
import { Model, type ModelMatch, type ModelRead, payloadBytes } from "./testing/model.ts";
import type { TopicDeps } from "./instance.ts";
import type { JobKeeper } from "./job-keeper.ts";
import { batchOf, FakeQuota, readAll, type TestCheckpoint, World } from "./testing/world.ts";
import type { Topic } from "./topic.ts";

const name = fc.constantFrom("a", "ab", "b", "ä", "\0", "");
const record = fc.record({
  data: fc.constantFrom("1", '"x"', "null", '{"k":[1,2,3]}', `"${"y".repeat(300)}"`),
  tag: fc.option(name, { nil: undefined }),
  node: fc.option(name, { nil: undefined }),
  meta: fc.option(fc.constantFrom("{}", '{"m":true}'), { nil: undefined }),
});
const match: fc.Arbitrary<ModelMatch> = fc.record({ glob: fc.boolean(), text: name });
const config: fc.Arbitrary<Partial<TopicConfig>> = fc.record(
  {
    durability: fc.constantFrom("ephemeral", "memory", "disk", "disk", "fsync"),
    ttlMs: fc.constantFrom(0, 0, 50, 500, 2n ** 63n),
    capRecords: fc.constantFrom(0, 0, 3, 10),
    capBytes: fc.constantFrom(0, 0, 400, 2000),
    discard: fc.constantFrom("old", "old", "reject"),
    idempotencyWindowMs: fc.constantFrom(0, 100, 120_000),
    dedupeNode: fc.boolean(),
  },
  { requiredKeys: [] },
);
const read = fc.record({
  from: fc.nat({ max: 120 }),
  limit: fc.constantFrom(1, 3, 1000),
  maxBytes: fc.constantFrom(1, 200, 1 << 20),
  nodes: fc.uniqueArray(name, { maxLength: 2 }),
  match: fc.option(match, { nil: undefined }),
  includeTags: fc.boolean(),
  includeMeta: fc.boolean(),
  includeData: fc.boolean(),
});
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      records: fc.array(record, { minLength: 1, maxLength: 8 }),
      key: fc.option(fc.constantFrom("k", "l", "\0"), { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("delete" as const),
      before: fc.option(fc.nat({ max: 100 }), { nil: undefined }),
      match: fc.option(match, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("configure" as const), config }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("tick" as const), ms: fc.constantFrom(1, 30, 51, 400) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("expire" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("read" as const), read }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("replay" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("seal" as const), tag: fc.option(match, { nil: undefined }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("rewrite" as const),
      from: fc.nat({ max: 3 }),
      parts: fc.integer({ min: 1, max: 3 }),
      tag: fc.option(match, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("checkpoint" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("resume" as const), adopt: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("restart" as const), powerLost: fc.boolean(), clean: fc.boolean() }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Run {
  readonly world = new World();
  readonly model = new Model(defaultConfig);
  topic!: Topic;
  checkpoint: TestCheckpoint | undefined;
  #floors: readonly [number, number] = [1, 1];
  #quota = this.world.quota;

  async start(): Promise<void> {
    this.topic = await this.world.topic();
  }

  get now(): number {
    return this.world.clock.ms;
  }

  async take(step: Step): Promise<void> {
    this.model.tick(this.now);
    switch (step.do) {
      case "append":
        await this.#append(step.records, step.key);
        break;
      case "delete":
        if (step.before !== undefined || step.match !== undefined) await this.#delete(step.before, step.match);
        break;
      case "configure": {
        const next = { ...defaultConfig, ...step.config };
        await this.topic.configure(next);
        this.model.configure(this.now, next);
        break;
      }
      case "tick":
        this.world.clock.advance(step.ms);
        this.model.tick(this.now);
        break;
      case "expire":
        if (this.topic.expiredUnlogged(this.now)) this.topic.expireLogged(this.now);
        assert.equal(this.topic.expiredUnlogged(this.now), false);
        break;
      case "read":
        await this.#read({ ...step.read, fromSeq: step.read.from });
        break;
      case "replay":
        if (this.model.config.durability !== "ephemeral") this.#compare(this.world.replayed());
        break;
      case "seal":
        await this.world.seal(this.topic, () => this.#deleteMeanwhile(step.tag));
        break;
      case "rewrite":
        await this.world.rewrite(this.topic, step.from, step.from + step.parts, () => this.#deleteMeanwhile(step.tag));
        break;
      case "checkpoint":
        this.checkpoint = this.world.captured(this.topic);
        break;
      case "resume":
        await this.#resume(step.adopt);
        break;
      case "restart":
        this.#restart(step.powerLost, step.clean);
    }
    this.#compare(this.topic);
    this.#checkFloors();
  }

  finish(): void {
    if (this.model.config.durability !== "ephemeral") this.#compare(this.world.replayed());
    this.#checkCoverage();
    this.topic.expireLogged(this.now);
    const { records, bytes } = this.#quota;
    assert.deepEqual([records, bytes], [this.model.count, this.model.bytes], "the quota counts what is live");
  }

  async #append(
    records: readonly {
      data: string;
      tag?: string | undefined;
      node?: string | undefined;
      meta?: string | undefined;
    }[],
    key: string | undefined,
  ): Promise<void> {
    const { model } = this;
    const window = Number(model.config.idempotencyWindowMs);
    const known = key === undefined ? undefined : model.keys.get(key);
    const fields = records.map((r) => [
      `"data":${r.data}`,
      ...(r.tag === undefined ? [] : [`"tag":${JSON.stringify(r.tag)}`]),
      ...(r.node === undefined ? [] : [`"node":${JSON.stringify(r.node)}`]),
      ...(r.meta === undefined ? [] : [`"meta":${r.meta}`]),
    ]);
    const batch = batchOf(`{"records":[${fields.map((f) => `{${f.join(",")}}`).join(",")}]}`);
    const answer = this.topic.append({ batch, idempotencyKey: key, disableBackpressure: false });
    if (known !== undefined && window > 0 && this.now - known.ts <= window) {
      const { firstSeq, lastSeq, headSeq, deduped } = await answer;
      assert.deepEqual([firstSeq, lastSeq, headSeq, deduped], [known.first, known.last, known.last, true]);
      return;
    }
    const bytes = records.reduce((sum, r) => sum + payloadBytes({ data: r.data, meta: r.meta }), 0);
    const refusal = model.refusal(records.length, bytes);
    if (refusal !== undefined) {
      await assert.rejects(answer, (error: unknown) => error instanceof TopicsError && error.code === refusal);
      return;
    }
    const { firstSeq, lastSeq, deduped } = await answer;
    assert.deepEqual([firstSeq, lastSeq, deduped], [model.head + 1, model.head + records.length, false]);
    model.append(
      this.now,
      records.map((r) => ({ data: r.data, tag: r.tag, node: r.node, meta: r.meta })),
    );
    if (key !== undefined && window > 0) model.keys.set(key, { first: firstSeq, last: lastSeq, ts: model.lastTs });
  }

  async #delete(before: number | undefined, match: ModelMatch | undefined): Promise<void> {
    const answer = await this.topic.deleteRecords({ beforeSeq: before, match: match && predicate(match) });
    const deleted = this.model.delete(before, match);
    const { head, count, bytes, earliest } = this.model;
    assert.deepEqual(answer, { deleted, earliestSeq: earliest, headSeq: head, count, bytes });
  }

  async #read(request: ModelRead): Promise<void> {
    const asked = { ...readAll, ...request, match: request.match && predicate(request.match) };
    this.#checkPage(request, this.topic.readNow(asked));
    this.#checkPage(request, await this.topic.read(asked));
  }

  #checkPage(request: ModelRead, result: ReadResult): void {
    const expected = this.model.read(request);
    const text = result.slices.map((slice) => Buffer.from(slice).toString()).join(",");
    assert.equal(text, expected.text);
    assert.deepEqual(
      [result.count, result.nextFromSeq, result.headSeq, result.earliestSeq, result.caughtUp],
      [expected.seqs.length, expected.next, this.model.head, this.model.earliest, expected.next === this.model.head],
    );
    const { missedEstimate = 0, ...tombstone } = result.tombstone ?? {};
    assert.deepEqual(tombstone, expected.tombstone ?? {});
    assert.ok(
      missedEstimate >= expected.missed[0] && missedEstimate <= expected.missed[1],
      "the estimate is in bounds",
    );
    result.release();
  }

  /** While a part is written, and before it takes its place. */
  async #deleteMeanwhile(match: ModelMatch | undefined): Promise<void> {
    if (match !== undefined) await this.#delete(undefined, match);
  }

  /** A start from the last checkpoint, and the log behind it. */
  async #resume(adopt: boolean): Promise<void> {
    if (this.checkpoint === undefined || this.model.config.durability === "ephemeral") return;
    const quota = new FakeQuota();
    const world = this.world.elsewhere();
    const topic = await this.world.resumed(
      this.checkpoint,
      adopt ? { ...this.#deps(quota), parts: world.parts } : world,
    );
    this.#compare(topic);
    if (!adopt) return;
    topic.afterRecovery(this.now);
    this.world.deaths = new Map([...this.checkpoint.deaths].map(([file, ranges]) => [file, [...ranges]]));
    this.#quota = quota;
    this.topic = topic;
  }

  #deps(quota: FakeQuota): TopicDeps {
    const { log, clock, timers, events, parts, blockBytes, sealAt } = this.world;
    const rescue = (): Promise<boolean> => Promise.resolve(false);
    const jobs = (): JobKeeper => this.world.jobs();
    return { rescue, jobs, log, clock, timers, events, parts, blockBytes, sealAt, blocks: new BlockPool(), quota };
  }

  /** A crash: what is in the log, and the hole that the class calls for. */
  #restart(powerLost: boolean, clean: boolean): void {
    const { durability } = this.model.config;
    if (durability === "ephemeral") return;
    const quota = new FakeQuota();
    const topic = this.world.replayed(this.#deps(quota));
    if (clean) topic.markCleanStop();
    const hole = topic.recoveryHole(powerLost);
    const expected = clean || durability === "fsync" ? false : durability === "memory" || powerLost;
    if (!expected) assert.equal(hole, undefined);
    if (hole !== undefined) {
      assert.equal(hole.from, this.model.head + 1);
      const frame = topic.holeFrame(hole, this.world.clock.nextStamp());
      assert.deepEqual(topic.replay(frame.fields, frame.payload, this.world.log.place()), { ok: true });
      this.world.log.frames.push(frame);
      this.world.log.submissions++;
      this.model.hole(hole.to);
    }
    topic.afterRecovery(this.now);
    this.#quota = quota;
    this.topic = topic;
  }

  #compare(topic: Topic): void {
    const { head, earliest, floor, count, bytes, lastTs } = this.model;
    const found = topic.summary();
    assert.deepEqual(
      [found.headSeq, found.earliestSeq, found.evictFloor, found.count, found.bytes, found.lastWriteTs ?? 0],
      [head, earliest, floor, count, bytes, lastTs],
    );
  }

  #checkFloors(): void {
    const { evictFloor, earliestSeq, headSeq } = this.topic.summary();
    assert.ok(evictFloor <= earliestSeq && earliestSeq <= headSeq + 1);
    assert.ok(evictFloor >= this.#floors[0] && earliestSeq >= this.#floors[1], "floors never fall");
    this.#floors = [evictFloor, earliestSeq];
  }

  /** Delivered, deleted and tombstoned seqs together are all seqs, and none is two of them. */
  #checkCoverage(): void {
    const seen: { readonly from: number; readonly to: number; readonly what: string }[] = [];
    const note = (from: number, to: number, what: string): void => {
      assert.ok(from > (seen.at(-1)?.to ?? 0), `${what} from ${from}, behind ${seen.at(-1)?.to ?? 0}`);
      seen.push({ from, to, what });
    };
    for (let from = 0, caughtUp = false; !caughtUp;) {
      const page = this.topic.readNow({ ...readAll, fromSeq: from, limit: 3 });
      const gap = page.tombstone;
      if (gap !== undefined) note(gap.gapFrom, gap.gapTo, "tombstoned");
      const text = page.slices.map((slice) => Buffer.from(slice).toString()).join(",");
      for (const { $seq } of JSON.parse(`[${text}]`) as { $seq: number }[]) note($seq, $seq, "delivered");
      assert.ok(page.nextFromSeq > from || page.caughtUp, "a read gets on");
      ({ nextFromSeq: from, caughtUp } = page);
    }
    for (const { seq, fate } of this.model.records) {
      const what = seen.find(({ from, to }) => from <= seq && seq <= to)?.what;
      if (fate === "live") assert.equal(what, "delivered");
      else if (fate !== "deleted") assert.equal(what, "tombstoned");
    }
  }
}

function predicate({ glob, text }: ModelMatch): Predicate {
  return glob ? { op: "Glob", prefix: text } : { op: "Eq", value: text };
}

describe("topic, against a plain model", () => {
  it("agrees in everything that can be seen, in life, after replay and after a crash", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60, size: "max" }), async (steps) => {
        const run = new Run();
        await run.start();
        for (const each of steps) await run.take(each);
        run.finish();
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});

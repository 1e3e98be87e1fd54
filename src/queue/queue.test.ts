/** Claiming, acking, giving back and extending (spec 5), on a clock and a log that stand still until told otherwise. */
import assert from "node:assert/strict";
import { TopicsError } from "../base/errors.ts";
import { turns } from "../topic/testing/world.ts";
import { Bench, held, isCode } from "./testing/bench.ts";

describe("a queue", () => {
  it("gives out jobs in order, each to one, with their payloads as they were written", async () => {
    const bench = await Bench.of();
    await bench.write({ data: { a: 1 }, tag: "t\u00e9", meta: { m: 1 } }, { data: "x" }, { data: 3 });
    const [first, second] = await bench.claim("w", 2);
    assert.equal(Buffer.from(first.body).toString(), '"data":{"a":1},"meta":{"m":1}');
    assert.deepEqual([first.seq, first.tag, first.deliveries], [1, "t\u00e9", 1]);
    assert.equal(Buffer.from(second.body).toString(), '"data":"x"');
    assert.equal(second.tag, undefined);
    assert.equal(first.deadlineMs, bench.world.clock.ms + 30_000);
    assert.match(first.leaseId, /^lease_[0-9a-f]+$/);
    assert.notEqual(first.leaseId, second.leaseId);
    assert.deepEqual(await bench.seqs("v", 5), [3]);
    assert.deepEqual(await bench.seqs("v", 5), []);
    assert.equal(bench.counts, "0 3 0");
  });

  it("deletes what is acked, once, and by its holder only", async () => {
    const bench = await Bench.of();
    await bench.produce(3);
    await bench.claim("w", 2);
    const ack = await bench.queue.ack(held("w", [2, 1, 2, 3, 9]));
    assert.deepEqual([ack.acked, ack.skipped, ack.ready, ack.inFlight], [2, [2, 3, 9], 1, 0]);
    assert.equal(await bench.ack("w", [1]), 0);
    await bench.claim("v");
    assert.equal(await bench.ack("w", [3]), 0);
    assert.equal(bench.topic.summary().count, 1);
  });

  it("takes a lease back when now is past its deadline, and not before", async () => {
    const bench = await Bench.of();
    await bench.produce(2);
    await bench.claim("w", 1, 1000);
    bench.pass(1000);
    assert.deepEqual(await bench.seqs("v"), [2]);
    assert.equal(bench.counts, "0 2 0");
    bench.pass(1);
    assert.equal(bench.counts, "1 1 0");
    assert.equal(await bench.ack("w", [1]), 0);
    const [again] = await bench.claim("v");
    assert.deepEqual([again.seq, again.deliveries], [1, 2]);
  });

  it("gives out what came back ahead of what is fresh", async () => {
    const bench = await Bench.of();
    await bench.produce(6);
    await bench.claim("w", 4, 1000);
    await bench.nack("w", [3]);
    bench.pass(1001);
    assert.deepEqual(await bench.seqs("v", 3), [1, 2, 3]);
    assert.deepEqual(await bench.seqs("v", 3), [4, 5, 6]);
  });

  it("fences off a worker that came back under the same name", async () => {
    const bench = await Bench.of();
    await bench.produce(1);
    const [old] = await bench.claim("w", 1, 1000);
    bench.pass(1001);
    const [current] = await bench.claim("w");
    assert.equal(await bench.ack("w", [1], [old.leaseId]), 0);
    const { extended } = await bench.queue.extend({ ...held("w", [1]), leaseIds: [old.leaseId], leaseMs: 5000 });
    assert.equal(extended, 0);
    assert.equal(await bench.ack("w", [1], [current.leaseId]), 1);
  });

  it("takes an empty token for none", async () => {
    const bench = await Bench.of();
    await bench.produce(1);
    await bench.claim("w");
    assert.equal(await bench.ack("w", [1], [""]), 1);
  });

  it("extends from now on, does not count it as a delivery, and extends nothing that has expired", async () => {
    const bench = await Bench.of();
    await bench.produce(2);
    await bench.claim("w", 2, 1000);
    bench.pass(900);
    const { deadlines } = await bench.queue.extend({ ...held("w", [1]), leaseMs: 500 });
    assert.deepEqual(deadlines, [{ seq: 1, deadlineMs: bench.world.clock.ms + 500 }]);
    bench.pass(500);
    const late = await bench.queue.extend({ ...held("w", [2]), leaseMs: 500 });
    assert.deepEqual([late.extended, late.skipped], [0, [2]]);
    assert.equal(bench.counts, "1 1 0");
    bench.pass(1);
    const again = await bench.claim("v", 2);
    assert.deepEqual(
      again.map(({ deliveries }) => deliveries),
      [2, 2],
    );
  });

  it("keeps a job that was given back with a delay until its time has come", async () => {
    const bench = await Bench.of();
    await bench.produce(2);
    await bench.claim("w", 2);
    await bench.nack("w", [2], 5000);
    assert.equal(bench.counts, "0 1 0");
    bench.pass(4999);
    assert.deepEqual(await bench.seqs("v"), []);
    bench.pass(1);
    const [job] = await bench.claim("v");
    assert.deepEqual([job.seq, job.deliveries], [2, 2]);
  });

  it("forgets the lease of a record that is gone, whoever took it", async () => {
    const bench = await Bench.of({ ttlMs: 60_000 });
    await bench.write({ data: 1 }, { data: 2, tag: "x" }, { data: 3 }, { data: 4 }, { data: 5, tag: "x" });
    await bench.claim("w", 3, 86_400_000);
    await bench.topic.deleteRecords({ beforeSeq: undefined, match: { op: "Eq", value: "x" } });
    assert.equal(bench.counts, "1 2 0");
    await bench.topic.deleteRecords({ beforeSeq: 2, match: undefined });
    assert.equal(bench.counts, "1 1 0");
    assert.equal(await bench.ack("w", [1, 2]), 0);
    bench.pass(60_001);
    assert.equal(bench.counts, "0 0 0");
    assert.equal(bench.queue.table.size, 0);
    await bench.topic.configure({ ...bench.topic.config, capRecords: 2 });
    await bench.produce(2);
    await bench.claim("w", 1);
    await bench.produce(1);
    assert.equal(bench.counts, "2 0 0");
  });

  it("reads sealed jobs, and deletes them there", async () => {
    const bench = await Bench.of();
    await bench.produce(40);
    assert.ok(await bench.world.seal(bench.topic));
    assert.deepEqual(await bench.seqs("w", 3), [1, 2, 3]);
    await bench.nack("w", [2]);
    assert.equal(await bench.ack("w", [1, 3]), 2);
    assert.deepEqual(await bench.seqs("w", 40), [2, ...Array.from({ length: 37 }, (_, i) => i + 4)]);
    assert.equal(bench.topic.summary().count, 38);
    const again = await bench.restarted();
    assert.equal(again.counts, "38 0 0");
  });

  it("leaves a job held when its ack fails", async () => {
    const bench = await Bench.of();
    await bench.produce(1);
    await bench.claim("w");
    bench.world.log.gate = new TopicsError("wal_unavailable", "no");
    await assert.rejects(bench.ack("w", [1]), isCode("wal_unavailable"));
    bench.world.log.gate = undefined;
    assert.equal(bench.counts, "0 1 0");
    assert.equal(await bench.ack("w", [1]), 1);
  });

  it("acks once what two connections ack at once", async () => {
    const bench = await Bench.of();
    await bench.produce(1);
    await bench.claim("w");
    assert.deepEqual(await Promise.all([bench.ack("w", [1]), bench.ack("w", [1])]), [1, 0]);
  });

  it("holds no more than what is in flight, however much was acked", async () => {
    const bench = await Bench.of();
    for (let round = 0; round < 40; round++) {
      await bench.produce(100);
      const seqs = await bench.seqs("w", 100);
      await bench.ack("w", seqs);
    }
    assert.equal(bench.queue.table.size, 0);
    assert.equal(bench.counts, "0 0 0");
  });
});

describe("leases across a restart", () => {
  for (const from of ["log", "checkpoint"] as const) {
    it(`hold as they were when they are durable, from a ${from}`, async () => {
      const bench = await Bench.of({ leasesDurable: true });
      await bench.produce(4);
      const before = await bench.claim("w", 3, 10_000);
      await bench.ack("w", [1]);
      await bench.nack("w", [3]);
      const { deadlines } = await bench.queue.extend({ ...held("w", [2]), leaseMs: 20_000 });
      bench.pass(5000);
      const again = await bench.restarted(from);
      assert.equal(again.counts, "2 1 0");
      assert.deepEqual(await again.seqs("v", 5), [3, 4]);
      const late = await again.queue.extend({ ...held("w", [2]), leaseMs: 10_000 });
      assert.equal(late.extended, 1);
      assert.equal(await again.ack("w", [2], [before[1].leaseId]), 1);
      assert.equal(deadlines[0].deadlineMs, bench.world.clock.ms + 15_000);
    });

    it(`end at the deadline that was told, from a ${from}`, async () => {
      const bench = await Bench.of({ leasesDurable: true });
      await bench.produce(1);
      await bench.claim("w", 1, 10_000);
      bench.pass(4000);
      const again = await bench.restarted(from);
      again.pass(6000);
      assert.equal(again.counts, "0 1 0");
      again.pass(1);
      assert.equal(again.counts, "1 0 0");
      const [job] = await again.claim("v");
      assert.equal(job.deliveries, 2);
    });

    it(`are never longer than their lease, however far back the clock went, from a ${from}`, async () => {
      const bench = await Bench.of({ leasesDurable: true });
      await bench.produce(1);
      await bench.claim("w", 1, 10_000);
      bench.world.clock.ms -= 3_600_000;
      const again = await bench.restarted(from);
      again.pass(10_001);
      assert.equal(again.counts, "1 0 0");
    });

    it(`are gone when they are not durable, and delays are not, from a ${from}`, async () => {
      const bench = await Bench.of();
      await bench.produce(3);
      await bench.claim("w", 2);
      await bench.nack("w", [2], 5000);
      const again = await bench.restarted(from);
      assert.equal(again.counts, "2 0 0");
      const jobs = await again.claim("v", 3);
      assert.deepEqual(
        jobs.map(({ seq }) => seq),
        [1, 3],
      );
      again.pass(5000);
      const [delayed] = await again.claim("v", 3);
      assert.deepEqual([delayed.seq, delayed.deliveries], [2, 2]);
    });
  }

  it("count deliveries as far as a checkpoint has them", async () => {
    const bench = await Bench.of();
    await bench.produce(2);
    await bench.claim("w", 2);
    await bench.nack("w", [1]);
    await bench.claim("w", 1);
    const again = await bench.restarted("checkpoint");
    assert.deepEqual(
      (await again.claim("v", 2)).map(({ deliveries }) => deliveries),
      [3, 2],
    );
  });

  it("are not seen by anybody before they are logged, and leave the job ready when that fails", async () => {
    const bench = await Bench.of({ leasesDurable: true });
    await bench.produce(1);
    bench.world.log.pace = "by hand";
    const claim = bench.claim("w");
    await turns();
    assert.equal(bench.counts, "0 1 0");
    bench.world.log.fail();
    await assert.rejects(claim, isCode("wal_unavailable"));
    assert.equal(bench.counts, "1 0 0");
    bench.world.log.pace = "synced";
    const [job] = await bench.claim("v");
    assert.equal(job.deliveries, 1);
  });

  it("have other ids in every process", async () => {
    const bench = await Bench.of();
    await bench.produce(1);
    const [first] = await bench.claim("w");
    const again = await bench.restarted();
    const [second] = await again.claim("w");
    assert.notEqual(first.leaseId, second.leaseId);
  });
});

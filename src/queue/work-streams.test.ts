/** Work streams and cohorts (spec 5), on a clock that stands still until told otherwise. */
import assert from "node:assert/strict";
import { turns } from "../topic/testing/world.ts";
import type { ClaimedJob } from "./requests.ts";
import { Bench } from "./testing/bench.ts";
import type { WorkSink, WorkStream } from "./work-streams.ts";

class Sink implements WorkSink {
  isReady = true;
  readonly seqs: number[] = [];
  ended = 0;

  push({ seq }: ClaimedJob): void {
    this.seqs.push(seq);
  }

  end(): void {
    this.ended++;
  }
}

async function opened(bench: Bench, node: string, max: number, leaseMs?: number): Promise<[WorkStream, Sink]> {
  const sink = new Sink();
  const stream = bench.queue.work({ node, max, leaseMs }, sink);
  await turns(50);
  return [stream, sink];
}

describe("work streams", () => {
  it("get as many jobs as they have slots, and more as those are acked", async () => {
    const bench = await Bench.of();
    await bench.produce(5);
    const [, sink] = await opened(bench, "w", 2);
    assert.deepEqual(sink.seqs, [1, 2]);
    await bench.ack("w", [1]);
    await turns(50);
    assert.deepEqual(sink.seqs, [1, 2, 3]);
  });

  it("give back what they hold, and nothing else of their node, when they close", async () => {
    const bench = await Bench.of();
    await bench.produce(3);
    await bench.claim("w");
    const [first] = await opened(bench, "w", 1);
    const [, other] = await opened(bench, "w", 1);
    assert.deepEqual(other.seqs, [3]);
    first.close();
    assert.equal(bench.counts, "1 2 0");
    assert.deepEqual(await bench.seqs("v", 5), [2]);
  });

  it("notice that a lease has run out, and push the job again", async () => {
    const bench = await Bench.of();
    await bench.produce(1);
    const [, sink] = await opened(bench, "w", 1, 1000);
    bench.pass(1002);
    await turns(50);
    assert.deepEqual(sink.seqs, [1, 1]);
  });

  it("get no more while their reader is slow", async () => {
    const bench = await Bench.of();
    const [stream, sink] = await opened(bench, "w", 5);
    sink.isReady = false;
    await bench.produce(2);
    bench.queue.wake();
    await turns(50);
    assert.deepEqual(sink.seqs, []);
    sink.isReady = true;
    stream.drained();
    await turns(50);
    assert.deepEqual(sink.seqs, [1, 2]);
  });
});

describe("a cohort", () => {
  it("divides what there is evenly over those who came within the window", async () => {
    const bench = await Bench.of({ claimJitterMs: 100 });
    await bench.produce(50);
    const claims = Array.from({ length: 10 }, (_, i) => bench.seqs(`w${i}`, 10));
    bench.pass(100);
    const shares = await Promise.all(claims);
    assert.deepEqual(
      shares.map((share) => share.length),
      shares.map(() => 5),
    );
    assert.equal(new Set(shares.flat()).size, 50);
  });

  it("leaves out who did not wait", async () => {
    const bench = await Bench.of({ claimJitterMs: 100 });
    await bench.produce(4);
    const gone = new AbortController();
    const left = bench.queue.claim({ node: "a", max: 4, leaseMs: undefined, signal: gone.signal });
    const stays = bench.seqs("b", 4);
    gone.abort();
    bench.pass(100);
    assert.deepEqual((await left).claimed, []);
    assert.deepEqual(await stays, [1, 2, 3, 4]);
  });
});

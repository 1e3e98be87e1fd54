import assert from "node:assert/strict";
import { numbers, Scene } from "./scene.ts";

/** Records leave memory at once, and nothing that is read again is at hand. */
const small = { storage: { segmentMaxRecords: 50, cacheBytes: 0, checkpointMs: 100, checkpointBytes: 16 << 10 } };

describe("a backlog", () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = new Scene(small);
    await scene.start();
  });
  afterEach(() => scene.end());

  /** A destination that takes nothing until `open`. */
  async function held(source: Parameters<Scene["topic"]>[1] = {}): Promise<{ readonly open: () => Promise<unknown> }> {
    await scene.topic("a", source);
    await scene.topic("b", { capRecords: 1, discard: "reject" });
    await scene.write("b", { data: "full" });
    await scene.route("a", "b");
    return { open: () => scene.topic("b") };
  }

  const expected = (from: number, to: number): unknown[] => ["full", ...numbers(from, to)];

  it("is forwarded from segments, whatever their number", async () => {
    const { open } = await held();
    for (let from = 1; from <= 2000; from += 100) await scene.count("a", from, from + 99);
    await open();
    assert.deepEqual(await scene.data("b"), expected(1, 2000));
  });

  it("is forwarded after a restart", async () => {
    const { open } = await held();
    for (let from = 1; from <= 1000; from += 50) await scene.count("a", from, from + 49);
    await scene.restart();
    await scene.count("a", 1001, 1010);
    await open();
    assert.deepEqual(await scene.data("b"), expected(1, 1010));
    assert.equal(scene.engine.routerState("a->b").forwardedTotal, 1010);
  });

  it("has what was deleted in the source meanwhile, sealed or not", async () => {
    const { open } = await held();
    for (let from = 1; from <= 500; from += 100)
      await scene.write("a", ...numbers(from, from + 99).map((data) => ({ data, tag: `t${data % 3}` })));
    await scene.engine.deleteRecords("a", { beforeSeq: undefined, match: { op: "Eq", value: "t1" } });
    await scene.engine.deleteRecords("a", { beforeSeq: 400, match: undefined });
    await open();
    const { rows } = await scene.read("b");
    assert.ok(rows.length > 0);
    assert.deepEqual(await scene.data("b"), expected(1, 500));
    const tags = (await scene.read("b")).rows.slice(1).map(({ $tag }) => $tag);
    assert.deepEqual(
      tags,
      numbers(1, 500).map((n) => `t${n % 3}`),
    );
  });

  it("has what the source's cap took meanwhile", async () => {
    const { open } = await held({ capRecords: 10 });
    for (let from = 1; from <= 600; from += 20) await scene.count("a", from, from + 19);
    await open();
    assert.deepEqual(await scene.data("b"), expected(1, 600));
  });

  it("has what a source had that is gone", async () => {
    await held();
    for (let from = 1; from <= 300; from += 20) await scene.count("a", from, from + 19);
    const gone = scene.engine.deleteTopic("a", false);
    await scene.topic("b");
    assert.deepEqual(await gone, { deleted: true, routersRemoved: ["a->b"] });
    assert.deepEqual(await scene.data("b"), expected(1, 300));
  });

  it("is cut short where it may not be kept, and that is announced", async () => {
    await scene.end();
    scene = new Scene({ ...small, routers: { max: 0, retainBytes: 4096 } });
    await scene.start();
    const { open } = await held({ capRecords: 10 });
    for (let from = 1; from <= 600; from += 20) await scene.count("a", from, from + 19);
    await open();
    const data = (await scene.data("b")).slice(1) as number[];
    const { tombstones } = await scene.read("b");
    const missed = 600 - data.length;
    assert.deepEqual(data, numbers(missed + 1, 600));
    assert.deepEqual(
      tombstones.map(({ reason, gapFrom, gapTo }) => [reason, gapFrom, gapTo]),
      [["source_trim", 2, missed + 1]],
    );
    await scene.restart();
    assert.deepEqual((await scene.data("b")).slice(1), data);
    await scene.count("a", 601, 601);
    assert.deepEqual((await scene.data("b")).at(-1), 601);
  });

  it("of an ephemeral source ends with the process, and that is announced", async () => {
    const { open } = await held({ durability: "ephemeral" });
    await scene.count("a", 1, 5);
    await scene.restart();
    await open();
    await scene.count("a", 6, 7);
    assert.deepEqual(await scene.data("b"), ["full", 6, 7]);
    assert.deepEqual(
      (await scene.read("b")).tombstones.map(({ reason }) => reason),
      ["crash"],
    );
  });
});

import assert from "node:assert/strict";
import type { CommitClass } from "../../src/topic/config.ts";
import { numbers, Scene } from "./scene.ts";

describe("forwarding", () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = new Scene({ fileBytes: 1 << 20 });
    await scene.start();
  });
  afterEach(() => scene.end());

  it("copies what comes after the router, and nothing that was there before", async () => {
    await scene.count("a", 1, 3);
    await scene.route("a", "b");
    await scene.write("a", { data: { x: 1 }, tag: "t", node: "n", meta: { k: [1] } }, { data: null });
    const { rows } = await scene.read("b");
    const [first, second] = rows;
    const source = (await scene.read("a")).rows;
    assert.deepEqual(first, { ...source[3], $seq: 1 });
    assert.deepEqual(second, { ...source[4], $seq: 2 });
    assert.deepEqual(scene.engine.routerState("a->b").forwardedTotal, 2);
    assert.deepEqual(scene.engine.routerState("a->b").lag, 0);
  });

  for (const source of ["ephemeral", "memory", "disk", "fsync"] as const satisfies CommitClass[])
    for (const dest of ["ephemeral", "memory", "disk", "fsync"] as const satisfies CommitClass[])
      it(`goes from ${source} into ${dest}, and on after a restart where it was`, async () => {
        await scene.topic("a", { durability: source });
        await scene.topic("b", { durability: dest });
        await scene.route("a", "b");
        await scene.count("a", 1, 50);
        assert.deepEqual(await scene.data("b"), numbers(1, 50));
        await scene.restart();
        await scene.count("a", 51, 60);
        const kept = dest === "ephemeral" ? [] : numbers(1, 50);
        assert.deepEqual(await scene.data("b"), [...kept, ...numbers(51, 60)]);
        assert.equal(scene.engine.routerState("a->b").lag, 0);
      });

  it("goes on behind what the source has evicted and deleted in the meantime", async () => {
    await scene.topic("a", { capRecords: 3 });
    await scene.route("a", "b");
    await scene.write("a", ...numbers(1, 20).map((data) => ({ data, tag: data % 2 ? "odd" : "even" })));
    await scene.engine.deleteRecords("a", { beforeSeq: undefined, match: { op: "Eq", value: "even" } });
    const { rows, tombstones } = await scene.read("b");
    assert.deepEqual([rows.map(({ data }) => data), tombstones], [numbers(1, 20), []]);
    assert.deepEqual(
      rows.map(({ $tag }) => $tag),
      numbers(1, 20).map((n) => (n % 2 ? "odd" : "even")),
    );
  });

  it("goes through a chain of eight", async () => {
    for (let i = 0; i < 8; i++) await scene.route(`t${i}`, `t${i + 1}`);
    await scene.count("t0", 1, 100);
    assert.deepEqual(await scene.data("t8"), numbers(1, 100));
  });

  it("fans out to a thousand", async () => {
    await Promise.all(["a", ...numbers(1, 999).map((n) => `d${n}`)].map((name) => scene.topic(name)));
    await Promise.all(numbers(1, 999).map((n) => scene.route("a", `d${n}`)));
    await scene.count("a", 1, 5);
    for (const n of [1, 500, 999]) assert.deepEqual(await scene.data(`d${n}`), numbers(1, 5));
    const all = await Promise.all(numbers(1, 999).map((n) => scene.data(`d${n}`)));
    assert.ok(all.every((data) => data.length === 5));
  }).timeout(180_000);

  it("ends in a cycle after eight hops", async () => {
    await scene.route("a", "b");
    await assert.rejects(scene.route("b", "a"), { code: "router_cycle", detail: { cycle: ["b", "a", "b"] } });
    await scene.route("b", "a", { allowCycle: true });
    await scene.count("a", 1, 1);
    const counts = async (): Promise<number[]> => [(await scene.data("a")).length, (await scene.data("b")).length];
    while (!(scene.engine.routerState("a->b").lag === 0 && scene.engine.routerState("b->a").lag === 0)) await counts();
    assert.deepEqual(await counts(), [5, 4]);
    await scene.restart();
    assert.deepEqual(await counts(), [5, 4]);
  });

  it("stands still before a full destination and skips nothing", async () => {
    await scene.topic("b", { capRecords: 5, discard: "reject" });
    await scene.route("a", "b");
    await scene.count("a", 1, 12);
    assert.deepEqual(await scene.data("b"), numbers(1, 5));
    const paused = scene.engine.routerState("a->b");
    assert.deepEqual([paused.pausedBy, paused.lag], ["dest_full", 7]);
    assert.match(paused.lastError ?? "", /full/);
    await scene.engine.deleteRecords("b", { beforeSeq: 4, match: undefined });
    assert.deepEqual(await scene.data("b"), numbers(4, 8));
    await scene.topic("b");
    assert.deepEqual(await scene.data("b"), numbers(4, 12));
    assert.deepEqual(scene.engine.routerState("a->b").pausedBy, undefined);
  });

  it("filters by tag, clears what it is told to, and keeps several routers of one pair in order", async () => {
    await scene.route("a", "b", { filter: { op: "Glob", prefix: "x" }, preserveNode: false }, "one");
    await scene.route("a", "b", { preserveTag: false }, "two");
    await scene.write("a", { data: 1, tag: "x1", node: "n" }, { data: 2, tag: "y", node: "n" }, { data: 3 });
    const rows = (await scene.read("b")).rows.map(({ $seq, $tag, $node, data }) => [$seq, $tag, $node, data]);
    assert.deepEqual(rows, [
      [1, "x1", undefined, 1],
      [2, undefined, "n", 1],
      [3, undefined, "n", 2],
      [4, undefined, undefined, 3],
    ]);
    assert.deepEqual(
      ["one", "two"].map((name) => scene.engine.routerState(name).forwardedTotal),
      [1, 3],
    );
    await scene.restart();
    assert.deepEqual(
      ["one", "two"].map((name) => scene.engine.routerState(name).forwardedTotal),
      [1, 3],
    );
  });

  it("moves on over what a filter leaves out", async () => {
    await scene.route("a", "b", { filter: { op: "Eq", value: "never" } });
    await scene.count("a", 1, 10);
    assert.deepEqual(await scene.data("b"), []);
    assert.equal(scene.engine.routerState("a->b").lag, 0);
    await scene.restart();
    assert.equal(scene.engine.routerState("a->b").lag, 0);
  });

  it("gives exactly-once copies a key that names their record for ever", async () => {
    await scene.route("a", "b", { exactlyOnce: true });
    await scene.route("b", "c", { exactlyOnce: true });
    await scene.write("a", { data: 1, meta: { a: "\u00e9", b: { c: 1 } } }, { data: 2 });
    const [first, second] = (await scene.read("c")).rows;
    const meta = first["meta"] as Record<string, unknown>;
    const own = meta["_topics_router"] as Record<string, unknown>;
    assert.deepEqual(Object.keys(meta), ["a", "b", "_topics_router"]);
    const { source_topic_id: id, source_epoch: epoch } = own as Readonly<Record<string, number>>;
    assert.equal(own["idempotency_key"], `router:b->c:${id}:${epoch}:1`);
    assert.deepEqual([own["router"], own["source_topic"], own["source_seq"]], ["b->c", "b", 1]);
    assert.deepEqual(Object.keys(second["meta"] as object), ["_topics_router"]);
  });

  it("takes its routers along when a topic goes, and forwards what is pending first", async () => {
    await scene.route("a", "b");
    await scene.route("b", "c");
    await scene.count("a", 1, 500);
    assert.deepEqual(await scene.engine.deleteTopic("a", false), { deleted: true, routersRemoved: ["a->b"] });
    assert.deepEqual(await scene.data("b"), numbers(1, 500));
    assert.deepEqual(await scene.engine.deleteTopic("c", false), { deleted: true, routersRemoved: ["b->c"] });
    assert.deepEqual(
      scene.engine.listRouters({ prefix: "", source: undefined, dest: undefined }, undefined, 10).routers,
      [],
    );
    await scene.restart();
    assert.deepEqual(
      scene.engine.listRouters({ prefix: "", source: undefined, dest: undefined }, undefined, 10).routers,
      [],
    );
    await scene.route("a", "b");
    await scene.count("a", 501, 502);
    assert.deepEqual(await scene.data("b"), numbers(1, 502));
  });
});

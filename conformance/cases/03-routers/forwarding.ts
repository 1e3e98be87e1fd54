/** What routers do (spec 3.2), and what is left of it after a restart (3.3). */
import { suite } from "../../case.ts";
import type { Context } from "../../context.ts";
import { asObject, equal, members, ok, truth } from "../../expect.ts";
import { Router, type RouterAnswer } from "../../router.ts";
import { seqsOf, type Topic } from "../../topic.ts";
import type { Fields } from "../../topic.ts";

const made = suite("forwarding", "3.2");
export const cases = made.cases;
const { core, beyond, managed } = made;

interface Linked {
  readonly source: Topic;
  readonly dest: Topic;
  readonly router: Router;
}

async function linked(context: Context, more: Fields = {}, dest = context.absent("d")): Promise<Linked> {
  const source = context.absent("s");
  const router = Router.between(source, dest, context.http);
  await router.made({ source: source.name, dest: dest.name, ...more });
  return { source, dest, router };
}

const dataOf = (records: readonly { readonly data?: unknown }[]): unknown[] => records.map(({ data }) => data);

core(
  "later-only",
  "only what is appended after the router is copied, numbered on from the dest's head",
  async (context) => {
    const [source, dest] = [await context.topic({}, "s"), await context.topic({}, "d")];
    await source.appendedNumbers(3);
    await dest.appended([{ data: "own" }]);
    await Router.between(source, dest, context.http).made({ source: source.name, dest: dest.name });
    await source.appended([{ data: 4 }, { data: 5 }]);
    const answer = await dest.read();
    equal(
      [seqsOf(answer), dataOf(answer.records)],
      [
        [1, 2, 3],
        ["own", 4, 5],
      ],
      "dest",
    );
  },
);

core("read-your-writes", "whoever wrote to the source finds it in the dest at once", async (context) => {
  const { source, dest } = await linked(context);
  for (let round = 1; round <= 20; round++) {
    await source.appendedNumbers(2);
    const { records } = await dest.read({ from_seq: (round - 1) * 2 });
    equal(records.length, 2, `records of round ${round}`);
  }
  await source.appendedNumbers(1);
  equal((await dest.state()).head_seq, 41, "head_seq of the dest");
});

core("delete-catches-up", "a delete in the dest takes what the source had at the call", async (context) => {
  const { source, dest } = await linked(context);
  await source.appended([
    { data: 1, tag: "x" },
    { data: 2, tag: "y" },
  ]);
  members(await dest.deleted({ match: "x" }), { deleted: 1, head_seq: 2, count: 1 }, "delete");
});

core("chain", "records go through several routers, and a read of the last finds them", async (context) => {
  const topics = Array.from({ length: 5 }, (_, n) => context.absent(`t${n}`));
  for (let n = 1; n < topics.length; n++) {
    const [source, dest] = [topics[n - 1], topics[n]];
    await Router.between(source, dest, context.http).made({ source: source.name, dest: dest.name });
  }
  await topics[0].appendedNumbers(10);
  equal(dataOf(await topics[4].readOnceThere(10)), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "data at the end of the chain");
});

core("verbatim", "a copy has its original's node, tag, data and meta, and a time not before it", async (context) => {
  const { source, dest } = await linked(context);
  await source.appended([{ data: { a: [1, null] }, tag: "t", node: "n", meta: { k: "v" } }, { data: null }]);
  const [original] = (await source.read({ include_tags: true })).records;
  const copies = (await dest.read({ include_tags: true })).records;
  members(copies[0], { $node: "n", $tag: "t", data: { a: [1, null] }, meta: { k: "v" } }, "copy");
  equal(
    ["$node", "$tag", "meta"].filter((key) => key in asObject(copies[1], "copy")),
    [],
    "fields of the second",
  );
  truth(copies[0].$ts >= original.$ts, "a copy is not older than its original");
});

core("preserve", "preserve_node and preserve_tag: false clear the field on the copy", async (context) => {
  const { source, dest } = await linked(context, { preserve_node: false, preserve_tag: false });
  await source.appended([{ data: 1, tag: "t", node: "n" }]);
  const [copy] = (await dest.read({ include_tags: true })).records;
  equal(
    ["$node", "$tag"].filter((key) => key in asObject(copy, "copy")),
    [],
    "fields",
  );
  equal((await dest.deleted({ match: "t" })).deleted, 0, "deleted by the tag of the original");
});

core("node-filter", "a mirror is silent for the record's origin", async (context) => {
  const { source, dest } = await linked(context);
  await source.appended([
    { data: 1, node: "east" },
    { data: 2, node: "west" },
  ]);
  equal(dataOf((await dest.read({ node: "east" })).records), [2], "what east reads");
});

core("filter", "a filter lets matching tags through, and the others move the cursor", async (context) => {
  const { source, dest, router } = await linked(context, { filter: ["tag", "Glob", "a*"] });
  await source.appended([{ data: 1, tag: "a1" }, { data: 2, tag: "b" }, { data: 3 }, { data: 4, tag: "a" }]);
  equal(dataOf(await dest.readAll()), [1, 4], "copies");
  await source.appended([{ data: 5 }]);
  equal(dataOf(await dest.readAll()), [1, 4], "copies afterwards");
  equal((await router.state()).forwarded_total, 2, "forwarded_total");
});

core("several", "several routers of one pair each make their copies, record by record", async (context) => {
  const { source, dest } = await linked(context, { filter: "a" });
  await new Router(`${source.name}-2`, context.http).made({ source: source.name, dest: dest.name });
  await source.appended([{ data: 1, tag: "a" }, { data: 2 }]);
  equal(dataOf(await dest.readAll()), [1, 1, 2], "copies");
});

core("direct-writes", "writes to the dest interleave, and every seq is used once", async (context) => {
  const { source, dest } = await linked(context);
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 ? source : dest).appended([{ data: `${n % 2 ? "s" : "d"}${n}` }])),
  );
  const records = await dest.readOnceThere(20);
  equal(
    records.map(({ $seq }) => $seq),
    Array.from({ length: 20 }, (_, n) => n + 1),
    "seqs",
  );
  const copies = dataOf(records).filter((data) => String(data).startsWith("s"));
  equal(copies, dataOf(await source.readAll()), "copies in the source's order");
});

core("fan-out", "one source reaches many topics", async (context) => {
  const source = context.absent("s");
  const dests = Array.from({ length: 12 }, (_, n) => context.absent(`d${n}`));
  for (const dest of dests)
    await Router.between(source, dest, context.http).made({ source: source.name, dest: dest.name });
  await source.appendedNumbers(5);
  const read = await Promise.all(dests.map((dest) => dest.readOnceThere(5)));
  for (const records of read) equal(dataOf(records), [1, 2, 3, 4, 5], "copies");
});

core("deletes-stay", "deletes in the source do not travel", async (context) => {
  const { source, dest } = await linked(context);
  await source.appended([{ data: 1, tag: "x" }, { data: 2 }]);
  await source.deleted({ before_seq: 3 });
  equal(dataOf(await dest.readAll()), [1, 2], "copies");
});

beyond("evicted", "what the source's cap takes was forwarded all the same", async (context) => {
  const source = await context.topic({ cap_records: 3 }, "s");
  const dest = context.absent("d");
  await Router.between(source, dest, context.http).made({ source: source.name, dest: dest.name });
  await source.appendedNumbers(50);
  equal((await source.state()).count, 3, "count of the source");
  const answer = await dest.readOnceThere(50);
  equal(answer.length, 50, "copies");
});

core("source-goes", "deleting the source forwards what is pending first", async (context) => {
  const { source, dest } = await linked(context);
  await source.appendedNumbers(100);
  ok(await source.drop());
  equal((await dest.readOnceThere(100)).length, 100, "copies");
});

core("exactly-once", "an exactly-once copy has a stable key in its meta", async (context) => {
  const { source, dest, router } = await linked(context, { guarantee: "exactly_once" });
  await source.appended([{ data: 1, meta: { own: true } }, { data: 2 }]);
  const [first, second] = (await dest.read()).records;
  const meta = asObject(first.meta, "meta");
  equal(meta["own"], true, "meta of the original");
  const key = asObject(meta["_topics_router"], "_topics_router");
  members(key, { router: router.name, source_topic: source.name, source_seq: 1 }, "_topics_router");
  const { source_topic_id: id, source_epoch: epoch } = key;
  equal(key["idempotency_key"], `router:${router.name}:${String(id)}:${String(epoch)}:1`, "idempotency_key");
  equal(Object.keys(asObject(second.meta, "meta of the second")), ["_topics_router"], "meta of the second");
});

core("exactly-once-epoch", "a source by the same name made anew has another key", async (context) => {
  const { source, dest, router } = await linked(context, { guarantee: "exactly_once" });
  await source.appendedNumbers(1);
  await dest.readAll();
  ok(await source.drop());
  await router.made({ source: source.name, dest: dest.name, guarantee: "exactly_once" });
  await source.appendedNumbers(1);
  const keys = (await dest.readAll()).map(({ meta }) => asObject(asObject(meta, "meta")["_topics_router"], "key"));
  equal(
    keys.map((key) => key["source_seq"]),
    [1, 1],
    "source_seq",
  );
  equal(new Set(keys.map((key) => key["idempotency_key"])).size, 2, "different keys");
});

core("dest-full", "a dest that is full holds the router back, and nothing is skipped", async (context) => {
  const dest = await context.topic({ cap_records: 4, discard: "reject" }, "d");
  const { source, router } = await linked(context, {}, dest);
  await source.appendedNumbers(10);
  const seen: unknown[] = [];
  for (let from = 0, round = 0; seen.length < 10 && round < 2000; round++) {
    const answer = await dest.read({ from_seq: from });
    seen.push(...dataOf(answer.records));
    from = answer.next_from_seq;
    if (answer.records.length > 0) await dest.deleted({ before_seq: from + 1 });
  }
  equal(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "copies, as room was made for them");
  equal((await router.state()).forwarded_total, 10, "forwarded_total");
});

beyond("paused-by", "a router before a full dest says so, and how far it is behind", async (context) => {
  const dest = await context.topic({ cap_records: 2, discard: "reject" }, "d");
  const { source, router } = await linked(context, {}, dest);
  await source.appendedNumbers(5);
  await dest.readAll();
  const state = await router.state();
  members(state, { paused_by: "dest_full", lag: 3 }, "GET");
  truth(typeof state.last_error === "string", "last_error says why");
});

for (const [source, dest] of [
  ["fsync", "fsync"],
  ["disk", "fsync"],
  ["ephemeral", "disk"],
  ["fsync", "ephemeral"],
] as const)
  core(`${source}-into-${dest}`, `records of a topic of class ${source} go into one of ${dest}`, async (context) => {
    const from = await context.topic({ durability: source }, "s");
    const to = await context.topic({ durability: dest }, "d");
    await Router.between(from, to, context.http).made({ source: from.name, dest: to.name });
    await from.appendedNumbers(20);
    equal((await to.readOnceThere(20)).length, 20, "copies");
  });

managed(
  "restarts",
  "the cursor survives kills: copies have the same seqs, bytes and times, and none comes twice",
  async (context) => {
    const server = await context.server();
    const [source, dest] = ["s", "d"].map((name) => server.topic(name));
    const router = Router.between(source, dest, server);
    await router.made({ source: "s", dest: "d", filter: "k" });
    let before: readonly unknown[] = [];
    for (let round = 1; round <= 3; round++) {
      await source.appended([{ data: round, tag: "k" }, { data: -round }]);
      await dest.appended([{ data: `direct ${round}` }]);
      const now = await dest.readAll();
      equal(now.slice(0, before.length), before, "what was there before");
      before = now;
      await server.restarted();
      equal(await dest.readAll(), before, "after a kill");
      members(await router.state(), { lag: 0, forwarded_total: round, filter: ["tag", "Eq", "k"] }, "GET");
    }
  },
  { section: "3.3" },
);

managed(
  "exactly-once-restarts",
  "keys of exactly-once copies are the same after a kill, and another source's by the same name are others",
  async (context) => {
    const server = await context.server();
    const [source, dest] = ["s", "d"].map((name) => server.topic(name));
    const router = Router.between(source, dest, server);
    const ends = { source: "s", dest: "d", guarantee: "exactly_once" };
    const keys = async (count: number): Promise<string[]> =>
      (await dest.readOnceThere(count)).map(({ meta }) => {
        const key = asObject(asObject(meta, "meta")["_topics_router"], "_topics_router");
        const { source_topic_id: id, source_epoch: epoch, source_seq: seq } = key;
        const wanted = `router:${router.name}:${String(id)}:${String(epoch)}:${String(seq)}`;
        equal(key["idempotency_key"], wanted, "idempotency_key");
        return wanted;
      });
    await router.made(ends);
    await source.appendedNumbers(2);
    const before = await keys(2);
    await server.restarted();
    equal(await keys(2), before, "keys after a kill");
    ok(await source.drop());
    await router.made(ends);
    await source.appendedNumbers(2);
    const both = await keys(4);
    equal(new Set(both).size, 4, "different keys");
    await server.restarted();
    equal(await keys(4), both, "keys after another kill");
  },
  { section: "3.3" },
);

managed("cycle-after-restart", "a cycle is found after a restart too", async (context) => {
  const server = await context.server();
  const ends = { source: "a", dest: "b" };
  await new Router("a->b", server).made(ends);
  await server.restarted();
  const back = await new Router("b->a", server).put({ source: "b", dest: "a" });
  equal(back.status, 409, "status");
  ok<RouterAnswer>(await new Router("a->b", server).put(ends), 200);
});

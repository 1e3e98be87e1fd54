/** What reads of a destination find, and what they are told when something never came (spec 3.2, 1.5). */
import { suite } from "../../case.ts";
import { asObject, equal, members, ok, truth } from "../../expect.ts";
import { Queue } from "../../queue.ts";
import { Router } from "../../router.ts";
import { seqsOf } from "../../topic.ts";

const made = suite("router-reads", "3.2");
export const cases = made.cases;
const { core, beyond, managed } = made;

core("claim", "a claim on a dest finds what its source was given", async (context) => {
  const source = context.absent("s");
  const queue = await Queue.made(context, {}, "d");
  await Router.between(source, queue.topic, context.http).made({ source: source.name, dest: queue.name });
  await source.appendedNumbers(3);
  const jobs = [...(await queue.claimedAtLast("w", 3))];
  while (jobs.length < 3) jobs.push(...(await queue.claimedAtLast("w", 3)));
  equal(
    jobs.map(({ data }) => data),
    [1, 2, 3],
    "jobs",
  );
});

core("watched", "a watcher of a dest is shown copies as they come", async (context) => {
  const [source, dest] = [context.absent("s"), await context.topic({}, "d")];
  await Router.between(source, dest, context.http).made({ source: source.name, dest: dest.name });
  const stream = await context.stream({ topics: { [dest.name]: {} } });
  await stream.caughtUp();
  await source.appendedNumbers(3);
  const seen: number[] = [];
  while (seen.length < 3) {
    const { event, data } = await stream.nextButCaughtUp();
    equal(event, "record", "event");
    seen.push(...seqsOf(data as unknown as Parameters<typeof seqsOf>[0]));
  }
  equal(seen, [1, 2, 3], "seqs of the copies");
});

core("keeps-cursor", "a router that is put again goes on where it was", async (context) => {
  const [source, dest] = [context.absent("s"), context.absent("d")];
  const ends = { source: source.name, dest: dest.name };
  const router = Router.between(source, dest, context.http);
  await router.made(ends);
  await source.appendedNumbers(2);
  equal((await dest.readOnceThere(2)).length, 2, "copies");
  ok(await router.put(ends));
  ok(await router.put({ ...ends, preserve_tag: false }));
  await source.appended([{ data: 3 }]);
  equal(
    (await dest.readOnceThere(3)).map(({ data }) => data),
    [1, 2, 3],
    "copies, each once",
  );
});

core("dest-there", "create_dest: false is enough for a dest that is there", async (context) => {
  const [source, dest] = [context.absent("s"), await context.topic({}, "d")];
  const router = Router.between(source, dest, context.http);
  await router.made({ source: source.name, dest: dest.name, create_dest: false });
  await source.appendedNumbers(1);
  equal((await dest.readOnceThere(1)).length, 1, "copies");
});

core("no-wait", "a write to a source does not wait for a dest that takes nothing", async (context) => {
  const dest = await context.topic({ cap_records: 1, discard: "reject" }, "d");
  const source = context.absent("s");
  await Router.between(source, dest, context.http).made({ source: source.name, dest: dest.name });
  for (let round = 1; round <= 20; round++) equal((await source.appendedNumbers(1)).head_seq, round, "head_seq");
});

beyond("exactly-once-limits", "what a router adds to meta counts toward no limit", async (context) => {
  const [source, dest] = [context.absent("s"), context.absent("d")];
  const ends = { source: source.name, dest: dest.name, guarantee: "exactly_once" };
  await Router.between(source, dest, context.http).made(ends);
  const meta = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`k${n}`, n]));
  await source.appended([{ data: 1, meta }]);
  const [copy] = await dest.readOnceThere(1);
  const { _topics_router: key, ...rest } = asObject(copy.meta, "meta");
  equal(rest, meta, "meta of the original");
  truth(key !== undefined, "the key is there beside 64 others");
});

managed("source-trim", "what left a source before it could be forwarded is announced in the dest", async (context) => {
  const server = await context.server({ TOPICS_ROUTER_RETAIN_BYTES: "1000" });
  const [source, dest] = [server.topic("s"), server.topic("d")];
  await source.configured({ cap_records: 2 });
  await dest.configured({ cap_records: 3, discard: "reject" });
  const router = Router.between(source, dest, server);
  await router.made({ source: "s", dest: "d" });
  for (let data = 1; data <= 30; data++) await source.appended([{ data, meta: { pad: "x".repeat(200) } }]);
  const seen: number[] = [];
  const gaps: { from: number; to: number }[] = [];
  let from = 0;
  for (let round = 0; round < 2000; round++) {
    const answer = await dest.read({ from_seq: from });
    if (answer.tombstone !== null) {
      const { gap_from, gap_to, reason } = answer.tombstone;
      equal(reason, "source_trim", "reason");
      equal(gap_from, from + 1, "gap_from stands behind the cursor");
      gaps.push({ from: gap_from, to: gap_to });
    }
    for (const record of answer.records) {
      truth(!gaps.some((gap) => record.$seq >= gap.from && record.$seq <= gap.to), "no record lies in a gap");
      seen.push(record.data as number);
    }
    from = answer.next_from_seq;
    if (answer.records.length > 0) await dest.deleted({ before_seq: from + 1 });
    if (seen.at(-1) === 30) break;
  }
  const lost = gaps.reduce((sum, gap) => sum + gap.to - gap.from + 1, 0);
  truth(lost > 0, "something was lost");
  equal(seen.slice(0, 3), [1, 2, 3], "what came before the hole is there");
  equal(
    [...seen].sort((a, b) => a - b),
    seen,
    "copies in the source's order",
  );
  equal(seen.length + lost, 30, "copies, and seqs that are given up");
  equal(from, 30, "the cursor at the end");
});

managed(
  "deletes-of-copies",
  "what was deleted in a dest stays away over every start, and nothing is copied again",
  async (context) => {
    const server = await context.server({ TOPICS_CHECKPOINT_MS: "100" });
    const [source, dest] = [server.topic("s"), server.topic("d")];
    await Router.between(source, dest, server).made({ source: "s", dest: "d" });
    await source.appended(Array.from({ length: 40 }, (_, n) => ({ data: n + 1, tag: n % 2 ? "odd" : "even" })));
    await dest.readOnceThere(40);
    members(await dest.deleted({ match: "even" }), { deleted: 20 }, "delete");
    members(await dest.deleted({ before_seq: 11 }), { deleted: 5 }, "delete");
    const before = await dest.readAll();
    equal(before.length, 15, "copies that are left");
    let left = 15;
    for (const end of ["SIGKILL", "SIGTERM", "SIGTERM", "SIGKILL"] as const) {
      const wanted = await dest.readOnceThere(left);
      if (end === "SIGKILL") await server.kill();
      else await server.stop(end);
      await server.start();
      equal(await dest.readAll(), wanted, `after ${end}`);
      await source.appendedNumbers(1);
      left++;
    }
  },
  { section: "3.3" },
);

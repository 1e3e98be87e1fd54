/** Streams of events: frames, ids, resuming, tombstones, deleted topics (spec 4.1, 4.2). */
import { suite } from "../../case.ts";
import type { Context } from "../../context.ts";
import { equal, members, truth } from "../../expect.ts";
import { seqsOf } from "../../topic.ts";
import { cursorsOf, EventStream, idOf, type StreamEvent } from "../../transport/sse.ts";

const made = suite("watch-stream", "4.2");
export const cases = made.cases;
const { core, beyond } = made;

interface Records {
  readonly records: readonly { readonly $seq: number; readonly [key: string]: unknown }[];
}
const recordsOf = ({ data }: StreamEvent): Records => data as unknown as Records;
const seqs = (events: readonly StreamEvent[]): number[] =>
  events.filter(({ event }) => event === "record").flatMap((event) => seqsOf(recordsOf(event)));

core("headers", "a stream has the headers of a stream", async (context) => {
  const topic = await context.topic();
  const { headers } = (await context.stream({ topics: { [topic.name]: {} } })).head;
  equal(headers["content-type"], "text/event-stream", "Content-Type");
  equal(headers["cache-control"], "no-store", "Cache-Control");
  equal(headers["x-accel-buffering"], "no", "X-Accel-Buffering");
  equal(headers["content-encoding"], undefined, "Content-Encoding");
});

core("backlog", "the backlog comes first, then what is live", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(3);
  const stream = await context.stream({ topics: { [topic.name]: { from_seq: 1 } } });
  const events = await stream.caughtUp();
  truth(stream.text.includes("retry: 2000\n"), "a stream begins with retry: 2000");
  equal(seqs(events), [2, 3], "seqs of the backlog");
  members(events[0].data, { topic: topic.name, from_seq: 1, head_seq: 3 }, "first record event");
  members(events.at(-1)!.data, { topic: topic.name, head_seq: 3 }, "caught-up");
  equal(cursorsOf(events.at(-1)!.id), { [topic.name]: 3 }, "id");
  await topic.appendedNumbers(2);
  const live: number[] = [];
  while (live.length < 2) live.push(...seqs([await stream.nextButCaughtUp()]));
  equal(live, [4, 5], "live seqs");
});

core("frames", "each data frame has an id, and moves the cursor of its topic only", async (context) => {
  const [a, b] = [await context.topic(), await context.topic()];
  await a.appendedNumbers(5);
  await b.appendedNumbers(4);
  const stream = await context.stream({ topics: { [a.name]: {}, [b.name]: {} }, limit: 2 });
  const cursors: Record<string, unknown> = { [a.name]: 0, [b.name]: 0 };
  for (const { id, event, data } of await stream.caughtUp(2)) {
    if (event === "record") {
      equal(data["from_seq"], cursors[data["topic"] as string], "from_seq is the cursor before the read");
      truth((data["records"] as unknown[]).length <= 2, "a frame has at most limit records");
      cursors[data["topic"] as string] = data["to_seq"];
    }
    equal(cursorsOf(id), cursors, `id of ${event ?? "a frame"}`);
  }
  equal(cursors, { [a.name]: 5, [b.name]: 4 }, "cursors at the end");
});

core("resume", "a stream goes on behind the last id", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(6);
  const wid = await context.session({ topics: { [topic.name]: {} }, limit: 2 });
  const first = await context.stream(wid);
  const events = await first.caughtUp();
  equal(seqs(events), [1, 2, 3, 4, 5, 6], "seqs");
  first.destroy();
  for (const { id, data } of events.filter(({ event }) => event === "record")) {
    const again = await context.stream(wid, { "last-event-id": id! });
    const from = data["to_seq"] as number;
    equal(seqs(await again.caughtUp()), [1, 2, 3, 4, 5, 6].slice(from), `seqs behind ${from}`);
    again.destroy();
  }
});

core("never-advanced", "an id never moves a session's cursors forward", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(2);
  const wid = await context.session({ topics: { [topic.name]: {} } });
  const stream = await context.stream(wid, { "last-event-id": idOf({ [topic.name]: 2 }) });
  equal(seqs(await stream.caughtUp()), [1, 2], "seqs");
});

core("bad-ids", "an id that is none is ignored", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(1);
  for (const id of ["nonsense!", "W10", idOf({ [`${context.prefix}other`]: 1 })]) {
    const wid = await context.session({ topics: { [topic.name]: {} } });
    equal(seqs(await (await context.stream(wid, { "last-event-id": id })).caughtUp()), [1], `seqs with ${id}`);
  }
});

core("several", "several streams of a session have cursors of their own", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(2);
  const wid = await context.session({ topics: { [topic.name]: {} } });
  const one = await context.stream(wid);
  await one.caughtUp();
  const two = await context.stream(wid, { "last-event-id": idOf({ [topic.name]: 0 }) });
  equal(seqs(await two.caughtUp()), [1, 2], "seqs of the second");
  await topic.appendedNumbers(1);
  for (const stream of [one, two]) equal(seqs([await stream.nextButCaughtUp()]), [3], "seqs of both");
});

core("tombstone", "what was evicted is announced before the records", async (context) => {
  const topic = await context.topic({ cap_records: 2 });
  await topic.appendedNumbers(5);
  const events = await (await context.stream({ topics: { [topic.name]: {} } })).caughtUp();
  equal(events[0].event, "tombstone", "first event");
  members(
    events[0].data,
    { topic: topic.name, gap_from: 1, gap_to: 3, reason: "from_seq_too_old", head_seq: 5 },
    "tombstone",
  );
  equal(cursorsOf(events[0].id), { [topic.name]: 3 }, "id of the tombstone");
  equal(seqs(events), [4, 5], "seqs");
});

core("filters", "nodes are left out, and fields that were not asked for", async (context) => {
  const topic = await context.topic();
  await topic.appended([
    { data: 1, node: "mine", tag: "t", meta: { a: 1 } },
    { data: 2, node: "yours", tag: "u", meta: { a: 2 } },
  ]);
  const body = { topics: { [topic.name]: {} }, node: "mine", include_meta: false, include_tags: true };
  const events = await (await context.stream(body)).caughtUp();
  equal(seqs(events), [2], "seqs");
  const [record] = recordsOf(events[0]).records;
  equal([record["$tag"], "meta" in record, record["data"]], ["u", false, 2], "record");
  equal(cursorsOf(events.at(-1)!.id), { [topic.name]: 2 }, "skipped records advance the cursor");
});

beyond("payloads", "payloads come as they were written", async (context) => {
  const topic = await context.topic();
  const data = { text: "a\nb\r\u2028\u0085é", list: [1, [2, { x: null }]] };
  await topic.append(JSON.stringify({ records: [{ data }] }, null, 1).replaceAll("\n", "\r\n"));
  const events = await (await context.stream({ topics: { [topic.name]: {} } })).caughtUp();
  equal(recordsOf(events[0]).records[0]["data"], data, "data");
});

core("heartbeat", "a quiet stream beats", async (context) => {
  const topic = await context.topic();
  const stream = await context.stream({ topics: { [topic.name]: {} }, heartbeat_ms: 1 });
  await stream.seen(": hb");
});

core("deleted", "the end of a topic is told, and the rest goes on", async (context) => {
  const [a, b] = [await context.topic(), await context.topic()];
  await a.appendedNumbers(1);
  const stream = await context.stream({ topics: { [a.name]: {}, [b.name]: {} }, heartbeat_ms: 1000 });
  await stream.caughtUp(2);
  await a.drop();
  const told = await stream.nextButCaughtUp();
  equal(told.event, "topic-deleted", "event");
  members(told.data, { topic: a.name, head_seq: 1, reason: "deleted" }, "topic-deleted");
  await b.appendedNumbers(1);
  equal((await stream.nextButCaughtUp()).data["topic"], b.name, "topic of the next event");
  await b.drop();
  await stream.over();
});

beyond("recreated", "a topic that is another one by now is read from its start", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(2);
  const wid = await context.session({ topics: { [topic.name]: { tail: true } } });
  await topic.drop();
  await topic.configured({});
  await topic.appendedNumbers(3);
  const events = await (await context.stream(wid)).caughtUp();
  members(events[0].data, { gap_from: 1, gap_to: 3 }, "tombstone");
  equal(cursorsOf(events[0].id), { [topic.name]: 0 }, "id of the tombstone");
  equal(seqs(events), [1, 2, 3], "seqs");
});

beyond("prefixes", "topics that are made later under a prefix come from their beginning", async (context) => {
  const old = await context.topic({}, "p.old");
  await old.appendedNumbers(2);
  const stream = await context.stream({ prefixes: [`${context.prefix}p.`] });
  const made = await context.topic({}, "p.new");
  await made.appendedNumbers(2);
  const events = await stream.until(({ event }) => event === "record");
  members(events.at(-1)!.data, { topic: made.name, from_seq: 0 }, "record");
  await old.appendedNumbers(1);
  const next = await stream.until(({ event, data }) => event === "record" && data["topic"] === old.name);
  equal(seqs(next.slice(-1)), [3], "seqs of what was there");
});

beyond("match", "a tag predicate filters, and skipped records advance the cursor", async (context) => {
  const topic = await context.topic();
  await topic.appended([{ data: 1, tag: "a.1" }, { data: 2 }, { data: 3, tag: "a.2" }, { data: 4, tag: "b" }]);
  const events = await (await context.stream({ topics: { [topic.name]: {} }, match: "a.*" })).caughtUp();
  equal(seqs(events), [1, 3], "seqs");
  equal(cursorsOf(events.at(-1)!.id), { [topic.name]: 4 }, "id");
});

beyond("same-as-diff", "a stream shows what reads show, however it is cut into frames", async (context) => {
  const topic = await context.topic();
  await topic.appended(
    Array.from({ length: 60 }, (_, i) => ({ data: i, node: i % 3 === 0 ? "n" : "m", tag: `t${i % 5}` })),
  );
  await topic.deleted({ match: "t3" });
  const wanted = (await topic.readAll({ node: "n", include_tags: true })).map((record) => JSON.stringify(record));
  for (const limit of [1, 7, 1000]) {
    const body = { topics: { [topic.name]: {} }, node: "n", include_tags: true, limit };
    const events = await (await context.stream(body)).caughtUp();
    const shown = events.filter(({ event }) => event === "record").flatMap((event) => recordsOf(event).records);
    equal(
      shown.map((record) => JSON.stringify(record)),
      wanted,
      `records with limit ${limit}`,
    );
  }
});

beyond("many", "with more than 64 topics ids are short, and resume all the same", async (context) => {
  const names = Array.from({ length: 66 }, (_, i) => `m${i}`);
  const topics = await Promise.all(names.map((name) => context.topic({}, name)));
  for (const topic of topics) await topic.appendedNumbers(1);
  const wid = await context.session({ topics: Object.fromEntries(topics.map(({ name }) => [name, {}])) });
  const first = await context.stream(wid);
  const records = (await first.caughtUp(66)).filter(({ event }) => event === "record");
  first.destroy();
  const again = await context.stream(wid, { "last-event-id": records[30].id! });
  const repeated = (await again.caughtUp(66)).filter(({ event }) => event === "record");
  equal(
    repeated.map(({ data }) => data["topic"]).sort(),
    records
      .slice(31)
      .map(({ data }) => data["topic"])
      .sort(),
    "topics behind the id",
  );
});

beyond("strong", "a strong stream of a disk topic shows what is synced", async (context: Context) => {
  const topic = await context.topic();
  const stream = await context.stream({ topics: { [topic.name]: {} }, consistency: "strong" });
  await stream.caughtUp();
  await topic.appendedNumbers(2);
  const events = await stream.until(({ data }) => data["to_seq"] === 2);
  equal(seqs(events), [1, 2], "seqs");
});

made.managed("shutdown", "the last frame of a stream says that the server stops", async (context) => {
  const server = await context.server();
  const { target } = server;
  await server.send("POST", "/v0/topics/a", { records: [{ data: 1 }] });
  const { wid } = (await server.send("POST", "/v0/watch", { topics: { a: {} } })).json as { wid: string };
  const stream = await EventStream.open(target, `/v0/watch/${wid}`, context.signal);
  await stream.caughtUp();
  const stopped = server.stop();
  const last = await stream.nextButCaughtUp();
  equal([last.event, last.data["code"]], ["error", "server_shutting_down"], "last frame");
  await stream.over();
  await stopped;
});

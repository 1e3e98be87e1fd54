/** How a stream delivers: options and their bounds, slow readers, readers that come at the wrong moment (spec 4.1 to 4.3). */
import { suite } from "../../case.ts";
import { equal, invalid, members, ok, truth } from "../../expect.ts";
import { requestText } from "../../transport/raw.ts";
import { cursorsOf, type StreamEvent } from "../../transport/sse.ts";

const made = suite("delivery", "4.2");
export const cases = made.cases;
const { core, beyond } = made;

type Records = readonly { readonly $seq: number; readonly data?: unknown; readonly [key: string]: unknown }[];
const recordsOf = ({ data }: StreamEvent): Records => data["records"] as Records;
const recordEvents = (events: readonly StreamEvent[]): StreamEvent[] =>
  events.filter(({ event }) => event === "record");
const seqsIn = (events: readonly StreamEvent[]): number[] =>
  recordEvents(events).flatMap((event) => recordsOf(event).map(({ $seq }) => $seq));
const oneTo = (last: number): number[] => Array.from({ length: last }, (_, at) => at + 1);

core("at-the-opening", "what is written while a stream opens reaches it", async (context) => {
  for (let round = 0; round < 12; round++) {
    const topic = await context.topic({ durability: round % 2 ? "ephemeral" : "disk" }, `t${round}`);
    const wid = await context.session({ topics: { [topic.name]: { tail: true } } });
    const [stream] = await Promise.all([context.stream(wid), topic.appendedNumbers(1), topic.appendedNumbers(1)]);
    const seen: number[] = [];
    while (seen.length < 2) {
      const event = await stream.nextButCaughtUp();
      if (event.event === "record") seen.push(...recordsOf(event).map(({ $seq }) => $seq));
    }
    equal(seen, [1, 2], "seqs");
    stream.destroy();
  }
});

core("bounds", "limits and budgets of a session have defaults, for 0 too, and are clamped", async (context) => {
  const topic = await context.topic();
  await topic.appended(Array.from({ length: 300 }, () => ({ data: 1 })));
  for (const [fields, most] of [
    [{}, 256],
    [{ limit: 0 }, 256],
    [{ limit: 1_000_000 }, 300],
    [{ limit: 10 }, 10],
  ] as const) {
    const stream = await context.stream({ topics: { [topic.name]: {} }, ...fields });
    const events = await stream.caughtUp();
    equal(seqsIn(events), oneTo(300), `seqs with ${JSON.stringify(fields)}`);
    const longest = Math.max(...recordEvents(events).map((event) => recordsOf(event).length));
    truth(longest <= most, `records of one frame with ${JSON.stringify(fields)}: ${longest}`);
    stream.destroy();
  }
  for (const fields of [{ max_batch_bytes: 0 }, { max_batch_bytes: 1e12 }, { heartbeat_ms: 1e9 }, { heartbeat_ms: 0 }])
    ok(await context.http.send("POST", "/v0/watch", { topics: { [topic.name]: {} }, ...fields }));
});

core("byte-budget", "a frame is cut at the byte budget, with at least one record", async (context) => {
  const topic = await context.topic();
  await topic.appended(Array.from({ length: 6 }, () => ({ data: "x".repeat(400) })));
  const stream = await context.stream({ topics: { [topic.name]: {} }, max_batch_bytes: 1000 });
  const frames = recordEvents(await stream.caughtUp()).map((event) => recordsOf(event).length);
  truth(frames.length >= 3 && Math.max(...frames) <= 3, `records of each frame: ${frames.join(" ")}`);
  const tight = await context.stream({ topics: { [topic.name]: {} }, max_batch_bytes: 1 });
  equal(seqsIn(await tight.caughtUp()), oneTo(6), "seqs with a budget of one byte");
});

core("members", "a stream leaves out what was not wanted, and is not asked again", async (context) => {
  const topic = await context.topic();
  await topic.appended([{ data: 1, tag: "t", meta: { a: 1 }, node: "n" }]);
  const shown = async (fields: object): Promise<string[]> => {
    const stream = await context.stream({ topics: { [topic.name]: {} }, ...fields });
    const [record] = recordEvents(await stream.caughtUp());
    return Object.keys(recordsOf(record)[0]).filter((key) => !["$seq", "$ts", "$node"].includes(key));
  };
  equal(await shown({}), ["data", "meta"], "members by default");
  equal(await shown({ include_tags: true, include_meta: false }), ["$tag", "data"], "members with tags, without meta");
  equal(await shown({ include_data: false }), ["meta"], "members without data");
});

core("nodes", "a session leaves out the records of its nodes, one or several", async (context) => {
  const topic = await context.topic();
  await topic.appended(["a", "b", "c"].map((node) => ({ data: 1, node })));
  for (const [node, seqs] of [
    ["a", [2, 3]],
    [["a", "c"], [2]],
  ] as const) {
    const events = await (await context.stream({ topics: { [topic.name]: {} }, node })).caughtUp();
    equal(seqsIn(events), seqs, `seqs for ${JSON.stringify(node)}`);
    equal(cursorsOf(events.at(-1)!.id), { [topic.name]: 3 }, "the cursor is past what was left out");
  }
});

core("not-compressed", "a stream is never compressed", async (context) => {
  const topic = await context.topic();
  await topic.appended([{ data: "x".repeat(5000) }]);
  const stream = await context.stream({ topics: { [topic.name]: {} } }, { "accept-encoding": "gzip, deflate, br" });
  equal(stream.head.headers["content-encoding"], undefined, "Content-Encoding");
  equal(seqsIn(await stream.caughtUp()), [1], "seqs");
});

core("lines", "a stream has LF at the end of its lines, and each event's data on one", async (context) => {
  const topic = await context.topic();
  await topic.appended([{ data: "a\r\nb" }, { data: { text: "data: x\n\nevent: y" } }]);
  const stream = await context.stream({ topics: { [topic.name]: {} } });
  const events = await stream.caughtUp();
  equal(stream.text.includes("\r"), false, "a CR anywhere");
  for (const { text } of events)
    equal(text.split("\n").filter((line) => line.startsWith("data:")).length, 1, `lines of data in ${text}`);
  equal(seqsIn(events), [1, 2], "seqs");
});

core("large-id", "a Last-Event-ID of many kilobytes is taken", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(2);
  const wid = await context.session({ topics: { [topic.name]: {} } });
  const map = Object.fromEntries(Array.from({ length: 80 }, (_, n) => [`${context.prefix}${"n".repeat(150)}${n}`, 0]));
  const id = Buffer.from(JSON.stringify(map)).toString("base64url");
  truth(id.length > 14_000, `length of the id: ${id.length}`);
  equal(seqsIn(await (await context.stream(wid, { "last-event-id": id })).caughtUp()), [1, 2], "seqs");
});

beyond("newest-stream", "a session goes on where its newest stream stood", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(3);
  const wid = await context.session({ topics: { [topic.name]: {} } });
  const first = await context.stream(wid);
  await first.caughtUp();
  first.destroy();
  const second = await context.stream(wid);
  const [event] = await second.caughtUp();
  equal(event.event, "caught-up", "what a stream begins with whose session has seen everything");
});

beyond("deleted-at-once", "the end of a topic does not wait for a heartbeat", async (context) => {
  const topic = await context.topic();
  const stream = await context.stream({ topics: { [topic.name]: {} }, heartbeat_ms: 60_000 });
  await stream.caughtUp();
  await topic.drop();
  members((await stream.nextButCaughtUp()).data, { topic: topic.name, reason: "deleted" }, "topic-deleted");
  await stream.over();
});

beyond("prefixes-alone", "prefixes are enough for a session, and are an array of names", async (context) => {
  const stream = await context.stream({ prefixes: [`${context.prefix}later`] });
  const topic = context.absent("later.a");
  await topic.appendedNumbers(1);
  equal((await stream.nextButCaughtUp()).data["topic"], topic.name, "topic of the first record");
  for (const prefixes of ["x", 5, [5]]) invalid(await context.http.send("POST", "/v0/watch", { prefixes }));
});

beyond(
  "slow",
  "a reader that does not read holds up nobody, and gets everything when it reads on",
  async (context) => {
    const topic = await context.topic();
    const wid = await context.session({ topics: { [topic.name]: {} } });
    const connection = await context.connect();
    await connection.write(requestText(context.target, "GET", `/v0/watch/${wid}`, []));
    connection.pause();
    const other = await context.stream({ topics: { [topic.name]: { tail: true } }, include_data: false });
    await other.caughtUp();
    // Several times what a socket and a stream's buffer hold together.
    const data = "x".repeat(50_000);
    const last = 240;
    for (let seq = 1; seq <= last; seq += 10) await topic.appended(Array.from({ length: 10 }, () => ({ data })));
    const others: number[] = [];
    while (others.length < last) others.push(...seqsIn([await other.nextButCaughtUp()]));
    equal(others, oneTo(last), "seqs of a reader beside it");
    connection.resume();
    const text = await connection.upTo(`"$seq":${last},`);
    equal(
      [...text.matchAll(/"\$seq":(\d+),/g)].map(([, seq]) => Number(seq)),
      oneTo(last),
      "seqs of the reader that was slow",
    );
  },
  { section: "4.3" },
);

beyond(
  "slow-and-evicted",
  "what is evicted before a slow reader gets to it is announced to it",
  async (context) => {
    const topic = await context.topic({ cap_records: 20 });
    const wid = await context.session({ topics: { [topic.name]: {} } });
    const connection = await context.connect();
    await connection.write(requestText(context.target, "GET", `/v0/watch/${wid}`, []));
    connection.pause();
    const data = "x".repeat(50_000);
    const last = 240;
    for (let seq = 1; seq <= last; seq += 10) await topic.appended(Array.from({ length: 10 }, () => ({ data })));
    connection.resume();
    const text = await connection.upTo(`"$seq":${last},`);
    const seen = new Set([...text.matchAll(/"\$seq":(\d+),/g)].map(([, seq]) => Number(seq)));
    for (const [, line] of text.matchAll(/event: tombstone\ndata: (.*)\n/g)) {
      const { gap_from, gap_to } = JSON.parse(line) as { gap_from: number; gap_to: number };
      for (let seq = gap_from; seq <= gap_to; seq++) seen.add(seq);
    }
    equal(
      oneTo(last).filter((seq) => !seen.has(seq)),
      [],
      "seqs that were neither delivered nor announced",
    );
  },
  { section: "4.3" },
);

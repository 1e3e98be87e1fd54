/** What a subscription on a WebSocket may ask for, and what lies between its messages (spec 4.4). */
import { suite } from "../../case.ts";
import { equal, members, ok, truth } from "../../expect.ts";
import { seqsOf } from "../../topic.ts";
import { type Message, opcode } from "../../transport/ws.ts";

const made = suite("ws-options", "4.4");
export const cases = made.cases;
const { core } = made;

const seqs = (message: Message): number[] => seqsOf(message as unknown as Parameters<typeof seqsOf>[0]);
const recordsOf = (message: Message): readonly Readonly<Record<string, unknown>>[] =>
  message["records"] as readonly Readonly<Record<string, unknown>>[];

core("behind-a-subscription", "what is published right behind a subscription reaches it", async (context) => {
  const socket = await context.socket();
  for (let round = 0; round < 10; round++) {
    const topic = await context.topic({ durability: round % 2 ? "disk" : "ephemeral" }, `t${round}`);
    socket.say({ op: "subscribe", topic: topic.name, tail: true });
    socket.say({ op: "publish", topic: topic.name, records: [{ data: round }] });
    socket.say({ op: "publish", topic: topic.name, records: [{ data: -round }] });
    const seen: number[] = [];
    while (seen.length < 2) seen.push(...seqs(await socket.op("record")));
    equal(seen, [1, 2], "seqs");
  }
});

core("request-ids", "a request_id is any JSON value, and comes back; null stands for none", async (context) => {
  const socket = await context.socket();
  for (const request_id of [0, "x", null, true, [1, { a: null }], { deep: ["é", 1.5] }]) {
    socket.say({ op: "ping", request_id });
    members(await socket.next(), { op: "pong", request_id }, "pong");
  }
  socket.say({ op: "ping" });
  members(await socket.next(), { op: "pong", request_id: null }, "pong without one");
  const topic = await context.topic();
  socket.say({ op: "subscribe", topic: topic.name });
  members(await socket.op("subscribed"), { request_id: null }, "subscribed without one");
});

core("both", "topic and topics are taken together, and the map wins", async (context) => {
  const [a, b] = [await context.topic(), await context.topic()];
  await a.appendedNumbers(3);
  await b.appendedNumbers(2);
  const socket = await context.socket();
  const topics = { [a.name]: { from_seq: 2 }, [b.name]: { tail: true } };
  socket.say({ op: "subscribe", topic: a.name, from_seq: 0, topics });
  const answered = (await socket.op("subscribed"))["topics"] as Record<string, Message>;
  equal([answered[a.name]["from_seq"], answered[b.name]["from_seq"]], [2, 2], "from_seq of both");
  equal(seqs(await socket.op("record")), [3], "seqs");
});

core("tail", "a tail begins at the head", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(3);
  const socket = await context.socket();
  socket.say({ op: "subscribe", topic: topic.name, tail: true });
  members(
    (await socket.op("subscribed"))["topics"],
    { [topic.name]: { from_seq: 3, head_seq: 3, earliest_seq: 1 } },
    "",
  );
  await topic.appendedNumbers(1);
  equal(seqs(await socket.op("record")), [4], "seqs");
});

core("options", "node, limit and the include fields hold on a WebSocket as on a stream", async (context) => {
  const topic = await context.topic();
  await topic.appended(
    [1, 2, 3, 4, 5].map((data) => ({ data, tag: "t", meta: { m: 1 }, node: data === 3 ? "me" : "n" })),
  );
  const socket = await context.socket();
  socket.say({ op: "subscribe", topic: topic.name, node: ["me"], limit: 2, include_tags: true, include_meta: false });
  const seen: number[] = [];
  while (seen.length < 4) {
    const message = await socket.op("record");
    truth(recordsOf(message).length <= 2, "records of one message");
    for (const record of recordsOf(message)) equal([record["$tag"], "meta" in record], ["t", false], "members");
    seen.push(...seqs(message));
  }
  equal(seen, [1, 2, 4, 5], "seqs");
  members(await socket.op("caught_up"), { topic: topic.name, head_seq: 5 }, "caught_up");
});

core("publish-creates", "a publish has the body of a write: config, create, keys and all", async (context) => {
  const topic = context.absent();
  const socket = await context.socket();
  socket.say({ op: "publish", topic: topic.name, records: [{ data: 1 }], create: false });
  members(await socket.next(), { op: "error", code: "topic_not_found" }, "create: false");
  const config = { cap_records: 2 };
  const body = { records: [{ data: 1, tag: "t" }], config, idempotency_key: "k", node: "n" };
  socket.say({ op: "publish", topic: topic.name, ...body });
  members(await socket.op("ack"), { topic: topic.name, created: true, deduped: false }, "first");
  socket.say({ op: "publish", topic: topic.name, ...body });
  members(await socket.op("ack"), { created: false, deduped: true, seqs: [1] }, "second");
  equal((await topic.state()).config["cap_records"], 2, "cap_records");
  members((await topic.read({ include_tags: true })).records[0], { $tag: "t", $node: "n" }, "record");
});

core("errors", "an error carries the id of what it answers, and a code of the API", async (context) => {
  const topic = await context.topic({ cap_records: 1, discard: "reject" });
  const socket = await context.socket();
  socket.say({ op: "publish", topic: topic.name, records: [{ data: 1 }], request_id: 1 });
  members(await socket.next(), { op: "ack", request_id: 1 }, "first");
  socket.say({ op: "publish", topic: topic.name, records: [{ data: 2 }], request_id: 2 });
  const refused = await socket.next();
  members(refused, { op: "error", request_id: 2, code: "topic_full" }, "second");
  truth(typeof refused["message"] === "string" && refused["message"] !== "", "an error has a message");
  socket.say({ op: "publish", topic: "no such name", records: [{ data: 2 }], request_id: 3 });
  members(await socket.next(), { op: "error", request_id: 3, code: "invalid_request" }, "a bad name");
});

core("close", "a close is answered, and a ping of the protocol too", async (context) => {
  const socket = await context.socket();
  socket.send(opcode.ping, Buffer.from("p"));
  socket.say({ op: "ping" });
  members(await socket.next(), { op: "pong" }, "pong");
  socket.send(opcode.close, Buffer.from([0x03, 0xe8]));
  equal(await socket.closed(), 1000, "close code");
  ok(await context.http.send("GET", "/v0/health"));
});

/** The WebSocket: its ops, its answers, its errors (spec 4.4). */
import { suite } from "../../case.ts";
import { equal, members, truth } from "../../expect.ts";
import { seqsOf } from "../../topic.ts";
import { type Message, opcode, WebSocketClient } from "../../transport/ws.ts";

const made = suite("ws", "4.4");
export const cases = made.cases;
const { core } = made;

const seqs = (message: Message): number[] => seqsOf(message as unknown as Parameters<typeof seqsOf>[0]);

core("subscribe", "a subscription is answered, then delivered", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(3);
  const socket = await context.socket();
  socket.say({ op: "subscribe", topic: topic.name, from_seq: 1, request_id: "s1" });
  const subscribed = await socket.next();
  members(subscribed, { op: "subscribed", request_id: "s1" }, "answer");
  members(
    (subscribed["topics"] as Record<string, unknown>)[topic.name],
    { from_seq: 1, head_seq: 3, earliest_seq: 1 },
    "topics",
  );
  const record = await socket.op("record");
  members(record, { topic: topic.name, from_seq: 1, head_seq: 3 }, "record");
  equal(seqs(record), [2, 3], "seqs");
  members(await socket.op("caught_up"), { topic: topic.name, head_seq: 3 }, "caught_up");
  await topic.appendedNumbers(1);
  equal(seqs(await socket.op("record")), [4], "seqs of what is live");
});

core("publish", "a publish is acked like a write", async (context) => {
  const topic = context.absent();
  const socket = await context.socket();
  socket.say({ op: "publish", topic: topic.name, records: [{ data: 1 }, { data: 2 }], request_id: { n: 1 } });
  members(
    await socket.op("ack"),
    {
      request_id: { n: 1 },
      first_seq: 1,
      last_seq: 2,
      seqs: [1, 2],
      head_seq: 2,
      count: 2,
      created: true,
      deduped: false,
    },
    "ack",
  );
  socket.say({ op: "publish", topic: topic.name, records: [{ data: 3 }], return_seqs: false });
  members(await socket.op("ack"), { seqs: null, first_seq: 3 }, "ack without seqs");
  equal(seqsOf(await topic.read()), [1, 2, 3], "seqs in the log");
});

core("ping", "a ping is answered, with its id", async (context) => {
  const socket = await context.socket();
  socket.say({ op: "ping", request_id: 7 });
  members(await socket.next(), { op: "pong", request_id: 7 }, "pong");
});

core("unsubscribe", "an unsubscribed topic is quiet", async (context) => {
  const [a, b] = [await context.topic(), await context.topic()];
  const socket = await context.socket();
  socket.say({ op: "subscribe", topics: { [a.name]: {}, [b.name]: {} } });
  await socket.op("subscribed");
  socket.say({ op: "unsubscribe", topic: a.name, request_id: 1 });
  members(await socket.op("unsubscribed"), { request_id: 1, topics: [a.name] }, "answer");
  socket.say({ op: "unsubscribe", topics: [a.name] });
  members(await socket.op("unsubscribed"), { topics: [a.name] }, "answer when there was none");
  await a.appendedNumbers(1);
  await b.appendedNumbers(1);
  equal((await socket.op("record"))["topic"], b.name, "topic of the next record");
});

core("again", "subscribing again moves the cursor and takes the new options", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(2);
  const socket = await context.socket();
  socket.say({ op: "subscribe", topic: topic.name, tail: true });
  await socket.op("caught_up");
  socket.say({ op: "subscribe", topic: topic.name, from_seq: 0, include_data: false });
  const record = await socket.op("record");
  equal(seqs(record), [1, 2], "seqs");
  truth(
    (record["records"] as object[]).every((one) => !("data" in one)),
    "records without data",
  );
});

core("deleted", "the end of a topic is told", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(2);
  const socket = await context.socket();
  socket.say({ op: "subscribe", topic: topic.name });
  await socket.op("caught_up");
  await topic.drop();
  members(await socket.op("topic_deleted"), { topic: topic.name, head_seq: 2, reason: "deleted" }, "topic_deleted");
});

core("tombstone", "what was evicted is announced", async (context) => {
  const topic = await context.topic({ cap_records: 1 });
  await topic.appendedNumbers(3);
  const socket = await context.socket();
  socket.say({ op: "subscribe", topic: topic.name });
  members(await socket.op("tombstone"), { topic: topic.name, reason: "cap", gap_from: 1, gap_to: 2 }, "tombstone");
  equal(seqs(await socket.op("record")), [3], "seqs");
});

core("bad-messages", "a bad message gets an error and does not close the socket", async (context) => {
  const socket = await context.socket();
  for (const [message, code] of [
    ["{no json", "invalid_json"],
    [{ op: "unheard of" }, "invalid_json"],
    [{ op: "subscribe" }, "invalid_json"],
    [{ op: "publish", topic: `${context.prefix}x` }, "invalid_json"],
    [{ op: "subscribe", topic: context.absent("none").name }, "topic_not_found"],
  ] as const) {
    socket.say(message);
    members(await socket.next(), { op: "error", code }, `answer to ${JSON.stringify(message)}`);
  }
  socket.send(opcode.binary, Buffer.from("{}"));
  members(await socket.next(), { op: "error", code: "unsupported_message" }, "answer to binary");
  socket.say({ op: "ping" });
  members(await socket.next(), { op: "pong", request_id: null }, "pong");
});

core("lenient", "a lenient subscription leaves out what is not there", async (context) => {
  const topic = await context.topic();
  const socket = await context.socket();
  socket.say({ op: "subscribe", topics: { [topic.name]: {}, [context.absent().name]: {} }, lenient: true });
  equal(Object.keys((await socket.next())["topics"] as object), [topic.name], "topics");
});

made.managed("too-large", "a message over the body limit closes the socket with 1009", async (context) => {
  const server = await context.server({ TOPICS_MAX_BODY_BYTES: "2097152" });
  const socket = await WebSocketClient.open(server.target, context.signal);
  socket.send(opcode.text, Buffer.alloc(2_097_153, 0x20));
  equal(await socket.closed(), 1009, "close code");
});

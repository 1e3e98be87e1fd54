/** What holds for requests of every kind, shown on one of them (spec 2.1, 2.2). */
import { suite } from "../../case.ts";
import { contains, equal, error, invalid, members, ok, status, truth } from "../../expect.ts";
import type { AppendAnswer, DiffAnswer, StateAnswer } from "../../wire.ts";

const made = suite("conventions", "2.1");
export const cases = made.cases;
const { core, beyond } = made;

core("query-booleans", "a boolean in a query is true, false, 1 or 0", async (context) => {
  const topic = await context.topic();
  for (const no of ["false", "0"]) {
    equal((await topic.state(`?touch=${no}`)).last_read_ts, null, `last_read_ts after touch=${no}`);
    const reply = await topic.append({ records: [{ data: 1 }] }, {});
    ok(reply);
    const without = await context.http.send("POST", `${topic.path}?return_seqs=${no}`, { records: [{ data: 1 }] });
    equal("seqs" in ok<AppendAnswer>(without), false, `seqs with return_seqs=${no}`);
  }
  for (const yes of ["true", "1"]) {
    const reply = await context.http.send("POST", `${topic.path}?return_seqs=${yes}`, { records: [{ data: 1 }] });
    truth("seqs" in ok<AppendAnswer>(reply), `seqs with return_seqs=${yes}`);
    const read = ok<StateAnswer>(await topic.get(`?touch=${yes}`));
    truth(read.last_read_ts !== null, `last_read_ts after touch=${yes}`);
  }
});

beyond("content-type-message", "who forgot the content type is told which header to send", async (context) => {
  const topic = await context.topic();
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const reply = await topic.append({ records: [{ data: 1 }] }, { headers });
  error(reply, 415, "unsupported_media_type");
  contains(reply.text.toLowerCase(), "content-type: application/json", "the message");
});

core("timings", "a deduped write tells nothing of a log, a read tells what it looked at", async (context) => {
  const topic = await context.topic();
  const write = { records: [{ data: 1 }], idempotency_key: "k" };
  const first = ok<AppendAnswer>(await topic.append(write));
  truth("wal_append_ms" in first.performance && "fsync_ms" in first.performance, "a write has both timings");
  const again = ok<AppendAnswer>(await topic.append(write));
  equal(again.deduped, true, "deduped");
  equal("wal_append_ms" in again.performance, false, "wal_append_ms of a write that was deduped");
  const read = ok<DiffAnswer>(await topic.diff({}));
  equal(typeof read.performance.records_scanned, "number", "type of records_scanned");
});

core("fsync-ms", "only a write of class fsync waits for a sync", async (context) => {
  for (const durability of ["ephemeral", "memory", "disk", "fsync"]) {
    const topic = await context.topic({ durability }, durability);
    const { performance } = await topic.appendedNumbers(1);
    const waited = performance.fsync_ms ?? -1;
    if (durability === "fsync") truth(waited >= 0, "fsync_ms of an fsync topic is there");
    else equal(waited, 0, `fsync_ms of ${durability}`);
  }
});

beyond(
  "clamped-or-refused",
  "what has a maximum in the table is clamped, what has none is refused",
  async (context) => {
    const topic = await context.topic();
    await topic.appendedNumbers(1);
    ok(await topic.diff({ limit: 1_000_000, max_batch_bytes: 1_000_000_000, wait_ms: 0 }));
    invalid(await topic.diff({ from_seq: -1 }));
    invalid(await topic.put({ priority: 3_000_000_000 }));
  },
);

beyond("stream-path-first", "a stream's path is looked up before what its reader accepts is asked", async (context) => {
  const headers = { accept: "text/html" };
  const wid = "wid_AAAAAAAAAAAAAAAAAAAAAA";
  status(await context.http.send("GET", `/v0/watch/${wid}`, undefined, { headers }), 404);
  const work = `${context.absent().path}/work?node=w`;
  error(await context.http.send("GET", work, undefined, { headers }), 404, "topic_not_found");
});

core("error-alone", "an error carries no member but error, a success none of that name", async (context) => {
  const topic = await context.topic();
  ok(await topic.get());
  for (const reply of [await context.absent().get(), await topic.append({ records: [] }), await topic.diff("{")])
    equal(Object.keys(reply.json as object), ["error"], `members of ${reply.text}`);
});

core("not-a-queue-named", "an error about a topic names it", async (context) => {
  const topic = await context.topic();
  const reply = await context.http.send("POST", `${topic.path}/claim`, { node: "w" });
  members(error(reply, 409, "not_a_queue"), { topic: topic.name }, "detail");
  await topic.appendedNumbers(1);
  members(error(await topic.drop("?if_empty=true"), 409, "topic_not_empty"), { topic: topic.name }, "detail");
});

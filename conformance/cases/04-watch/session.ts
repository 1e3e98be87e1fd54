/** Watch sessions: what they answer, what they refuse (spec 4.1). */
import { suite } from "../../case.ts";
import { equal, error, invalid, members, ok, status, truth } from "../../expect.ts";

const made = suite("watch", "4.1");
export const cases = made.cases;
const { core, beyond } = made;

core("answer", "a session answers its wid, its stream and where each topic stands", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(3);
  const reply = await context.http.send("POST", "/v0/watch", { topics: { [topic.name]: { from_seq: 1 } } });
  const answer = ok<{ wid: string; stream_url: string; topics: Record<string, unknown> }>(reply);
  truth(/^wid_[A-Za-z0-9_-]{22,}$/.test(answer.wid), `a wid has 128 random bits: ${answer.wid}`);
  equal(answer.stream_url, `/v0/watch/${answer.wid}`, "stream_url");
  members(answer, { session_ttl_ms: 300000 }, "answer");
  members(answer.topics[topic.name], { from_seq: 1, head_seq: 3, earliest_seq: 1 }, "topics");
});

core("tail", "a tail begins at the head", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(2);
  const reply = await context.http.send("POST", "/v0/watch", { topics: { [topic.name]: { tail: true } } });
  const { topics } = ok<{ topics: Record<string, unknown> }>(reply);
  members(topics[topic.name], { from_seq: 2, head_seq: 2 }, "topics");
});

core("wids-differ", "no two sessions have one wid", async (context) => {
  const topic = await context.topic();
  const body = { topics: { [topic.name]: {} } };
  truth((await context.session(body)) !== (await context.session(body)), "two sessions have two wids");
});

core("no-topics", "a session without topics is refused", async (context) => {
  invalid(await context.http.send("POST", "/v0/watch", { topics: {} }));
});

core("unknown", "a topic that does not exist is a 404, and may be left out", async (context) => {
  const [there, absent] = [await context.topic(), context.absent()];
  const topics = { [there.name]: {}, [absent.name]: {} };
  error(await context.http.send("POST", "/v0/watch", { topics }), 404, "topic_not_found");
  const lenient = await context.http.send("POST", "/v0/watch?lenient=true", { topics });
  equal(Object.keys(ok<{ topics: object }>(lenient).topics), [there.name], "topics");
  const none = await context.http.send("POST", "/v0/watch?lenient=true", { topics: { [absent.name]: {} } });
  equal(ok<{ topics: object }>(none).topics, {}, "topics");
});

core("too-many", "more than 256 topics are refused, lenient or not", async (context) => {
  const topics = Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`${context.prefix}x${i}`, {}]));
  for (const query of ["", "?lenient=true"]) invalid(await context.http.send("POST", `/v0/watch${query}`, { topics }));
});

core("no-such-wid", "a wid that does not exist is a 404", async (context) => {
  status(await context.http.send("GET", "/v0/watch/wid_AAAAAAAAAAAAAAAAAAAAAA"), 404);
});

core("not-acceptable", "a stream is not for whom takes something else only", async (context) => {
  const topic = await context.topic();
  const wid = await context.session({ topics: { [topic.name]: {} } });
  const reply = await context.http.send("GET", `/v0/watch/${wid}`, undefined, { headers: { accept: "text/html" } });
  error(reply, 406, "not_acceptable");
});

for (const [what, fields] of [
  ["heartbeat", { heartbeat_ms: "soon" }],
  ["limit", { limit: -1 }],
  ["consistency", { consistency: "certain" }],
  ["include", { include_data: 1 }],
] as const)
  beyond(`refuses-${what}`, `a ${what} that is none is refused, by name`, async (context) => {
    const topic = await context.topic();
    const detail = invalid(await context.http.send("POST", "/v0/watch", { topics: { [topic.name]: {} }, ...fields }));
    equal(detail["field"], Object.keys(fields)[0], "detail.field");
  });

/** Caps of the environment (spec 7.3, 2.9): reached, answered with 429 or cut, and given back. */
import { suite } from "../../case.ts";
import { equal, error, invalid, members, ok, status, truth } from "../../expect.ts";
import { Queue } from "../../queue.ts";
import { Router } from "../../router.ts";
import type { Reply } from "../../transport/reply.ts";

const made = suite("caps", "7.3");
export const cases = made.cases;
const { managed } = made;

function capped(reply: Reply, limit: string, max: number): void {
  truth(reply.headers["retry-after"] !== undefined, "Retry-After is there");
  members(error(reply, 429, "throttled"), { limit, max }, "detail");
}

managed("routers", "a router past TOPICS_MAX_ROUTERS is 429, and one that goes makes room", async (context) => {
  const server = await context.server({ TOPICS_MAX_ROUTERS: "1" });
  const one = new Router("one", server);
  await one.made({ source: "s", dest: "d" });
  const two = new Router("two", server);
  capped(await two.put({ source: "s2", dest: "d2" }), "max_routers", 1);
  status(await server.topic("s2").get(), 404);
  status(await server.topic("d2").get(), 404);
  ok(await one.put({ source: "s", dest: "d", preserve_tag: false }));
  ok(await one.drop());
  await two.made({ source: "s2", dest: "d2" });
});

managed("sessions", "a session past TOPICS_MAX_WATCH_SESSIONS is 429", async (context) => {
  const server = await context.server({ TOPICS_MAX_WATCH_SESSIONS: "2" });
  await server.topic("a").appendedNumbers(1);
  const asked = (): Promise<Reply> => server.send("POST", "/v0/watch", { topics: { a: {} } });
  ok(await asked());
  ok(await asked());
  capped(await asked(), "max_watch_sessions", 2);
  ok(await server.send("GET", "/v0/topics/a"));
});

managed("streams", "streams and sockets share one cap, and a place is free again when one ends", async (context) => {
  const server = await context.server({ TOPICS_MAX_SSE_CONNECTIONS: "2" });
  await server.topic("a").appendedNumbers(1);
  await server.topic("q").configured({ type: "queue" });
  const reply = await server.send("POST", "/v0/watch", { topics: { a: {} } });
  const path = `/v0/watch/${ok<{ wid: string }>(reply).wid}`;
  const first = await context.events(path, {}, server.target);
  const socket = await context.socket(server.target);
  error(await server.send("GET", path), 429, "throttled");
  error(await server.send("GET", "/v0/topics/q/work?node=w"), 429, "throttled");
  first.destroy();
  const place = async (): Promise<number> => {
    const stream = await context.events(path, {}, server.target);
    if (stream.head.status !== 200) stream.destroy();
    return stream.head.status;
  };
  let status = 429;
  for (let asked = 0; status === 429 && asked < 500; asked++) status = await place();
  equal(status, 200, "status once the first stream had gone");
  socket.destroy();
  status = 429;
  for (let asked = 0; status === 429 && asked < 500; asked++) status = await place();
  equal(status, 200, "status once the socket had gone");
});

managed("streams-per-key", "a key has so many streams at once, another key has its own", async (context) => {
  const server = await context.server({
    TOPICS_API_KEYS: "one-12345678,two-12345678",
    TOPICS_MAX_SSE_CONNECTIONS_PER_KEY: "1",
  });
  await server.topic("q").configured({ type: "queue" });
  const work = "/v0/topics/q/work?node=w";
  const first = await context.events(work, {}, server.target);
  equal(first.head.status, 200, "status of the first");
  error(await server.send("GET", work), 429, "throttled");
  const other = await context.events(work, {}, { ...server.target, token: "two-12345678" });
  equal(other.head.status, 200, "status of another key's");
});

managed(
  "idempotency-keys",
  "a key past TOPICS_MAX_IDEMPOTENCY_KEYS is 429 before a seq is assigned; none is forgotten early",
  async (context) => {
    const server = await context.server({ TOPICS_MAX_IDEMPOTENCY_KEYS: "3" });
    const topic = server.topic("a");
    const write = (key: string): Promise<Reply> => topic.append({ records: [{ data: key }], idempotency_key: key });
    for (const key of ["k1", "k2", "k3"]) ok(await write(key), 200, 201);
    error(await write("k4"), 429, "throttled");
    equal((await topic.state()).head_seq, 3, "head_seq");
    for (const key of ["k1", "k2", "k3"]) members(ok(await write(key)), { deduped: true }, `repeat of ${key}`);
    await topic.appendedNumbers(1);
    ok(await topic.drop());
    ok(await write("k4"), 201);
  },
  { section: "1.9" },
);

managed(
  "claims",
  "TOPICS_MAX_CLAIM cuts a claim, and refuses an ack that names more",
  async (context) => {
    const server = await context.server({ TOPICS_MAX_CLAIM: "3" });
    const topic = server.topic("q");
    await topic.configured({ type: "queue" });
    const queue = new Queue(topic, server);
    await queue.produced(5);
    equal(await queue.seqs("w", 1000), [1, 2, 3], "claimed");
    error(await queue.send("ack", { node: "w", seqs: [1, 2, 3, 4] }), 400, "batch_too_large");
    equal((await queue.acked("w", [1, 2, 3])).acked, 3, "acked");
  },
  { section: "2.9" },
);

managed(
  "watch-topics",
  "TOPICS_MAX_WATCH_TOPICS bounds the names of a session",
  async (context) => {
    const server = await context.server({ TOPICS_MAX_WATCH_TOPICS: "2" });
    for (const name of ["a", "b", "c"]) await server.topic(name).appendedNumbers(1);
    ok(await server.send("POST", "/v0/watch", { topics: { a: {}, b: {} } }));
    invalid(await server.send("POST", "/v0/watch", { topics: { a: {}, b: {}, c: {} } }));
    invalid(await server.send("POST", "/v0/watch?lenient=true", { topics: { a: {}, x: {}, y: {} } }));
  },
  { section: "4.1" },
);

managed(
  "depth",
  "TOPICS_MAX_JSON_DEPTH bounds how deep a body may be",
  async (context) => {
    const server = await context.server({ TOPICS_MAX_JSON_DEPTH: "6" });
    const topic = server.topic("a");
    ok(await topic.append('{"records":[{"data":[[[1]]]}]}'), 201);
    invalid(await topic.append('{"records":[{"data":[[[[1]]]]}]}'));
    await topic.untouched(1);
  },
  { section: "2.9" },
);

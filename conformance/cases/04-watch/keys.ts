/** Keys and origins on streams and WebSockets (spec 4.1, 4.4, 7.2). */
import { suite } from "../../case.ts";
import type { Context } from "../../context.ts";
import { equal, error, members, ok, status, truth } from "../../expect.ts";
import type { ManagedServer } from "../../managed/managed-server.ts";
import type { WebSocketClient } from "../../transport/ws.ts";

const made = suite("stream-keys", "7.2");
export const cases = made.cases;
const { managed } = made;

const settings = { TOPICS_API_KEYS: "all-0123456789,other-0123456789,reader-12345:r,writer-12345:w,team-12345::team-" };
const shown = (key: string): { headers: Record<string, string> } => ({ headers: { authorization: `Bearer ${key}` } });

async function watched(server: ManagedServer): Promise<string> {
  await server.topic("team-a").appendedNumbers(1);
  const reply = await server.send("POST", "/v0/watch", { topics: { "team-a": {} } });
  return ok<{ wid: string }>(reply).wid;
}

function socketOf(context: Context, server: ManagedServer, token: string): Promise<WebSocketClient> {
  return context.socket({ ...server.target, token });
}

managed("own-session", "a session is for the key that made it, and for no other", async (context) => {
  const server = await context.server(settings);
  const path = `/v0/watch/${await watched(server)}`;
  error(await server.send("GET", path, undefined, { headers: { authorization: null } }), 401, "unauthorized");
  error(await server.send("GET", path, undefined, shown("other-0123456789")), 401, "unauthorized");
  error(await server.send("GET", path, undefined, shown("no-key-at-all")), 401, "unauthorized");
  const stream = await context.events(path, {}, server.target);
  equal(stream.head.status, 200, "status for its own key");
  await stream.caughtUp();
});

managed("token", "a key may stand in the query of a stream, and nowhere else", async (context) => {
  const server = await context.server(settings);
  const wid = await watched(server);
  const bare = { ...server.target, token: undefined };
  const stream = await context.events(`/v0/watch/${wid}?token=all-0123456789`, {}, bare);
  equal(stream.head.status, 200, "status of a watch stream");
  await server.topic("jobs").configured({ type: "queue" });
  const work = await context.events("/v0/topics/jobs/work?node=w&token=all-0123456789", {}, bare);
  equal(work.head.status, 200, "status of a work stream");
  for (const path of ["/v0/topics", "/v0/topics/team-a", "/v0/topics/team-a/diff", "/v0/metrics"]) {
    const headers = { authorization: null };
    error(await server.send("GET", `${path}?token=all-0123456789`, undefined, { headers }), 401, "unauthorized");
  }
});

managed("names", "topics and prefixes of a session are held against the key's", async (context) => {
  const server = await context.server(settings);
  await watched(server);
  await server.topic("else").appendedNumbers(1);
  const narrow = shown("team-12345");
  ok(await server.send("POST", "/v0/watch", { topics: { "team-a": {} } }, narrow));
  for (const body of [
    { topics: { else: {} } },
    { topics: { "team-a": {}, else: {} } },
    { prefixes: ["e"] },
    { prefixes: [""] },
  ])
    error(await server.send("POST", "/v0/watch", body, narrow), 403, "forbidden");
  ok(await server.send("POST", "/v0/watch", { prefixes: ["team-b"] }, narrow));
});

managed(
  "socket",
  "each command on a WebSocket needs its scope and its names",
  async (context) => {
    const server = await context.server(settings);
    await watched(server);
    const publish = { op: "publish", topic: "team-a", records: [{ data: 2 }] };
    const subscribe = { op: "subscribe", topic: "team-a", tail: true };
    for (const [key, message, answer] of [
      ["reader-12345", subscribe, "subscribed"],
      ["reader-12345", publish, "forbidden"],
      ["team-12345", subscribe, "subscribed"],
      ["team-12345", { ...subscribe, topic: "else" }, "forbidden"],
      ["team-12345", { ...publish, topic: "else" }, "forbidden"],
    ] as const) {
      const socket = await socketOf(context, server, key);
      socket.say(message);
      const said = await socket.next();
      equal(said["op"] === "error" ? said["code"] : said["op"], answer, `${key} says ${JSON.stringify(message)}`);
      socket.destroy();
    }
    status(await server.send("GET", "/v0/topics/else"), 404);
  },
  { section: "4.4" },
);

managed("socket-config", "a publish that brings a configuration needs admin", async (context) => {
  const server = await context.server({ TOPICS_API_KEYS: "all-0123456789,rw-0123456789:rw" });
  const socket = await socketOf(context, server, "rw-0123456789");
  socket.say({ op: "publish", topic: "made", records: [{ data: 1 }], config: { cap_records: 1 } });
  members(await socket.next(), { op: "error", code: "forbidden" }, "with config");
  socket.say({ op: "publish", topic: "made", records: [{ data: 1 }] });
  members(await socket.next(), { op: "ack", created: true }, "without");
});

managed("foreign-pages", "a page from elsewhere gets no WebSocket, and no other name gets in", async (context) => {
  const server = await context.server();
  let refusal = "";
  try {
    await context.socket(server.target, ["Origin: https://elsewhere.example"]);
  } catch (error) {
    refusal = error instanceof Error ? error.message : "";
  }
  truth(/HTTP\/1\.1 403/.test(refusal), `a foreign Origin is refused: ${refusal}`);
  const asked = (host: string): Promise<number> =>
    context
      .client(server.target)
      .send("GET", "/v0/topics", undefined, { headers: { host } })
      .then((reply) => reply.status);
  const { port } = server.target;
  equal(await asked(`evil.example:${port}`), 403, "status for a name that is not the server's");
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
    equal(await asked(host), 200, `status for ${host}`);
  await server.restarted({ TOPICS_ALLOWED_HOSTS: "topics.internal" });
  equal(
    await context
      .client(server.target)
      .send("GET", "/v0/topics", undefined, { headers: { host: "topics.internal" } })
      .then((reply) => reply.status),
    200,
    "status for a name that was allowed",
  );
});

/** Keys, their scopes and the names that they are for (spec 7.2, 9.3): on a server that has some. */
import { suite } from "../../case.ts";
import { equal, error, ok } from "../../expect.ts";
import { numbers, whole } from "../../managed/readings.ts";
import type { SendOptions } from "../../transport/client.ts";

const made = suite("keys", "7.2");
export const cases = made.cases;
const { managed } = made;

const settings = { TOPICS_API_KEYS: "all-of-it-0123456789,narrow-9876543210::team-|shared-,reader-5555:r" };

function shown(key: string): SendOptions {
  return { headers: { Authorization: `Bearer ${key}` } };
}

managed("whole", "a key that is cut short, or goes on, is none", async (context) => {
  const server = await context.server(settings);
  ok(await server.send("PUT", "/v0/topics/one", {}, shown("all-of-it-0123456789")), 201);
  for (const key of ["a", "all-of-it", "all-of-it-012345678", "all-of-it-01234567890", "reader"])
    error(await server.send("GET", "/v0/topics/one", undefined, shown(key)), 401, "unauthorized");
  error(
    await server.send("GET", "/v0/topics/one", undefined, { headers: { Authorization: null } }),
    401,
    "unauthorized",
  );
});

managed("scopes", "a key does what its scopes say, and a refusal changes nothing", async (context) => {
  const server = await context.server(settings);
  const topic = server.topic("one");
  await topic.appendedNumbers(2);
  ok(await topic.diff({}, shown("reader-5555")), 200);
  error(await topic.append({ records: [{ data: 3 }] }, shown("reader-5555")), 403, "forbidden");
  error(await topic.deleteRecords({ before_seq: 2 }, shown("reader-5555")), 403, "forbidden");
  error(await topic.put({ cap_records: 1 }, shown("reader-5555")), 403, "forbidden");
  await whole(topic, numbers(1, 2));
});

managed(
  "names",
  "a key with prefixes is for names that begin so, by whatever spelling of the path",
  async (context) => {
    const server = await context.server(settings);
    const narrow = shown("narrow-9876543210");
    ok(await server.send("PUT", "/v0/topics/team-one", {}, narrow), 201);
    ok(await server.send("PUT", "/v0/topics/%74eam%2Dtwo", {}, narrow), 201);
    ok(await server.send("GET", "/v0/topics/team-two", undefined, narrow), 200);
    for (const segment of ["other", "%6fther", "Team-one", "steam-one", "tea"])
      error(await server.send("PUT", `/v0/topics/${segment}`, {}, narrow), 403, "forbidden");
    error(await server.send("GET", "/v0/topics/other", undefined, narrow), 403, "forbidden");
  },
);

managed("names-in-bodies", "names in a body are held against the prefixes like those in the path", async (context) => {
  const server = await context.server(settings);
  const narrow = shown("narrow-9876543210");
  const queue = { type: "queue", dead_letter: "other-dead" };
  error(await server.send("PUT", "/v0/topics/team-jobs", queue, narrow), 403, "forbidden");
  error(await server.send("GET", "/v0/topics/team-jobs", undefined, narrow), 404, "topic_not_found");
  ok(await server.send("PUT", "/v0/topics/team-jobs", { ...queue, dead_letter: "shared-dead" }, narrow), 201);
});

managed("lists", "a list has only what the key is for, page by page", async (context) => {
  const server = await context.server(settings);
  for (const name of ["other", "shared-a", "team-a", "team-b", "zz"]) await server.topic(name).appendedNumbers(1);
  const seen: string[] = [];
  let cursor = "";
  for (let pages = 0; pages < 4; pages++) {
    const reply = await server.send(
      "GET",
      `/v0/topics?page_size=1&cursor=${cursor}`,
      undefined,
      shown("narrow-9876543210"),
    );
    const body = ok<{ topics: { topic: string }[]; next_cursor?: string }>(reply, 200);
    seen.push(...body.topics.map(({ topic }) => topic));
    if (body.next_cursor === undefined) break;
    cursor = body.next_cursor;
  }
  equal(seen, ["shared-a", "team-a", "team-b"], "names");
});

managed("no-word", "a refusal says nothing of whether the topic exists", async (context) => {
  const server = await context.server(settings);
  await server.topic("other-1").appendedNumbers(1);
  const texts: string[] = [];
  for (const name of ["other-1", "other-2"]) {
    const reply = await server.send("GET", `/v0/topics/${name}`, undefined, shown("narrow-9876543210"));
    error(reply, 403, "forbidden");
    texts.push(reply.text.replaceAll(name, ""));
  }
  equal(texts[0], texts[1], "the answers");
});

managed("first", "the key comes before anything else, on paths that do not exist too", async (context) => {
  const server = await context.server(settings);
  for (const [method, path] of [
    ["GET", "/v0/nothing"],
    ["PATCH", "/v0/topics"],
    ["GET", "/v0/topics/-"],
    ["GET", "/v0/topics?token=all-of-it-0123456789"],
  ] as const)
    error(await server.send(method, path, undefined, { headers: { Authorization: null } }), 401, "unauthorized");
});

managed("probes", "health and ready ask for any key where TOPICS_PROBE_AUTH is set", async (context) => {
  const server = await context.server({ ...settings, TOPICS_PROBE_AUTH: "1" });
  for (const path of ["/v0/health", "/v0/ready"]) {
    error(await server.send("GET", path, undefined, { headers: { Authorization: null } }), 401, "unauthorized");
    ok(await server.send("GET", path, undefined, shown("reader-5555")));
  }
});

managed("config", "a write that would make a topic with a config of its own needs admin", async (context) => {
  const server = await context.server({ TOPICS_API_KEYS: "all-of-it-0123456789,writer-5555:w" });
  const body = { records: [{ data: 1 }], config: { cap_records: 5 } };
  error(await server.send("POST", "/v0/topics/made", body, shown("writer-5555")), 403, "forbidden");
  error(await server.send("GET", "/v0/topics/made"), 404, "topic_not_found");
  ok(await server.send("POST", "/v0/topics/plain", { records: [{ data: 1 }] }, shown("writer-5555")), 201);
  ok(await server.send("POST", "/v0/topics/plain", body, shown("writer-5555")), 200);
});

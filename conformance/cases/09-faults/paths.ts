/** Hostile paths: one canonical decode, the name rule after it, strict routes (spec 1.2, 9.3). */
import { suite } from "../../case.ts";
import { equal, error, members, ok, oneOf, status } from "../../expect.ts";
import { requestText } from "../../transport/raw.ts";

const made = suite("paths", "9.3");
export const cases = made.cases;
const { beyond } = made;

/** `P` stands for the prefix of the case, so that no name is anybody else's however a server reads it. */
const tricks: readonly { what: string; segment: string }[] = [
  { what: "encoded-traversal", segment: "%2e%2e%2fP" },
  { what: "encoded-traversal-upper", segment: "%2E%2E%2FP" },
  { what: "dot-dot-slash-inside", segment: "Pa%2f..%2fb" },
  { what: "backslash", segment: "Pa%5cb" },
  { what: "nul", segment: "Pa%00" },
  { what: "nul-in-the-middle", segment: "Pa%00b" },
  { what: "newline", segment: "Pa%0d%0ab" },
  { what: "encoded-slash", segment: "Pa%2fdiff" },
  { what: "twice-encoded", segment: "Pa%252e" },
  { what: "utf8", segment: "%C3%A9P" },
  { what: "full-width-dot", segment: "%EF%BC%8EP" },
  { what: "bad-utf8", segment: "Pa%ff" },
  { what: "overlong", segment: "Pa%c0%af" },
  { what: "surrogate", segment: "Pa%ed%a0%80" },
];

for (const { what, segment } of tricks) {
  beyond(`name-${what}`, `${segment} is no topic name`, async (context) => {
    const path = `/v0/topics/${context.hostile(segment.replace("P", context.prefix))}`;
    error(await context.http.send("PUT", path, {}), 400, "invalid_request");
    error(await context.http.send("POST", path, { records: [{ data: 1 }] }), 400, "invalid_request");
    error(await context.http.send("GET", path), 400, "invalid_request");
    error(await context.http.send("POST", `${path}/diff`, {}), 400, "invalid_request");
    error(await context.http.send("DELETE", path), 400, "invalid_request");
  });
}

for (const segment of ["%", "%z", "%zz", "%2", "%g0", "%u0041"]) {
  beyond(`bad-percent-${segment.replaceAll("%", "pct-")}`, `${segment} is a bad escape: 400`, async (context) => {
    for (const method of ["PUT", "GET", "DELETE", "POST"]) {
      const path = `/v0/topics/${context.hostile(context.prefix + segment)}`;
      const body = method === "PUT" ? {} : method === "POST" ? { records: [{ data: 1 }] } : undefined;
      error(await context.http.send(method, path, body), 400, "invalid_request");
    }
  });
}

beyond("escaped-name", "an escaped name is the name that it spells", async (context) => {
  const topic = await context.topic({}, "abc:d");
  const spelled = `/v0/topics/${[...topic.name].map((char) => `%${char.charCodeAt(0).toString(16)}`).join("")}`;
  equal(ok<{ topic: string }>(await context.http.send("GET", spelled)).topic, topic.name, "topic");
  ok(await context.http.send("POST", spelled, { records: [{ data: 1 }] }), 200);
  ok(await context.http.send("POST", `${spelled}/diff`, {}));
  equal((await topic.state()).count, 1, "count");
});

beyond("case-of-routes", "routes are case-sensitive", async (context) => {
  const topic = await context.topic();
  for (const path of [`/V0/topics/${topic.name}`, `/v0/Topics/${topic.name}`, `/v0/TOPICS`, `/v0/Health`]) {
    error(await context.http.send("GET", path), 404, "not_found");
  }
  error(await context.http.send("POST", `${topic.path}/DIFF`, {}), 404, "not_found");
  error(await context.http.send("POST", `${topic.path}/Delete`, { before_seq: 1 }), 404, "not_found");
});

beyond("trailing-slash", "a trailing slash is another path", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(1);
  for (const path of ["/v0/topics/", `${topic.path}/`, "/v0/health/", "/healthz/"]) {
    const reply = await context.http.send("GET", path);
    oneOf(reply.status, [404], `status of ${path}`);
  }
  status(await context.http.send("POST", `${topic.path}/diff/`, {}), 404);
  status(await context.http.send("DELETE", `${topic.path}/`), 404);
  equal((await topic.state()).count, 1, "count");
});

beyond("double-slash", "an empty segment is no segment to skip", async (context) => {
  const topic = await context.topic();
  for (const path of [`//v0/topics/${topic.name}`, `/v0//topics/${topic.name}`, `/v0/topics//${topic.name}`]) {
    oneOf((await context.http.send("GET", path)).status, [400, 404], `status of ${path}`);
  }
});

beyond("dot-segments", "dot segments are not resolved", async (context) => {
  const topic = await context.topic();
  for (const path of [
    `/v0/topics/x/../${topic.name}`,
    `/v0/./topics/${topic.name}`,
    `/v0/x/../topics/${topic.name}`,
    `/v0/topics/..`,
  ]) {
    oneOf((await context.http.send("GET", path)).status, [400, 404], `status of ${path}`);
  }
  oneOf((await context.http.send("DELETE", `/v0/topics/x/%2e%2e/${topic.name}`)).status, [400, 404], "status");
  equal((await topic.state()).topic, topic.name, "topic");
});

beyond("absolute-form", "the absolute form of a target is its path", async (context) => {
  const topic = await context.topic();
  const connection = await context.connect();
  await connection.write(requestText(context.target, "GET", `${context.target.url}${topic.path}`, []));
  members(ok<{ topic: string }>(await connection.response()), { topic: topic.name }, "state");
});

beyond("no-authority", "an absolute target whose authority is none gets an answer in the envelope", async (context) => {
  for (const origin of ["http://:x", "http://[:x", "http://a:x", "http://%", "http://a@:/b@", "ftp://[", "x"]) {
    const connection = await context.connect();
    await connection.write(requestText(context.target, "GET", `${origin}/v0/health`, []));
    const reply = await connection.response();
    oneOf(reply.status, [200, 400, 404], `status of ${origin}`);
    if (reply.status === 404) error(reply, 404, "not_found");
  }
});

beyond("fragment", "a fragment in a target never reaches another topic", async (context) => {
  const topic = await context.topic();
  const connection = await context.connect();
  await connection.write(requestText(context.target, "DELETE", `${topic.path}#x`, []));
  oneOf((await connection.response("DELETE")).status, [400, 404], "status");
  equal((await topic.state()).topic, topic.name, "topic");
});

beyond("long-path", "a very long path is refused with a 4xx and nothing worse", async (context) => {
  const { status: found } = await context.http.send("GET", `/v0/topics/${"a".repeat(8000)}`);
  oneOf(found, [400, 404, 414, 431], "status");
});

beyond("query-escapes", "a bad escape in a query is 400", async (context) => {
  for (const query of ["prefix=%zz", "prefix=%", "prefix=%ff", "cursor=%c3"]) {
    error(await context.http.send("GET", `/v0/topics?${query}`), 400, "invalid_request");
  }
});

beyond("query-plus", "names in a query are decoded", async (context) => {
  const topic = await context.topic({}, "a:b");
  const listed = await context.http.send("GET", `/v0/topics?prefix=${encodeURIComponent(topic.name)}`);
  equal(ok<{ topics: unknown[] }>(listed).topics.length, 1, "topics");
});

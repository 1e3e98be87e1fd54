/** Bounds that requests share (spec 7.3): reached, answered with 429, and free again however a request ends. */
import { suite } from "../../case.ts";
import { error, members, ok, status, truth } from "../../expect.ts";
import type { SendOptions } from "../../transport/client.ts";

const made = suite("bounds", "7.3");
export const cases = made.cases;
const { managed } = made;

const shown = (key: string): SendOptions => ({ headers: { Authorization: `Bearer ${key}` } });

managed(
  "total-bytes",
  "all topics together hold no more than TOPICS_MAX_TOTAL_BYTES; deletes make room",
  async (context) => {
    const server = await context.server({ TOPICS_MAX_TOTAL_BYTES: "1000" });
    const ten = { records: [{ data: "x".repeat(98) }] };
    const [one, two] = [server.topic("one"), server.topic("two")];
    for (let i = 0; i < 5; i++) for (const topic of [one, two]) ok(await topic.append(ten), 200, 201);
    const detail = error(await one.append(ten), 429, "throttled");
    members(detail, { limit: "max_total_bytes", max: 1000 }, "detail");
    error(await server.topic("three").append(ten), 429, "throttled");
    status(await server.topic("three").get(), 404);
    await server.restarted();
    error(await one.append(ten), 429, "throttled");
    ok(await two.deleteRecords({ before_seq: 3 }));
    ok(await one.append(ten), 200);
  },
);

managed("in-flight", "a key has so many requests at once, and gets its places back when they end", async (context) => {
  const server = await context.server({
    TOPICS_API_KEYS: "one-12345678,two-12345678",
    TOPICS_MAX_INFLIGHT_PER_KEY: "2",
  });
  await server.topic("poll").appendedNumbers(1);
  const poll = { from_seq: 1, wait_ms: 30_000 };
  const polls = [1, 2].map(() => server.send("POST", "/v0/topics/poll/diff", poll, shown("one-12345678")));
  let refused = await server.send("GET", "/v0/topics", undefined, shown("one-12345678"));
  for (let asked = 0; refused.status === 200 && asked < 200; asked++)
    refused = await server.send("GET", "/v0/topics", undefined, shown("one-12345678"));
  const detail = error(refused, 429, "throttled");
  members(detail, { limit: "max_inflight_per_key", max: 2 }, "detail");
  truth(refused.headers["retry-after"] !== undefined, "Retry-After is there");
  ok(await server.send("GET", "/v0/topics", undefined, shown("two-12345678")));
  ok(await server.send("GET", "/v0/health", undefined, shown("one-12345678")));
  ok(await server.send("POST", "/v0/topics/poll", { records: [{ data: 2 }] }, shown("two-12345678")), 200);
  for (const reply of await Promise.all(polls)) ok(reply);
  for (let i = 0; i < 10; i++) ok(await server.send("GET", "/v0/topics", undefined, shown("one-12345678")));
});

managed(
  "origins",
  "a web origin that is named may ask ahead and see answers, another may not",
  async (context) => {
    const server = await context.server({ TOPICS_API_KEYS: "k-12345678", TOPICS_CORS_ORIGINS: "https://a.example" });
    const asks = (Origin: string): SendOptions => ({
      headers: { Origin, Authorization: null, "Access-Control-Request-Method": "PUT" },
    });
    const allowed = await server.send("OPTIONS", "/v0/topics/t", undefined, asks("https://a.example"));
    truth(allowed.status === 200 || allowed.status === 204, `status ${allowed.status}`);
    truth(allowed.headers["access-control-allow-origin"] === "https://a.example", "its origin is allowed");
    status(await server.send("OPTIONS", "/v0/topics/t", undefined, asks("https://b.example")), 401);
    const answer = await server.send("GET", "/v0/topics", undefined, { headers: { Origin: "https://b.example" } });
    ok(answer);
    truth(answer.headers["access-control-allow-origin"] === undefined, "no header for another origin");
  },
  { section: "7.2" },
);

/** Starting and stopping, as seen from outside (spec 7.1, 7.4, 7.5). */
import { setImmediate as turn } from "node:timers/promises";
import { Skipped, suite } from "../../case.ts";
import { equal, error, members, ok, truth } from "../../expect.ts";
import { whole } from "../../managed/readings.ts";
import { clientFor } from "../../transport/connect.ts";

const made = suite("start-stop", "7.5");
export const cases = made.cases;
const { managed } = made;

managed(
  "interrupt",
  "SIGINT ends it as SIGTERM does: 0, and everything that was answered is there",
  async (context) => {
    const server = await context.server();
    const topic = server.topic("a");
    for (let round = 0; round < 5; round++) await topic.appendedNumbers(2);
    equal((await server.stop("SIGINT")).code, 0, "exit code");
    await server.start();
    await whole(topic, [1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
  },
);

managed("memory", "a stop writes out what memory topics were given, to the last record", async (context) => {
  const server = await context.server({ TOPICS_WAL_SHARDS: "1" });
  const topic = server.topic("a");
  await topic.configured({ durability: "memory" });
  const data = "x".repeat(900_000);
  for (let round = 1; round <= 3; round++) {
    await Promise.all(Array.from({ length: 24 }, () => topic.appended([{ data }])));
    equal((await server.stop()).code, 0, "exit code");
    await server.start();
    const { head_seq, count } = await topic.state();
    equal([head_seq, count], [24 * round, 24 * round], "head_seq and count");
    equal((await topic.read({ include_data: false })).tombstone, null, "tombstone");
  }
});

managed("long-polls-end", "a stop answers who waits, and does not wait for them to be done", async (context) => {
  const server = await context.server();
  const topic = server.topic("a");
  await topic.appendedNumbers(1);
  const polls = [1, 2, 3].map(() => topic.diff({ from_seq: 1, wait_ms: 30_000 }));
  await topic.state();
  const stopped = server.stop();
  for (const reply of await Promise.all(polls)) truth([200, 503].includes(reply.status), `status ${reply.status}`);
  equal((await stopped).code, 0, "exit code");
});

managed(
  "not-ready",
  "while it recovers health answers, and everything else is 503 not_ready with its progress",
  async (context) => {
    const server = await context.server({ TOPICS_CHECKPOINT_BYTES: "1073741824", TOPICS_CHECKPOINT_MS: "2147483647" });
    const records = Array.from({ length: 5000 }, (_, data) => ({ data, tag: `t${data % 100}` }));
    await Promise.all(
      Array.from({ length: 40 }, (_, n) => server.topic(`t${n % 8}`).append({ records }, { timeoutMs: 60_000 })),
    );
    await server.kill();
    const { target } = await server.listening();
    const client = clientFor(target, context.signal);
    try {
      const reply = await client.send("GET", "/v0/topics/t0");
      const ready = await client.send("GET", "/v0/ready");
      if (ready.status === 200) throw new Skipped("it was ready before it could be asked");
      for (const each of reply.status === 200 ? [ready] : [reply, ready]) {
        const progress = error(each, 503, "not_ready")["replay_progress"];
        truth(typeof progress === "number" && progress >= 0 && progress <= 1, `replay_progress: ${String(progress)}`);
        truth(each.headers["retry-after"] !== undefined, "Retry-After is there");
      }
      members(ok(await client.send("GET", "/v0/health")), { status: "ok" }, "health");
      ok(await client.send("GET", "/v0/metrics", undefined, { headers: { accept: "application/json" } }));
      for (let asked = 0; asked < 20_000; asked++) {
        if ((await client.send("GET", "/v0/ready")).status === 200) break;
        await turn();
      }
      equal((await server.topic("t0").state()).head_seq, 25_000, "head_seq once it is ready");
    } finally {
      client.close();
    }
  },
  { section: "7.4" },
);

managed(
  "address",
  "TOPICS_HOST may have the port, which then wins",
  async (context) => {
    const server = await context.server({ TOPICS_HOST: "127.0.0.1:0", TOPICS_PORT: "1" });
    truth(server.target.port > 1, `port ${server.target.port}`);
    ok(await server.send("GET", "/v0/health"));
  },
  { section: "7.1" },
);

managed(
  "booleans",
  "a boolean of the environment is 1, true, 0 or false",
  async (context) => {
    for (const [value, expected] of [
      ["1", 401],
      ["true", 401],
      ["0", 200],
      ["false", 200],
    ] as const) {
      const server = await context.server({ TOPICS_API_KEYS: "k-12345678", TOPICS_PROBE_AUTH: value });
      const reply = await server.send("GET", "/v0/health", undefined, { headers: { authorization: null } });
      equal(reply.status, expected, `status of health with ${value}`);
      await server.kill();
    }
  },
  { section: "7.1" },
);

managed(
  "fresh",
  "a data directory that is not there is made, and one that was emptied is a fresh start",
  async (context) => {
    const server = await context.preparedServer();
    await server.start({ TOPICS_DATA_DIR: server.path("not/there/yet") });
    await server.topic("a").appendedNumbers(1);
    await server.restarted({ TOPICS_DATA_DIR: server.path("another") });
    equal((await server.topic("a").get()).status, 404, "status of a topic of another directory");
    await server.restarted({ TOPICS_DATA_DIR: server.path("not/there/yet") });
    await whole(server.topic("a"), [1]);
  },
  { section: "7.1" },
);

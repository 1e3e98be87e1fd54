/** Settings in the environment: what they change, and what a start makes of bad ones (spec 7.1, 7.3, 2.9). */
import { readFile } from "node:fs/promises";
import { suite } from "../../case.ts";
import { contains, equal, error, members, ok, status, truth } from "../../expect.ts";
import { whole } from "../../managed/readings.ts";

const made = suite("settings", "7.1");
export const cases = made.cases;
const { managed } = made;

managed(
  "port-file",
  "the chosen address is written to TOPICS_PORT_FILE, as host:port without a newline",
  async (context) => {
    const server = await context.preparedServer();
    const file = server.path("address");
    await server.start({ TOPICS_PORT_FILE: file });
    const text = await readFile(file, "utf8");
    truth(/^127\.0\.0\.1:[1-9]\d*$/.test(text), `content of the file: ${JSON.stringify(text)}`);
  },
);

const bad: readonly (readonly [string, string])[] = [
  ["TOPICS_PORT", "70000"],
  ["TOPICS_PORT", "http"],
  ["TOPICS_MAX_BODY_BYTES", "64MB"],
  ["TOPICS_MAX_LIMIT", "-1"],
  ["TOPICS_WAL_SHARDS", "1.5"],
  ["TOPICS_ALLOW_INSECURE_NO_AUTH", "yes"],
];
for (const [name, value] of bad)
  managed(
    `bad-${name.slice(7).toLowerCase()}-${value}`,
    `${name}=${value} stops the start, and is named`,
    async (context) => {
      const server = await context.preparedServer();
      const { code, output } = await server.refused({ [name]: value });
      truth(code !== 0 && code !== null, `exit code: ${code}`);
      contains(output, name, "what it says");
    },
  );

managed("empty", "an empty value counts as unset, and an unknown name is not fatal", async (context) => {
  const server = await context.server({
    TOPICS_MAX_LIMIT: "",
    TOPICS_WAL_SHARDS: "0",
    TOPICS_SERVICE_HOST: "10.0.0.1",
    TOPICS_SERVICE_PORT: "tcp://10.0.0.1:4000",
  });
  await server.topic("there").appendedNumbers(1);
});

managed(
  "exposed",
  "without keys it refuses to listen beyond loopback, unless it is told to",
  async (context) => {
    const server = await context.preparedServer();
    const { code } = await server.refused({ TOPICS_HOST: "0.0.0.0" });
    truth(code !== 0 && code !== null, `exit code: ${code}`);
  },
  { section: "7.2" },
);

managed(
  "max-topics",
  "a topic past TOPICS_MAX_TOPICS is 429, what is there goes on, and a delete makes room",
  async (context) => {
    const server = await context.server({ TOPICS_MAX_TOPICS: "2" });
    for (const name of ["one", "two"]) await server.topic(name).appendedNumbers(1);
    const three = server.topic("three");
    for (const reply of [await three.put({}), await three.append({ records: [{ data: 1 }] })]) {
      truth(reply.headers["retry-after"] !== undefined, "Retry-After is there");
      const detail = error(reply, 429, "throttled");
      members(detail, { limit: "max_topics", max: 2 }, "detail");
    }
    equal((await three.get()).status, 404, "status of the refused topic");
    await server.topic("one").appendedNumbers(1);
    await server.topic("two").configured({ cap_records: 5 });
    await server.restarted();
    status(await three.put({}), 429);
    ok(await server.topic("one").drop());
    status(await three.put({}), 201);
  },
  { section: "7.3" },
);

managed(
  "batch-limits",
  "limits of a write are those of the environment, and a refused write costs nothing",
  async (context) => {
    const server = await context.server({
      TOPICS_MAX_BATCH_RECORDS: "3",
      TOPICS_MAX_RECORD_BYTES: "100",
      TOPICS_MAX_BODY_BYTES: "2000",
      TOPICS_MAX_META_BYTES: "50",
      TOPICS_MAX_TAG_BYTES: "5",
      TOPICS_MAX_NODE_BYTES: "4",
    });
    const topic = server.topic("tight");
    await topic.configured({});
    const refused: readonly (readonly [number, unknown])[] = [
      [400, { records: [{ data: 1 }, { data: 2 }, { data: 3 }, { data: 4 }] }],
      [400, { records: [{ data: 1, tag: "longer" }] }],
      [400, { records: [{ data: 1, node: "nodes" }] }],
      [413, { records: [{ data: "x".repeat(2000) }] }],
    ];
    for (const [expected, body] of refused) status(await topic.append(body as Record<string, unknown>), expected);
    for (const body of [{ data: "x".repeat(100) }, { data: 1, meta: { key: "x".repeat(50) } }]) {
      const reply = await topic.append({ records: [body] });
      truth(reply.status === 400 || reply.status === 413, `status of a record that is too large: ${reply.status}`);
    }
    await topic.untouched();
    await topic.appended([{ data: "x".repeat(90), tag: "five5", node: "four" }, { data: 1 }, { data: 2 }]);
  },
  { section: "2.9" },
);

managed(
  "max-limit",
  "limit is clamped to TOPICS_MAX_LIMIT",
  async (context) => {
    const server = await context.server({ TOPICS_MAX_LIMIT: "7" });
    const topic = server.topic("read");
    await topic.appendedNumbers(20);
    equal((await topic.read({ limit: 1000 })).records.length, 7, "records of one read");
    await whole(
      topic,
      Array.from({ length: 20 }, (_, at) => at + 1),
    );
  },
  { section: "2.7" },
);

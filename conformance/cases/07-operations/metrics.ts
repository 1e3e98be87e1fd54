/** Metrics (spec 7.4): every name of the contract, in both formats, and figures that follow what is done. */
import { Skipped, suite } from "../../case.ts";
import { equal, error, finite, ok, status, truth, whole } from "../../expect.ts";
import type { HttpClient } from "../../transport/client.ts";

const made = suite("metrics", "7.4");
export const cases = made.cases;
const { core, beyond, managed } = made;

const gauges =
  `topics_topics topics_topics_by_class topics_routers topics_records_live topics_bytes_live topics_queue_topics
  topics_queue_leases_in_flight topics_sse_connections topics_watch_sessions topics_ready topics_recovery_progress
  topics_uptime_ms topics_wal_queue_depth topics_wal_queue_depth_peak topics_wal_read_only`.split(/\s+/);
const counters = ["frames", "batches", "fsyncs", "bytes_written", "rotations", "submit_full"];
const members =
  `topics topics_ephemeral topics_memory topics_disk topics_fsync routers records_live bytes_live queue_topics
  queue_leases_in_flight sse_connections watch_sessions replay_progress uptime_ms`.split(/\s+/);
const walMembers =
  `frames batches fsyncs fsync_count fsync_micros_total bytes_written rotations submit_full_total queue_depth
  queue_depth_peak`.split(/\s+/);

async function page(http: HttpClient): Promise<string> {
  const reply = await http.send("GET", "/v0/metrics");
  status(reply, 200);
  return reply.text;
}

/** The sum over all series of a name. */
function value(text: string, name: string): number | undefined {
  const lines = text.split("\n").filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  if (lines.length === 0) return undefined;
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

core("text", "without an Accept it is the text format of Prometheus, with every name", async (context) => {
  const reply = await context.http.send("GET", "/v0/metrics");
  status(reply, 200);
  const type = reply.headers["content-type"] ?? "";
  truth(type.startsWith("text/plain") && type.includes("version=0.0.4"), `content type ${type}`);
  for (const name of gauges) truth(value(reply.text, name) !== undefined, `${name} is there`);
  for (const name of counters) truth(value(reply.text, `topics_wal_${name}_total`) !== undefined, `${name} is there`);
  for (const le of ["50", "100", "250", "500", "1000", "5000", "10000", "50000", "100000", "+Inf"])
    truth(reply.text.includes(`topics_wal_fsync_latency_us_bucket{le="${le}"}`), `a bucket up to ${le}`);
});

core("json", "for who asks for JSON it is one object with every member", async (context) => {
  const reply = await context.http.send("GET", "/v0/metrics", undefined, { headers: { Accept: "application/json" } });
  const body = ok<Readonly<Record<string, unknown>>>(reply, 200);
  for (const name of members) finite(body[name], name);
  const wal = body["wal"] as Readonly<Record<string, unknown>>;
  for (const name of walMembers) finite(wal[name], `wal.${name}`);
  truth("ready" in body && "read_only" in wal, "ready and wal.read_only are there");
});

core("topic", "a topic has series of its own", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(3);
  const text = await page(context.http);
  if (value(text, "topics_topic_metrics_truncated") !== 0) throw new Skipped("there are too many topics for that");
  for (const [name, expected] of Object.entries({ head_seq: 3, earliest_seq: 1, records_live: 3 }))
    equal(
      value(text, `topics_topic_${name}{topic="${topic.name}"}`) ?? value(text, `topics_topic_${name}`),
      expected,
      name,
    );
});

core("counts", "what is written is counted", async (context) => {
  const before = await page(context.http);
  const topic = await context.topic({ durability: "fsync" });
  await topic.appendedNumbers(5);
  const after = await page(context.http);
  for (const name of ["topics_wal_frames_total", "topics_wal_fsyncs_total", "topics_wal_bytes_written_total"])
    truth(value(after, name)! > value(before, name)!, `${name} grows`);
});

core(
  "open",
  "it needs a key with read",
  async (context) => {
    const reply = await context.http.send("GET", "/v0/metrics", undefined, { headers: { authorization: null } });
    error(reply, 401, "unauthorized");
  },
  { needs: ({ target }) => (target.token === undefined ? "the server runs without auth" : undefined) },
);

beyond("bounded", "no series is made of what clients ask for", async (context) => {
  const lines = async (): Promise<number> => (await page(context.http)).split("\n").length;
  for (const target of ["/nothing", "/v0/topics/-", `/v0/topics/${context.prefix}none`])
    await context.http.send("GET", target);
  await lines();
  const before = await lines();
  for (let i = 0; i < 20; i++) {
    await context.http.send("GET", `/nothing/${i}?x=${i}`);
    await context.http.send("GET", `/v0/topics/${context.prefix}none-${i}`);
  }
  // Other cases may make topics meanwhile, with six series each; forty answers of one series each would be more.
  const grown = (await lines()) - before;
  const text = await page(context.http);
  truth(!text.includes("/nothing/") && !text.includes("none-"), `no series has a name of these (${grown} lines more)`);
});

managed("narrow", "a key with prefixes sees the series of its own topics", async (context) => {
  const server = await context.server({ TOPICS_API_KEYS: "whole-12345678,narrow-12345678:r:team." });
  for (const name of ["team.a", "other.a"]) await server.topic(name).appendedNumbers(1);
  const headers = { Authorization: "Bearer narrow-12345678" };
  const { text } = await server.send("GET", "/v0/metrics", undefined, { headers });
  truth(text.includes('topic="team.a"') && !text.includes("other.a"), "only its own");
  whole(value(text, "topics_topics"), "topics in all");
});

/** Streams that are not read, and streams that open while the server is busy with others (spec 4.3). */
import { suite } from "../../case.ts";
import type { Context } from "../../context.ts";
import { equal, truth } from "../../expect.ts";
import { seqsOf } from "../../topic.ts";

const made = suite("watch-slow", "4.3");
export const cases = made.cases;
const { beyond } = made;

interface Records {
  readonly records: readonly { readonly $seq: number }[];
}

const record = `{"data":"${"x".repeat(60_000)}"}`;
const batch = `{"records":[${Array.from({ length: 40 }, () => record).join(",")}]}`;

beyond("stalled", "what comes while a stream is not read is there when it is, each record once", async (context) => {
  const [busy, live] = [await context.topic(), await context.topic()];
  const wid = await context.session({ topics: { [busy.name]: {} } });
  let stalled = await context.stream(wid);
  const other = await context.stream({ topics: { [live.name]: {} } });
  let id = (await stalled.caughtUp()).at(-1)!.id;
  await other.caughtUp();
  stalled.pause();
  const batches = 5;
  for (let written = 0; written < batches; written++) {
    await busy.append(batch);
    await live.appendedNumbers(1);
    const { data } = await other.nextButCaughtUp();
    equal(seqsOf(data as unknown as Records), [written + 1], "seqs of a stream beside the stalled one");
  }
  stalled.resume();
  const seqs: number[] = [];
  while (seqs.length < 40 * batches) {
    const { id: next, event, data } = await stalled.nextButCaughtUp();
    if (event === "record") seqs.push(...seqsOf(data as unknown as Records));
    // Where it takes half a minute to write as much, the stream has been given up.
    else stalled = await context.stream(wid, { "last-event-id": id! });
    id = next;
  }
  equal(
    seqs,
    Array.from({ length: 40 * batches }, (_, at) => at + 1),
    "seqs of the stalled stream",
  );
});

beyond(
  "opens-while-busy",
  "a record that is written while its stream opens arrives, however busy the server is",
  async (context) => {
    const loud = await context.topic();
    await loud.appendedNumbers(5000);
    for (let round = 0; round < 6; round++) await opens(context, loud.name);
  },
);

/** A stream of thousands of frames keeps the server busy; meanwhile another one opens, and its topic is written to. */
async function opens(context: Context, loud: string): Promise<void> {
  const quiet = await context.topic({ priority: 1000 });
  const wid = await context.session({ topics: { [quiet.name]: { tail: true } } });
  const [reader, writer] = [await context.connect(), await context.connect()];
  const noise = await context.stream({ topics: { [loud]: {} }, limit: 1 });
  const { host, port, token } = context.target;
  const common = [`Host: ${host}:${port}`, ...(token === undefined ? [] : [`Authorization: Bearer ${token}`])];
  const body = '{"records":[{"data":"once"}]}';
  const lines = [...common, "Content-Type: application/json", `Content-Length: ${body.length}`];
  await Promise.all([
    reader.write(`GET /v0/watch/${wid} HTTP/1.1\r\n${common.join("\r\n")}\r\n\r\n`),
    writer.write(`POST ${quiet.path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`),
  ]);
  equal((await writer.response("POST")).status, 200, "status of the write");
  const text = await reader.upTo('"data":"once"');
  truth(text.includes("event: record\n"), "the record comes in a record event");
  noise.destroy();
  reader.destroy();
}

/** Batch limits: the last value that passes and the first that does not (spec 1.1, 2.9). */
import { suite } from "../../case.ts";
import type { Context } from "../../context.ts";
import { contains, equal, error, invalid, ok, status } from "../../expect.ts";
import { requestText } from "../../transport/raw.ts";

const made = suite("limits", "2.9");
export const cases = made.cases;
const { core, beyond } = made;

const texts: readonly { field: "tag" | "node"; max: number }[] = [
  { field: "tag", max: 256 },
  { field: "node", max: 128 },
];

for (const { field, max } of texts) {
  core(`${field}-bytes`, `a ${field} of ${max} bytes passes, one of ${max + 1} is 400`, async (context) => {
    const topic = await context.topic();
    const longest = "x".repeat(max);
    await topic.appended([{ data: 1, [field]: longest }]);
    const [record] = (await topic.read({ include_tags: true })).records;
    equal(record?.[`$${field}`], longest, `$${field}`);
    invalid(await topic.append({ records: [{ data: 1 }, { data: 1, [field]: `${longest}x` }] }));
    equal((await topic.state()).head_seq, 1, "head_seq");
  });

  beyond(`${field}-utf8`, `the limit of a ${field} counts UTF-8 bytes, not characters`, async (context) => {
    const topic = await context.topic();
    await topic.appended([{ data: 1, [field]: "é".repeat(max / 2) }]);
    invalid(await topic.append({ records: [{ data: 1, [field]: `${"é".repeat(max / 2)}x` }] }));
    await topic.appended([{ data: 1, [field]: "😀".repeat(max / 4) }]);
    invalid(await topic.append({ records: [{ data: 1, [field]: "😀".repeat(max / 4 + 1) }] }));
  });

  beyond(`${field}-escaped`, `the limit of a ${field} counts its value, not its escapes`, async (context) => {
    const topic = await context.topic();
    ok(await topic.append(`{"records":[{"data":1,"${field}":"${"\\u0061".repeat(max)}"}]}`));
    invalid(await topic.append(`{"records":[{"data":1,"${field}":"${"\\u0061".repeat(max + 1)}"}]}`));
    const [record] = (await topic.read({ include_tags: true })).records;
    equal(record?.[`$${field}`], "a".repeat(max), `$${field}`);
  });
}

core("batch-node-bytes", "a batch node of 128 bytes passes, one of 129 is 400", async (context) => {
  const topic = await context.topic();
  await topic.appended([{ data: 1 }], { node: "n".repeat(128) });
  invalid(await topic.append({ records: [{ data: 1 }], node: "n".repeat(129) }));
});

core("key-bytes", "an idempotency key of 256 bytes passes, one of 257 is 400", async (context) => {
  const topic = await context.topic();
  await topic.appended([{ data: 1 }], { idempotency_key: "k".repeat(256) });
  invalid(await topic.append({ records: [{ data: 1 }], idempotency_key: "k".repeat(257) }));
  equal((await topic.state()).head_seq, 1, "head_seq");
});

function metaOf(keys: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: keys }, (_, index) => [`k${String(index).padStart(3, "0")}`, index]));
}

core("meta-keys", "meta of 64 keys passes, of 65 is 400", async (context) => {
  const topic = await context.topic();
  await topic.appended([{ data: 1, meta: metaOf(64) }]);
  invalid(await topic.append({ records: [{ data: 1, meta: metaOf(65) }] }));
  equal((await topic.read()).records[0]?.meta, metaOf(64), "meta");
});

core("meta-bytes", "meta of 16 KiB passes, one byte more is 400", async (context) => {
  const topic = await context.topic();
  const room = 16 * 1024 - '{"k":""}'.length;
  await topic.appended([{ data: 1, meta: { k: "x".repeat(room) } }]);
  invalid(await topic.append({ records: [{ data: 1, meta: { k: "x".repeat(room + 1) } }] }));
  equal((await topic.state()).bytes, 16 * 1024 + 1, "bytes");
});

beyond("meta-object", "meta is an object", async (context) => {
  const topic = await context.topic();
  for (const meta of ["x", 5, true, [], [1]]) invalid(await topic.append({ records: [{ data: 1, meta }] }));
  await topic.untouched();
});

beyond("record-bytes", "data of 1 MiB passes, one byte more is record_too_large", async (context) => {
  const topic = await context.topic();
  const largest = "x".repeat(1024 * 1024 - 2);
  await topic.appended([{ data: largest }]);
  error(await topic.append({ records: [{ data: 1 }, { data: `${largest}x` }] }), 400, "record_too_large");
  const answer = await topic.read({ max_batch_bytes: 1 });
  equal((answer.records[0]?.data as string | undefined)?.length, largest.length, "length of what is read");
  equal((await topic.state()).bytes, 1024 * 1024, "bytes");
});

beyond("record-bytes-with-meta", "the record limit counts data and meta together", async (context) => {
  const topic = await context.topic();
  const meta = { k: "y".repeat(1000) };
  const room = 1024 * 1024 - JSON.stringify(meta).length - 2;
  await topic.appended([{ data: "x".repeat(room), meta }]);
  error(await topic.append({ records: [{ data: "x".repeat(room + 1), meta }] }), 400, "record_too_large");
});

core("batch-records", "10 000 records pass, one more is batch_too_large", async (context) => {
  const topic = await context.topic();
  const most = Array.from({ length: 10_000 }, () => ({ data: 1 }));
  const answer = await topic.appended(most);
  equal({ count: answer.count, last: answer.last_seq }, { count: 10_000, last: 10_000 }, "answer");
  equal(answer.seqs?.length, 10_000, "seqs");
  error(await topic.append({ records: [...most, { data: 1 }] }), 400, "batch_too_large");
  equal((await topic.state()).count, 10_000, "count");
});

/** Headers of a write alone, and what comes back before any byte of the body. */
async function declare(context: Context, path: string, length: string): Promise<number> {
  const connection = await context.connect();
  const headers = ["Content-Type: application/json", `Content-Length: ${length}`];
  await connection.write(requestText(context.target, "POST", path, headers));
  const reply = await connection.response("POST");
  error(reply, 413, "payload_too_large");
  return reply.status;
}

core(
  "body-declared-huge",
  "a body declared as 1 TiB is 413 before a byte of it has come",
  async (context) => {
    const topic = await context.topic();
    await declare(context, topic.path, String(1024 ** 4));
    await topic.untouched();
  },
  { section: "2.1" },
);

beyond(
  "body-declared-over-default",
  "a body declared as one byte over 64 MiB is 413",
  async (context) => {
    const topic = await context.topic();
    await declare(context, topic.path, String(64 * 1024 * 1024 + 1));
    await declare(context, `${topic.path}/diff`, String(64 * 1024 * 1024 + 1));
  },
  { section: "2.9" },
);

beyond(
  "body-chunked-too-large",
  "a chunked body that outgrows the limit is 413, though nothing declared its size",
  async (context) => {
    const topic = await context.topic();
    const connection = await context.connect();
    const headers = ["Content-Type: application/json", "Transfer-Encoding: chunked"];
    await connection.write(requestText(context.target, "POST", topic.path, headers));
    const chunk = Buffer.concat([Buffer.from("100000\r\n"), Buffer.alloc(0x100000, " "), Buffer.from("\r\n")]);
    const send = async (): Promise<void> => {
      for (let sent = 0; sent < 66; sent++) await connection.write(chunk);
      await connection.write("0\r\n\r\n");
    };
    const [reply] = await Promise.all([connection.response("POST"), send()]);
    error(reply, 413, "payload_too_large");
    await topic.untouched();
  },
  { section: "2.1" },
);

beyond("large-batch", "many large records fit one body", async (context) => {
  const topic = await context.topic();
  const data = "x".repeat(500_000);
  await topic.appended(Array.from({ length: 8 }, () => ({ data })));
  const reply = await topic.diff({ max_batch_bytes: 8 * 1024 * 1024 });
  status(reply, 200);
  contains(reply.text, data, "body");
  equal((await topic.readAll()).length, 8, "records");
});

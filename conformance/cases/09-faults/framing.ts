/** HTTP/1.1 framing: pipelining, trickled and cut requests, contradictions (spec 7.6, 9.3). */
import { suite } from "../../case.ts";
import type { Context } from "../../context.ts";
import { equal, error, members, ok, status, truth } from "../../expect.ts";
import { seqsOf } from "../../topic.ts";
import { jsonRequest, requestText } from "../../transport/raw.ts";
import type { AppendAnswer, DiffAnswer, StateAnswer } from "../../wire.ts";

const made = suite("framing", "9.3");
export const cases = made.cases;
const { core, beyond } = made;

const body = '{"records":[{"data":1}]}';
const jsonType = "Content-Type: application/json";

beyond(
  "pipelined",
  "pipelined requests are answered in order, each with its own answer",
  async (context) => {
    const topics = [await context.topic(), await context.topic(), await context.topic()];
    const connection = await context.connect();
    const { target } = context;
    const requests = topics.map((topic, index) => [
      jsonRequest(target, "POST", topic.path, `{"records":[{"data":${index}}]}`),
      requestText(target, "GET", topic.path, []),
      jsonRequest(target, "POST", `${topic.path}/diff`, "{}"),
      requestText(target, "GET", `${topic.path}x`, []),
    ]);
    await connection.write(requests.flat().join(""));
    for (const { name } of topics) {
      equal(ok<AppendAnswer>(await connection.response("POST")).topic, name, "topic of the write");
      equal(ok<StateAnswer>(await connection.response("GET")).topic, name, "topic of the state");
      equal(ok<DiffAnswer>(await connection.response("POST")).topic, name, "topic of the read");
      equal(error(await connection.response("GET"), 404, "topic_not_found")["topic"], `${name}x`, "detail.topic");
    }
    for (const topic of topics) equal((await topic.state()).head_seq, 1, "head_seq");
  },
  { section: "7.6" },
);

beyond(
  "pipelined-writes",
  "pipelined writes to a topic are taken in the order of their requests",
  async (context) => {
    const topic = await context.topic();
    const connection = await context.connect();
    const rounds = Array.from({ length: 20 }, (_, round) => round);
    const write = (round: number): string =>
      jsonRequest(context.target, "POST", topic.path, `{"records":[{"data":${round}}]}`);
    await connection.write(rounds.map(write).join(""));
    for (const round of rounds) {
      equal(ok<AppendAnswer>(await connection.response("POST")).first_seq, round + 1, "first_seq");
    }
    equal(
      (await topic.read()).records.map((record) => record.data),
      rounds,
      "data in the order of seqs",
    );
  },
  { section: "7.6" },
);

/** RFC 9112, 9.3.2: pipelined requests may be processed in parallel only if all their methods are safe. */
beyond(
  "pipelined-read-your-write",
  "a pipelined read sees the writes ahead of it on its connection",
  async (context) => {
    const topic = await context.topic();
    const connection = await context.connect();
    const { target } = context;
    const requests = Array.from({ length: 5 }, (_, round) => [
      jsonRequest(target, "POST", topic.path, `{"records":[{"data":${round}}]}`),
      jsonRequest(target, "POST", `${topic.path}/diff`, `{"from_seq":${round}}`),
    ]);
    await connection.write(requests.flat().join(""));
    for (let round = 0; round < 5; round++) {
      ok(await connection.response("POST"));
      const read = ok<DiffAnswer>(await connection.response("POST"));
      equal(read.records[0]?.data, round, "data of the first record read");
    }
  },
  { section: "7.6" },
);

beyond(
  "pipelined-errors",
  "an error in the middle of a pipeline leaves the others",
  async (context) => {
    const topic = await context.topic();
    const connection = await context.connect();
    const { target } = context;
    await connection.write(
      [
        jsonRequest(target, "POST", topic.path, body),
        jsonRequest(target, "POST", topic.path, "{"),
        requestText(target, "GET", "/v0/nothing", []),
        jsonRequest(target, "POST", topic.path, body),
      ].join(""),
    );
    ok(await connection.response("POST"));
    error(await connection.response("POST"), 400, "invalid_request");
    error(await connection.response("GET"), 404, "not_found");
    equal(ok<AppendAnswer>(await connection.response("POST")).first_seq, 2, "first_seq");
  },
  { section: "2.2" },
);

core(
  "keep-alive",
  "errors keep the connection usable",
  async (context) => {
    const topic = await context.topic();
    const connection = await context.connect();
    const { target } = context;
    const bad: readonly [string, string, number][] = [
      ["POST", jsonRequest(target, "POST", topic.path, "nope"), 400],
      ["POST", jsonRequest(target, "POST", topic.path, "{}"), 400],
      ["GET", requestText(target, "GET", context.absent().path, []), 404],
      ["GET", requestText(target, "GET", "/nowhere", []), 404],
      ["PUT", requestText(target, "PUT", `${topic.path}/diff`, []), 405],
      ["POST", requestText(target, "POST", topic.path, ["Content-Type: text/plain", "Content-Length: 2"]) + "{}", 415],
    ];
    for (const [method, text, expected] of bad) {
      await connection.write(text);
      status(await connection.response(method), expected);
      await connection.write(jsonRequest(target, "POST", topic.path, body));
      ok(await connection.response("POST"));
    }
    equal((await topic.state()).head_seq, bad.length, "head_seq");
  },
  { section: "2.2" },
);

beyond("byte-at-a-time", "a request that comes byte by byte is a request", async (context) => {
  const topic = await context.topic();
  const connection = await context.connect();
  for (const byte of Buffer.from(jsonRequest(context.target, "POST", topic.path, body))) {
    await connection.write(Buffer.from([byte]));
  }
  equal(ok<AppendAnswer>(await connection.response("POST")).first_seq, 1, "first_seq");
});

beyond("split-character", "a character that is split over packets is one character", async (context) => {
  const topic = await context.topic();
  const connection = await context.connect();
  const bytes = Buffer.from(jsonRequest(context.target, "POST", topic.path, '{"records":[{"data":"é😀日"}]}'));
  for (let at = 0; at < bytes.length; at += 3) await connection.write(bytes.subarray(at, at + 3));
  ok(await connection.response("POST"));
  equal((await topic.read()).records[0]?.data, "é😀日", "data");
});

/** Sends a body in chunks of the given texts. */
async function chunked(context: Context, path: string, chunks: readonly string[]): Promise<void> {
  const connection = await context.connect();
  await connection.write(requestText(context.target, "POST", path, [jsonType, "Transfer-Encoding: chunked"]));
  for (const chunk of chunks) {
    await connection.write(`${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`);
  }
  await connection.write("0\r\n\r\n");
  ok(await connection.response("POST"));
}

beyond("chunked", "a chunked body is a body, however it is cut", async (context) => {
  const topic = await context.topic();
  await chunked(context, topic.path, [body]);
  await chunked(context, topic.path, [...body]);
  await chunked(context, topic.path, [body.slice(0, 7), body.slice(7)]);
  equal((await topic.state()).head_seq, 3, "head_seq");
});

/** A request whose body ends early; another write proves what was committed before and after the cut. */
async function cut(context: Context, head: string, part: string): Promise<void> {
  const topic = await context.topic();
  const connection = await context.connect();
  await connection.write(requestText(context.target, "POST", topic.path, [jsonType, head]) + part);
  equal((await topic.appendedNumbers(1)).first_seq, 1, "first_seq while the body is still to come");
  connection.destroy();
  equal((await topic.appendedNumbers(1)).first_seq, 2, "first_seq after the cut");
  equal(seqsOf(await topic.read()), [1, 2], "seqs");
}

beyond("body-cut-short", "a body that is shorter than declared commits nothing", async (context) => {
  await cut(context, `Content-Length: ${body.length + 1}`, body);
  await cut(context, `Content-Length: ${body.length}`, body.slice(0, -1));
  await cut(context, "Content-Length: 1000", `${body}${" ".repeat(100)}`);
});

beyond("chunks-cut-short", "a chunked body without its last chunk commits nothing", async (context) => {
  const size = body.length.toString(16);
  await cut(context, "Transfer-Encoding: chunked", `${size}\r\n${body}\r\n`);
  await cut(context, "Transfer-Encoding: chunked", `${size}\r\n${body}`);
  await cut(context, "Transfer-Encoding: chunked", `${(body.length + 1).toString(16)}\r\n${body}`);
});

beyond("half-closed", "a body that ends early by a half-closed connection commits nothing", async (context) => {
  const topic = await context.topic();
  for (const length of [body.length + 1, body.length + 5000]) {
    const connection = await context.connect();
    const head = requestText(context.target, "POST", topic.path, [jsonType, `Content-Length: ${length}`]);
    await connection.write(head + body);
    await connection.end();
    truth(await connection.closed(), "the server closes");
  }
  await topic.untouched();
});

/** Requests that contradict themselves: 400, and the connection is closed, so that nothing behind them is a request. */
const contradictions: readonly { what: string; headers: readonly string[]; body: string }[] = [
  {
    what: "length-and-chunked",
    headers: [`Content-Length: ${body.length}`, "Transfer-Encoding: chunked"],
    body: `0\r\n\r\n`,
  },
  { what: "two-lengths", headers: [`Content-Length: ${body.length}`, "Content-Length: 3"], body },
  { what: "negative-length", headers: ["Content-Length: -1"], body },
  { what: "length-of-text", headers: ["Content-Length: 0x18"], body },
  { what: "length-list", headers: [`Content-Length: ${body.length}, 3`], body },
  { what: "bad-chunk-size", headers: ["Transfer-Encoding: chunked"], body: `zz\r\n${body}\r\n0\r\n\r\n` },
  { what: "negative-chunk-size", headers: ["Transfer-Encoding: chunked"], body: `-1\r\n${body}\r\n0\r\n\r\n` },
  { what: "chunk-longer-than-said", headers: ["Transfer-Encoding: chunked"], body: `3\r\n${body}\r\n0\r\n\r\n` },
  { what: "two-hosts", headers: ["Host: other.example", `Content-Length: ${body.length}`], body },
  {
    what: "two-authorizations",
    headers: ["Authorization: Bearer a", "Authorization: Bearer b", "Content-Length: 0"],
    body: "",
  },
  { what: "space-before-colon", headers: [`Content-Length : ${body.length}`], body },
  { what: "folded-header", headers: ["X-Folded: a", " b: c", `Content-Length: ${body.length}`], body },
  { what: "bad-header-name", headers: ["Bad(Name): x", `Content-Length: ${body.length}`], body },
  { what: "nul-in-header", headers: ["X-Nul: a\u0000b", `Content-Length: ${body.length}`], body },
];

for (const { what, headers, body: sent } of contradictions) {
  beyond(
    `refused-${what}`,
    "a request that contradicts itself is 400, and the connection is closed",
    async (context) => {
      const topic = await context.topic();
      const connection = await context.connect();
      const smuggled = jsonRequest(context.target, "POST", topic.path, body);
      await connection.write(requestText(context.target, "POST", topic.path, [jsonType, ...headers]) + sent + smuggled);
      status(await connection.response("POST"), 400);
      truth(await connection.closed(), "the connection is closed");
      await topic.untouched();
    },
  );
}

beyond("no-host", "a request of HTTP/1.1 without a Host is 400", async (context) => {
  const connection = await context.connect();
  await connection.write("GET /v0/health HTTP/1.1\r\n\r\n");
  status(await connection.response(), 400);
});

beyond("garbage", "bytes that are no request are refused, and the server goes on", async (context) => {
  for (const bytes of [
    "\u0000\u0001\u0002\r\n\r\n",
    "GET\r\n\r\n",
    "GET /v0/health HTTP/9.9\r\n\r\n",
    "\u0016\u0003\u0001\u0002\u0000",
  ]) {
    const connection = await context.connect();
    await connection.write(Buffer.from(bytes, "latin1"));
    await connection.end();
    truth(await connection.closed(), "the connection is closed");
  }
  ok(await context.http.send("GET", "/v0/health"));
});

beyond("large-headers", "headers without bound are refused", async (context) => {
  const connection = await context.connect();
  await connection.write(requestText(context.target, "GET", "/v0/health", [`X-Large: ${"x".repeat(1024 * 1024)}`]));
  status(await connection.response(), 400, 413, 431);
});

beyond(
  "connection-close",
  "Connection: close is obeyed",
  async (context) => {
    const connection = await context.connect();
    await connection.write(requestText(context.target, "GET", "/v0/health", ["Connection: close"]));
    members(ok<{ status: string }>(await connection.response()), { status: "ok" }, "body");
    truth(await connection.closed(), "the connection is closed");
  },
  { section: "7.6" },
);

beyond(
  "expect-continue",
  "Expect: 100-continue is answered before the body is sent",
  async (context) => {
    const topic = await context.topic();
    const connection = await context.connect();
    const headers = [jsonType, `Content-Length: ${body.length}`, "Expect: 100-continue"];
    await connection.write(requestText(context.target, "POST", topic.path, headers));
    await connection.continued();
    await connection.write(body);
    ok(await connection.response("POST"));
  },
  { section: "7.6" },
);

beyond("get-with-body", "a body on a GET is read past: the next request is not made of it", async (context) => {
  const topic = await context.topic();
  const connection = await context.connect();
  const smuggled = jsonRequest(context.target, "DELETE", topic.path, "");
  const head = requestText(context.target, "GET", topic.path, [jsonType, `Content-Length: ${smuggled.length}`]);
  await connection.write(head + smuggled + requestText(context.target, "GET", topic.path, []));
  const first = await connection.response();
  if (first.status === 200) ok(await connection.response());
  else status(first, 400);
  equal((await topic.state()).topic, topic.name, "topic");
});

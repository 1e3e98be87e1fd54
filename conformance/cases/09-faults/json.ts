/** Hostile JSON: refused as a whole, or taken and readable; nothing in between (spec 1.1, 9.3). */
import { gunzipSync, gzipSync } from "node:zlib";
import { suite } from "../../case.ts";

import { contains, equal, error, invalid, members, ok, oneOf, status, truth } from "../../expect.ts";

const made = suite("json", "9.3");
export const cases = made.cases;
const { core, beyond } = made;

/** Not JSON by RFC 8259, each as the value of `data`. */
const broken: readonly { what: string; text: string }[] = [
  { what: "leading-zero", text: "01" },
  { what: "plus-sign", text: "+1" },
  { what: "lone-minus", text: "-" },
  { what: "no-integer-part", text: ".5" },
  { what: "no-fraction", text: "1." },
  { what: "no-exponent", text: "1e" },
  { what: "no-exponent-digits", text: "1e+" },
  { what: "hexadecimal", text: "0x10" },
  { what: "nan", text: "NaN" },
  { what: "infinity", text: "-Infinity" },
  { what: "truncated-literal", text: "tru" },
  { what: "longer-literal", text: "nulll" },
  { what: "capital-literal", text: "True" },
  { what: "undefined", text: "undefined" },
  { what: "single-quotes", text: "'a'" },
  { what: "trailing-comma-array", text: "[1,]" },
  { what: "trailing-comma-object", text: '{"a":1,}' },
  { what: "leading-comma", text: "[,1]" },
  { what: "double-comma", text: "[1,,2]" },
  { what: "no-comma", text: "[1 2]" },
  { what: "no-colon", text: '{"a" 1}' },
  { what: "double-colon", text: '{"a"::1}' },
  { what: "no-value", text: '{"a":}' },
  { what: "unquoted-key", text: "{a:1}" },
  { what: "number-key", text: "{1:1}" },
  { what: "comment", text: "/* x */ 1" },
  { what: "line-comment", text: "1 // x\n" },
  { what: "wrong-bracket", text: '{"a":[1}' },
  { what: "raw-newline-in-string", text: '"a\nb"' },
  { what: "raw-tab-in-string", text: '"a\tb"' },
  { what: "raw-nul-in-string", text: '"a\u0000b"' },
  { what: "unknown-escape", text: '"\\x41"' },
  { what: "escaped-quote-single", text: '"\\\'"' },
  { what: "short-unicode-escape", text: '"\\u12"' },
  { what: "bad-unicode-escape", text: '"\\u12g4"' },
  { what: "two-values", text: "1 2" },
  { what: "vertical-tab", text: "\u000b1" },
  { what: "no-break-space", text: "\u00a01" },
  { what: "nothing", text: "" },
];

for (const { what, text } of broken) {
  core(
    `broken-${what}`,
    "a body that is no JSON is refused as a whole",
    async (context) => {
      const topic = await context.topic();
      invalid(await topic.append(`{"records":[{"data":1},{"data":${text}}]}`));
      invalid(await topic.append(`{"records":[{"data":1,"meta":{"k":${text}}}]}`));
      invalid(await topic.append(`{"ignored":${text},"records":[{"data":1}]}`));
      await topic.untouched();
    },
    { section: "1.1" },
  );
}

const whole = '{"records":[{"data":{"a":[1,"x",true,null]},"tag":"t","node":"n","meta":{"k":"v"}}],"node":"b"}';

core(
  "truncated",
  "a body cut at any place is 400 and commits nothing",
  async (context) => {
    const topic = await context.topic();
    const cuts = Array.from({ length: whole.length - 1 }, (_, index) => whole.slice(0, index + 1));
    for (const text of cuts) invalid(await topic.append(text));
    await topic.untouched();
    ok(await topic.append(whole));
  },
  { section: "1.1" },
);

core(
  "trailing-junk",
  "anything behind the body but white space is 400",
  async (context) => {
    const topic = await context.topic();
    for (const junk of ["x", "}", "]", ",", "{}", "null", "\u0000", '"'] as const)
      invalid(await topic.append(whole + junk));
    await topic.untouched();
    ok(await topic.append(`${whole} \r\n\t `));
    ok(await topic.append(` \r\n\t ${whole}`));
  },
  { section: "1.1" },
);

core("field-order", "fields may come in any order", async (context) => {
  const topic = await context.topic();
  ok(
    await topic.append(
      '{"node":"b","idempotency_key":"k","records":[{"tag":"t","meta":{"a":1},"data":2}],"create":true}',
    ),
  );
  ok(
    await topic.append(
      '{"create":true,"records":[{"data":2,"meta":{"a":1},"tag":"t"}],"idempotency_key":"l","node":"b"}',
    ),
  );
  const { records } = await topic.read({ include_tags: true });
  for (const record of records) members(record, { $node: "b", $tag: "t", data: 2, meta: { a: 1 } }, "record");
});

/** Bytes that are no UTF-8, put into a string. */
const badBytes: readonly { what: string; bytes: readonly number[] }[] = [
  { what: "lone-continuation", bytes: [0x80] },
  { what: "cut-sequence", bytes: [0xc3] },
  { what: "cut-three", bytes: [0xe2, 0x82] },
  { what: "overlong-slash", bytes: [0xc0, 0xaf] },
  { what: "overlong-three", bytes: [0xe0, 0x80, 0xaf] },
  { what: "overlong-four", bytes: [0xf0, 0x80, 0x80, 0xaf] },
  { what: "raw-high-surrogate", bytes: [0xed, 0xa0, 0x80] },
  { what: "raw-low-surrogate", bytes: [0xed, 0xbf, 0xbf] },
  { what: "above-unicode", bytes: [0xf4, 0x90, 0x80, 0x80] },
  { what: "never-a-byte", bytes: [0xfe] },
  { what: "latin1", bytes: [0xe9, 0x20] },
];

function around(before: string, bytes: readonly number[], after: string): Buffer {
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
}

for (const { what, bytes } of badBytes) {
  core(
    `utf8-${what}`,
    "bytes that are no UTF-8 are refused, wherever they stand",
    async (context) => {
      const topic = await context.topic();
      for (const [before, after] of [
        ['{"records":[{"data":"a', 'b"}]}'],
        ['{"records":[{"data":{"a', 'b":1}}]}'],
        ['{"records":[{"data":1,"meta":{"k":"', '"}}]}'],
        ['{"records":[{"data":1,"tag":"', '"}]}'],
        ['{"records":[{"data":1}],"node":"', '"}'],
        ['{"records":[{"data":1}],"idempotency_key":"', '"}'],
        ['{"records":[{"data":1}],"ignored":"', '"}'],
      ] as const) {
        invalid(await topic.append(around(before, bytes, after)));
      }
      await topic.untouched();
    },
    { section: "1.1" },
  );
}

beyond("utf8-control", "bytes that are no UTF-8 are refused by every endpoint with a body", async (context) => {
  const topic = await context.topic();
  const body = around('{"ignored":"', [0xc3], '"}');
  invalid(await topic.put(body));
  invalid(await topic.diff(body));
  invalid(await topic.deleteRecords(around('{"before_seq":1,"ignored":"', [0xff], '"}')));
});

beyond("byte-order-mark", "a byte order mark is 400", async (context) => {
  const topic = await context.topic();
  const mark = Buffer.from([0xef, 0xbb, 0xbf]);
  invalid(await topic.append(Buffer.concat([mark, Buffer.from(whole)])));
  invalid(await topic.put(Buffer.concat([mark, Buffer.from("{}")])));
  invalid(await topic.diff(Buffer.concat([mark, Buffer.from("{}")])));
  await topic.untouched();
});

beyond("utf-16", "UTF-16 is 400", async (context) => {
  const topic = await context.topic();
  invalid(await topic.append(Buffer.from(`\ufeff${whole}`, "utf16le")));
  invalid(await topic.append(Buffer.from(whole, "utf16le")));
  await topic.untouched();
});

beyond("surrogate-escapes", "an escaped lone surrogate is 400 in tag, node and key", async (context) => {
  const topic = await context.topic();
  for (const escape of ["\\ud800", "\\udc00", "\\udc00\\ud800", "a\\ud83dx"]) {
    invalid(await topic.append(`{"records":[{"data":1,"tag":"${escape}"}]}`));
    invalid(await topic.append(`{"records":[{"data":1,"node":"${escape}"}]}`));
    invalid(await topic.append(`{"records":[{"data":1}],"node":"${escape}"}`));
    invalid(await topic.append(`{"records":[{"data":1}],"idempotency_key":"${escape}"}`));
  }
  await topic.untouched();
  ok(await topic.append('{"records":[{"data":1,"tag":"\\ud83d\\ude00"}]}'));
  equal((await topic.read({ include_tags: true })).records[0]?.$tag, "😀", "$tag of an escaped pair");
});

/** `data` of this many levels; the body itself has three around it. */
function nested(levels: number, open: string, close: string): string {
  return open.repeat(levels) + (open === "[" ? "" : "1") + close.repeat(levels);
}

for (const [what, open, close] of [
  ["arrays", "[", "]"],
  ["objects", '{"a":', "}"],
] as const) {
  beyond(
    `depth-${what}`,
    "128 levels from the body's outermost bracket pass, 129 are 400",
    async (context) => {
      const topic = await context.topic();
      const deepest = nested(125, open, close);
      ok(await topic.append(`{"records":[{"data":${deepest}}]}`));
      contains((await topic.diff({})).text, `"data":${deepest}`, "answer");
      invalid(await topic.append(`{"records":[{"data":${nested(126, open, close)}}]}`));
      invalid(await topic.append(`{"records":[{"data":1,"meta":{"k":${nested(125, open, close)}}}]}`));
      invalid(await topic.append(`{"records":[{"data":1}],"ignored":${nested(128, open, close)}}`));
      await topic.untouched(1);
    },
    { section: "2.9" },
  );

  beyond(`depth-million-${what}`, "a million levels are refused, and the server goes on", async (context) => {
    const topic = await context.topic();
    const levels = 1_000_000;
    invalid(await topic.append(`{"records":[{"data":${nested(levels, open, close)}}]}`));
    invalid(await topic.append(`{"records":[{"data":${open.repeat(levels)}`));
    invalid(await topic.diff(`{"ignored":${nested(levels, open, close)}}`));
    invalid(await topic.put(open.repeat(levels)));
    await topic.untouched();
  });
}

beyond(
  "depth-control",
  "the depth of control bodies is bounded alike",
  async (context) => {
    const topic = await context.topic();
    ok(await topic.diff(`{"ignored":${nested(127, "[", "]")}}`));
    invalid(await topic.diff(`{"ignored":${nested(128, "[", "]")}}`));
    ok(await topic.put(`{"ignored":${nested(127, "[", "]")}}`));
    invalid(await topic.put(`{"ignored":${nested(128, "[", "]")}}`));
  },
  { section: "2.9" },
);

beyond(
  "large-unknown",
  "unknown fields of control bodies are ignored, however large and however many",
  async (context) => {
    const topic = await context.topic();
    const large = `"ignored":${JSON.stringify(["x".repeat(2_000_000), nested(100, "[", "]")])}`;
    const many = Array.from({ length: 50_000 }, (_, n) => `"ignored${n}":${n}`).join();
    for (const unknown of [large, many]) {
      ok(await topic.append(`{${unknown},"records":[{"data":1,${unknown}}]}`));
      ok(await topic.put(`{${unknown},"ttl_ms":0}`));
      ok(await topic.diff(`{${unknown},"from_seq":0}`));
      ok(await topic.deleteRecords(`{${unknown},"before_seq":0}`));
    }
    await topic.untouched(2);
  },
  { section: "2.1" },
);

beyond("brackets-in-strings", "brackets in strings are no levels", async (context) => {
  const topic = await context.topic();
  const text = "[{".repeat(5000);
  await topic.appended([{ data: text, tag: "[".repeat(200) }]);
  equal((await topic.read()).records[0]?.data, text, "data");
});

beyond("digits", "half a megabyte of digits is taken and read back, or refused", async (context) => {
  const topic = await context.topic();
  const digits = "7".repeat(500_000);
  const reply = await topic.append(`{"records":[{"data":${digits}}]}`);
  oneOf(reply.status, [200, 400], "status");
  if (reply.status === 200) contains((await topic.diff({})).text, digits, "answer");
  else await topic.untouched();
  for (const field of ["from_seq", "limit"]) invalid(await topic.diff(`{"${field}":${digits}}`));
});

beyond("wide", "half a megabyte of empty objects is taken and read back", async (context) => {
  const topic = await context.topic();
  const data = `[${"{},".repeat(150_000)}{}]`;
  ok(await topic.append(`{"records":[{"data":${data}}]}`));
  contains((await topic.diff({})).text, data, "answer");
});

beyond("many-unknown-fields", "a thousand unknown fields are ignored", async (context) => {
  const topic = await context.topic();
  const fields = Array.from({ length: 1000 }, (_, index) => `"f${index}":${index}`).join(",");
  ok(await topic.append(`{${fields},"records":[{"data":1,${fields}}]}`));
  members((await topic.read()).records[0], { data: 1 }, "record");
});

/** Control members that appear twice, also by another spelling. */
const duplicates: readonly string[] = [
  '{"records":[{"data":1}],"records":[{"data":2}]}',
  '{"records":[{"data":1,"data":2}]}',
  '{"records":[{"data":1,"d\\u0061ta":2}]}',
  '{"records":[{"data":1,"tag":"a","tag":"a"}]}',
  '{"records":[{"data":1,"node":"a","node":null}]}',
  '{"records":[{"data":1,"meta":{},"meta":{}}]}',
  '{"records":[{"data":1}],"node":"a","n\\u006fde":"b"}',
  '{"idempotency_key":"a","records":[{"data":1}],"idempotency_key":"b"}',
  '{"records":[{"data":1}],"create":true,"create":false}',
  '{"records":[{"data":1}],"config":{"ttl_ms":1,"ttl_ms":2}}',
];

beyond("duplicate-members", "a control member that appears twice is 400, by any spelling", async (context) => {
  const topic = await context.topic();
  for (const text of duplicates) invalid(await topic.append(text));
  invalid(await topic.put('{"ttl_ms":1,"ttl_\\u006ds":2}'));
  invalid(await topic.diff('{"from_seq":0,"from_seq":0}'));
  invalid(await topic.deleteRecords('{"before_seq":1,"before_seq":1}'));
  await topic.untouched();
});

beyond("prototype", "__proto__ sets nothing, neither in control objects nor in data", async (context) => {
  const topic = await context.topic();
  const text =
    '{"__proto__":{"create":false,"records":[]},"records":[{"__proto__":{"tag":"x","data":9},"data":{"__proto__":{"y":1}}}]}';
  ok(await topic.append(text));
  const reply = await topic.diff({ include_tags: true });
  contains(reply.text, '"data":{"__proto__":{"y":1}}', "answer");
  equal("$tag" in (ok<{ records: object[] }>(reply).records[0] ?? {}), false, "$tag");
  invalid(await topic.append('{"records":[{"__proto__":{"data":1}}]}'));
  invalid(await topic.append('{"__proto__":{"records":[{"data":1}]}}'));
  error(await context.absent().diff('{"__proto__":{"from_seq":0}}'), 404, "topic_not_found");
  // Inside of other control objects, too, what every object has by birth is a field like any other.
  const inherited = '"__proto__":{"cap_records":1},"constructor":{"x":1},"toString":1';
  const made = context.absent("made");
  ok(await made.append(`{"config":{${inherited},"cap_records":7},"records":[{"data":1}]}`), 201);
  equal((await made.state()).config["cap_records"], 7, "cap_records");
  const watched = await context.http.send(
    "POST",
    "/v0/watch",
    `{"topics":{"${made.name}":{${inherited},"from_seq":0}}}`,
  );
  ok(watched, 200, 201);
});

beyond("control-characters", "no tag, node or data forges a header or a line", async (context) => {
  const topic = await context.topic();
  const text = "a\r\nx-forged: 1\r\n\r\ndata: y\n\u2028\u2029\u0000";
  await topic.appended([{ data: text, tag: text, node: text }], { idempotency_key: text });
  const reply = await topic.diff({ include_tags: true });
  members(ok<{ records: object[] }>(reply).records[0], { data: text, $tag: text, $node: text }, "record");
  equal("x-forged" in reply.headers, false, "a forged header");
});

beyond(
  "gzip",
  "a gzip body is taken, by every endpoint with a body",
  async (context) => {
    const topic = context.absent();
    const headers = { "content-encoding": "gzip" };
    ok(await topic.put(gzipSync('{"cap_records":7}'), { headers }), 201);
    ok(await topic.append(gzipSync(whole), { headers }), 200);
    const read = ok<{ records: { $tag?: string }[] }>(await topic.diff(gzipSync('{"include_tags":true}'), { headers }));
    equal(read.records[0]?.$tag, "t", "$tag");
    ok(await topic.deleteRecords(gzipSync('{"before_seq":2}'), { headers }));
    members(await topic.state(), { count: 0, head_seq: 1 }, "state");
  },
  { section: "2.1" },
);

beyond("gzip-broken", "a gzip body that is broken, cut or followed by junk is 400", async (context) => {
  const topic = await context.topic();
  const headers = { "content-encoding": "gzip" };
  const packed = gzipSync(whole);
  const flipped = Buffer.from(packed);
  flipped[flipped.length - 6] = (flipped[flipped.length - 6] ?? 0) ^ 1;
  for (const body of [
    packed.subarray(0, -1),
    packed.subarray(0, 12),
    Buffer.concat([packed, Buffer.from("junk")]),
    flipped,
    Buffer.from(whole),
  ]) {
    invalid(await topic.append(body, { headers }));
  }
  await topic.untouched();
});

beyond(
  "gzip-bomb",
  "a body that inflates over the limit is 413",
  async (context) => {
    const topic = await context.topic();
    const bomb = gzipSync(
      Buffer.concat([Buffer.from('{"ignored":"'), Buffer.alloc(65 * 1024 * 1024, "x"), Buffer.from('"}')]),
    );
    const reply = await topic.append(bomb, { headers: { "content-encoding": "gzip" } });
    error(reply, 413, "payload_too_large");
    await topic.untouched();
  },
  { section: "2.1" },
);

core(
  "unknown-encoding",
  "an unknown content encoding is 415",
  async (context) => {
    const topic = await context.topic();
    for (const encoding of ["x-unknown", "rot13", "gzip, x-unknown"]) {
      error(await topic.append(whole, { headers: { "content-encoding": encoding } }), 415, "unsupported_media_type");
    }
    await topic.untouched();
  },
  { section: "2.1" },
);

beyond(
  "gzip-answer",
  "an answer is compressed only when the client asks for it",
  async (context) => {
    const topic = await context.topic();
    await topic.appended(Array.from({ length: 200 }, () => ({ data: "x".repeat(200) })));
    const plain = await topic.diff({});
    equal(plain.headers["content-encoding"], undefined, "content-encoding without a wish");
    const reply = await topic.diff({}, { headers: { "accept-encoding": "gzip" } });
    status(reply, 200);
    const text = reply.headers["content-encoding"] === "gzip" ? gunzipSync(reply.bytes).toString("utf8") : reply.text;
    truth((JSON.parse(text) as { records: unknown[] }).records.length === 200, "all records are in the answer");
  },
  { section: "2.1" },
);

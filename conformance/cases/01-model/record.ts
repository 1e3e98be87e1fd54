/** Records: what is written comes back, as JSON value [wire] and byte for byte [beyond] (spec 1.1, 9.3). */
import { suite } from "../../case.ts";
import { contains, equal, members, ok, truth } from "../../expect.ts";
import { seqsOf } from "../../topic.ts";
import type { Topic } from "../../topic.ts";

const made = suite("record", "1.1");
export const cases = made.cases;
const { core, beyond } = made;

const values: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  0.1,
  -2.5,
  9007199254740991,
  -9007199254740991,
  1e21,
  "",
  "text",
  "0",
  [],
  {},
  [[], [{}]],
  { a: { b: { c: [1, "2", null, true] } } },
];

core("values", "every kind of JSON value comes back as the same value", async (context) => {
  const topic = await context.topic();
  await topic.appended(values.map((data) => ({ data })));
  const { records } = await topic.read();
  equal(
    records.map((record) => record.data),
    values,
    "data",
  );
});

core("u64", "the largest u64 comes back with every digit", async (context) => {
  const topic = await context.topic();
  ok(await topic.append('{"records":[{"data":18446744073709551615},{"data":{"n":9007199254740993}}]}'));
  const { text } = await topic.diff({});
  contains(text, "18446744073709551615", "data");
  contains(text, "9007199254740993", "data");
});

core("meta", "meta comes back as the same value", async (context) => {
  const topic = await context.topic();
  const metas = [{}, { a: "b" }, { a: 1, b: [true, null], c: { d: "e" } }];
  await topic.appended(metas.map((meta) => ({ data: 1, meta })));
  equal(
    (await topic.read()).records.map((record) => record.meta),
    metas,
    "meta",
  );
});

beyond("empty-strings", "an empty tag or node is a value: it is kept, shown, and filtered by", async (context) => {
  const topic = await context.topic();
  await topic.appended([{ data: "", tag: "", node: "" }]);
  const [record] = (await topic.read({ include_tags: true })).records;
  equal([record.data, record.$tag, record.$node], ["", "", ""], "data, $tag and $node");
  equal((await topic.read({ node: "" })).records, [], "what the node of no characters reads");
});

core("immutable", "a record reads the same every time", async (context) => {
  const topic = await context.topic();
  await topic.appended([{ data: { a: 1 }, meta: { b: 2 }, tag: "t", node: "n" }]);
  const first = (await topic.read({ include_tags: true })).records;
  await topic.appendedNumbers(10);
  const again = (await topic.read({ include_tags: true, limit: 1 })).records;
  equal(again, first, "record");
});

beyond("unicode-values", "text of any script comes back, in data, tag and node", async (context) => {
  const topic = await context.topic();
  for (const text of [
    "é",
    "日本語",
    "😀",
    "\u202e",
    "\u2028\u2029",
    "a\u0000b",
    "\r\n\t",
    '"\\/',
    "\ufeff",
    "\u007f",
  ]) {
    await topic.appended([{ data: text, tag: text, node: text, meta: { k: text } }]);
    const { records } = await topic.read({ include_tags: true, from_seq: (await topic.state()).head_seq - 1 });
    members(
      records[0],
      { data: text, $tag: text, $node: text, meta: { k: text } },
      `record of ${JSON.stringify(text)}`,
    );
  }
});

/** The bytes between the first and the last character of `data` must come back as they are. */
const spellings: readonly { what: string; text: string }[] = [
  { what: "overflowing-number", text: "1e400" },
  { what: "negative-overflow", text: "-1e400" },
  { what: "underflowing-number", text: "1e-400" },
  { what: "20-digits", text: "12345678901234567890" },
  { what: "2-to-53-plus-1", text: "9007199254740993" },
  { what: "minus-zero", text: "-0" },
  { what: "minus-zero-decimal", text: "-0.0" },
  { what: "decimal-of-integer", text: "1.0" },
  { what: "trailing-zeros", text: "1.10000" },
  { what: "exponents", text: "[1e2,1E2,1e+2,1E+02,1e-2,0e0,0E-0]" },
  { what: "many-digits", text: `0.${"1234567890".repeat(20)}` },
  { what: "duplicate-keys", text: '{"a":1,"a":2,"a":{"a":1,"a":1}}' },
  { what: "key-order", text: '{"z":1,"a":2,"10":3,"9":4,"":5}' },
  { what: "proto", text: '{"__proto__":{"x":1},"constructor":{"prototype":{}},"toString":1}' },
  { what: "escaped-keys", text: '{"d\\u0061ta":1,"\\u005f_proto__":2,"\\"":3}' },
  { what: "escapes", text: '"\\u0041\\u00e9\\/\\b\\f\\n\\r\\t\\"\\\\"' },
  { what: "escaped-surrogate-pair", text: '"\\ud83d\\ude00\\uD83D\\uDE00"' },
  { what: "lone-high-surrogate-escape", text: '"\\ud800"' },
  { what: "lone-low-surrogate-escape", text: '["\\udfff","\\uDC00x"]' },
  { what: "swapped-surrogate-escapes", text: '"\\ude00\\ud83d"' },
  { what: "escaped-nul", text: '"a\\u0000b"' },
  { what: "raw-unicode", text: '"é日本😀\u2028\u2029\u202e\u007f\ufeff"' },
  { what: "white-space-in-strings", text: '"  a   b  "' },
  { what: "empty-containers", text: '[{},[],[[]],{"":{}}]' },
  { what: "looks-like-a-record", text: '{"$seq":99,"$ts":1,"data":{"$seq":1},"records":[]}' },
];

async function written(topic: Topic, member: "data" | "meta", text: string): Promise<string> {
  const fields = member === "data" ? `"data":${text}` : `"data":1,"meta":${text}`;
  ok(await topic.append(`{"records":[{${fields}}]}`), 200);
  return (await topic.diff({})).text;
}

for (const { what, text } of spellings) {
  beyond(`verbatim-${what}`, "data comes back byte for byte", async (context) => {
    const answer = await written(await context.topic(), "data", text);
    contains(answer, `"data":${text}`, "answer");
  });
  beyond(`verbatim-meta-${what}`, "meta comes back byte for byte", async (context) => {
    const meta = `{"k":${text}}`;
    contains(await written(await context.topic(), "meta", meta), `"meta":${meta}`, "answer");
  });
}

beyond("white-space", "white space outside strings may go, nothing else", async (context) => {
  const topic = await context.topic();
  const text = ' \t{ "a b" :\r\n[ 1.0 , "x  y" , { } ] } \n';
  const answer = await written(topic, "data", text);
  const compact = '{"a b":[1.0,"x  y",{}]}';
  truth(
    answer.includes(`"data":${compact}`) || answer.includes(`"data":${text.trim()}`),
    `data is the text with or without its white space: ${answer}`,
  );
  const { bytes } = await topic.state();
  truth(bytes === compact.length || bytes === text.trim().length, `bytes counts what is stored: ${bytes}`);
});

beyond("verbatim-through-pages", "a page of many spellings holds them all in order", async (context) => {
  const topic = await context.topic();
  ok(await topic.append(`{"records":[${spellings.map(({ text }) => `{"data":${text}}`).join(",")}]}`));
  const reply = await topic.diff({});
  let at = 0;
  for (const { what, text } of spellings) {
    const found = reply.text.indexOf(`"data":${text}`, at);
    truth(found >= at, `${what} comes behind its predecessor`);
    at = found + text.length;
  }
  equal(seqsOf(ok(reply)).length, spellings.length, "records");
});

beyond("escaped-field-names", "an escaped field name is the same name", async (context) => {
  const topic = await context.topic();
  ok(await topic.append('{"r\\u0065cords":[{"d\\u0061ta":7,"t\\u0061g":"x","n\\u006fde":"y","m\\u0065ta":{"a":1}}]}'));
  const [record] = (await topic.read({ include_tags: true })).records;
  members(record, { data: 7, $tag: "x", $node: "y", meta: { a: 1 } }, "record");
});

beyond("read-names-are-not-written", "$seq and $ts in a written record are unknown fields", async (context) => {
  const topic = await context.topic();
  await topic.appended([{ data: 1, $seq: 99, $ts: 1, $tag: "x", $node: "y" }]);
  const [record] = (await topic.read({ include_tags: true })).records;
  equal(Object.keys(record ?? {}), ["$seq", "$ts", "data"], "members");
  equal(record?.$seq, 1, "$seq");
});

import assert from "node:assert/strict";
import { AssertionError } from "./assert.ts";
import { TopicsError } from "./errors.ts";
import { type AppendBody, type SliceLimits, portableSlicer } from "./json-slice.ts";
import { defaultBatchLimits, maxIdempotencyKeyBytes } from "./limits.ts";
import { slot, slotFlag, slotsPerRecord } from "./record-batch.ts";
import { recycleBatch } from "./slot-table.ts";

const limits: SliceLimits = { ...defaultBatchLimits, maxKeyBytes: maxIdempotencyKeyBytes };
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

function slice(body: string | Uint8Array, over: Partial<SliceLimits> = {}): AppendBody {
  const bytes = typeof body === "string" ? encode(body) : body;
  const slicing = portableSlicer.begin(bytes, { ...limits, ...over });
  assert.equal(slicing.step(bytes.length + 1), true);
  return slicing.result();
}

function text(body: AppendBody, record: number, place: number): string | undefined {
  const { bytes, slots } = body.batch;
  const [start, end] = slots.subarray(record * slotsPerRecord + place);
  return start === 0 ? undefined : decode(bytes.subarray(start, end));
}

const flags = (body: AppendBody, record: number): number => body.batch.slots[record * slotsPerRecord + slot.flags];
const one = (record: string): string => `{"records":[${record}]}`;
const data = (value: string): string => one(`{"data":${value}}`);
const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

function refused(
  body: string | Uint8Array,
  field?: string,
  code = "invalid_request",
  over?: Partial<SliceLimits>,
): void {
  assert.throws(
    () => slice(body, over),
    (error: unknown) => {
      assert.ok(error instanceof TopicsError, String(error));
      assert.equal(error.code, code);
      assert.ok(error.message.length < 300);
      if (field !== undefined) assert.equal(error.detail?.["field"], field, error.message);
      return true;
    },
  );
}

function refusedAt(body: string | Uint8Array, offset: number): void {
  assert.throws(
    () => slice(body),
    (error: unknown) => error instanceof TopicsError && error.detail?.["offset"] === offset,
  );
}

describe("slicer", () => {
  it("yields the slices of every field", () => {
    const body = slice(
      '{"node":"n","records":[{"data":1},{"tag":"t","meta":{"a":1},"node":"o","data":{"x":[]}}],"create":false,' +
        '"idempotency_key":"","config":{"ttl_ms":5},"disable_backpressure":true,"other":[1]}',
    );
    assert.equal(body.batch.count, 2);
    assert.equal(body.batch.node, "n");
    assert.equal(body.idempotencyKey, "");
    assert.equal(body.create, false);
    assert.equal(body.disableBackpressure, true);
    assert.equal(body.config?.["ttl_ms"], 5);
    assert.equal(text(body, 0, slot.dataStart), "1");
    assert.equal(text(body, 0, slot.tagStart), undefined);
    assert.equal(text(body, 0, slot.metaStart), undefined);
    assert.equal(text(body, 1, slot.dataStart), '{"x":[]}');
    assert.equal(text(body, 1, slot.tagStart), "t");
    assert.equal(text(body, 1, slot.nodeStart), "o");
    assert.equal(text(body, 1, slot.metaStart), '{"a":1}');
  });

  it("takes null for absent where the contract says so, and keeps empty strings", () => {
    const body = slice(
      '{"records":[{"data":null,"tag":null,"node":null,"meta":null},{"data":"","tag":"","node":""}],' +
        '"node":null,"idempotency_key":null,"create":null,"config":null}',
    );
    assert.equal(text(body, 0, slot.dataStart), "null");
    for (const place of [slot.tagStart, slot.nodeStart, slot.metaStart]) assert.equal(text(body, 0, place), undefined);
    assert.equal(text(body, 1, slot.tagStart), "");
    assert.equal(text(body, 1, slot.nodeStart), "");
    assert.deepEqual(
      [body.batch.node, body.idempotencyKey, body.create, body.config, body.disableBackpressure],
      [undefined, undefined, undefined, undefined, false],
    );
  });

  it("keeps payloads as they are written", () => {
    const values = ["1e400", "12345678901234567890", "9007199254740993", "-0", "1.0", "-0.0e-0", "1E+5"];
    values.push('{"a":1,"a":2,"__proto__":3,"constructor":{}}', '"\\ud800\\u0000\\/\\b"', '"\u2028\u202e"', "true");
    for (const value of values) assert.equal(text(slice(data(value)), 0, slot.dataStart), value);
    for (const value of values) assert.equal(text(slice(data(` ${value} `)), 0, slot.dataStart), value);
  });

  it("knows a key by what it decodes to", () => {
    const body = slice('{"r\\u0065cords":[{"d\\u0061ta":1,"\\u0074ag":"x"}],"\\u006eode":"n"}');
    assert.equal(text(body, 0, slot.dataStart), "1");
    assert.equal(text(body, 0, slot.tagStart), "x");
    assert.equal(body.batch.node, "n");
    refused('{"records":[{"data":1,"d\\u0061ta":2}]}', "records[0].data");
    refused('{"records":[{"data":1,"z":1,"\\u007a":2}]}', "records[0].z");
  });

  it("refuses repeated keys in control objects only", () => {
    refused('{"records":[{"data":1,"data":1}]}', "records[0].data");
    refused('{"records":[{"data":1},{"data":1,"tag":null,"tag":null}]}', "records[1].tag");
    refused('{"records":[{"data":1,"x":1,"x":1}]}', "records[0].x");
    refused('{"records":[{"data":1,"__proto__":1,"__proto__":1}]}', "records[0].__proto__");
    refused('{"records":[{"data":1}],"records":[{"data":1}]}', "records");
    refused('{"x":1,"records":[{"data":1}],"x":1}', "x");
    refused('{"records":[{"data":1}],"config":{"a":1,"a":1}}', "config.a");
    assert.equal(slice('{"records":[{"data":1,"x":1},{"data":1,"x":{"y":1,"y":2}}],"x":1}').batch.count, 2);
  });

  it("names the field of a wrong type", () => {
    const head = '"records":[{"data":1}]';
    for (const wrong of ["1", "{}", "[]", "true"]) {
      refused(one(`{"data":1},{"data":1,"tag":${wrong}}`), "records[1].tag");
      refused(one(`{"data":1,"node":${wrong}}`), "records[0].node");
      refused(`{${head},"node":${wrong}}`, "node");
      refused(`{${head},"idempotency_key":${wrong}}`, "idempotency_key");
    }
    for (const wrong of ["1", "[]", '"x"', "false"]) {
      refused(one(`{"data":1,"meta":${wrong}}`), "records[0].meta");
      refused(`{${head},"config":${wrong}}`, "config");
    }
    for (const wrong of ["1", "[]", '"true"', "{}"]) {
      refused(`{${head},"create":${wrong}}`, "create");
      refused(`{${head},"disable_backpressure":${wrong}}`, "disable_backpressure");
    }
    refused(`{${head},"disable_backpressure":null}`, "disable_backpressure");
    for (const wrong of ["null", "{}", "1", '"x"']) refused(`{"records":${wrong}}`, "records");
    for (const wrong of ["null", "[]", "1", '"x"']) refused(one(wrong), "records[0]");
    refused(one("{}"), "records[0].data");
    refused(one('{"data":1},{"tag":"x"}'), "records[1].data");
    refused('{"records":[]}', "records");
    refused("{}", "records");
  });

  it("holds each limit on both sides", () => {
    const limit = "x".repeat(8);
    slice(one(`{"data":1,"tag":"${limit}"}`), { maxTagBytes: 8 });
    slice(one(`{"data":1,"tag":"${"\\u0041".repeat(8)}"}`), { maxTagBytes: 8 });
    slice(one(`{"data":1,"tag":"${"é".repeat(4)}"}`), { maxTagBytes: 8 });
    refused(one(`{"data":1,"tag":"${limit}x"}`), "records[0].tag", "invalid_request", { maxTagBytes: 8 });
    refused(one(`{"data":1,"tag":"${"\\u00e9".repeat(5)}"}`), "records[0].tag", "invalid_request", { maxTagBytes: 8 });
    slice(one(`{"data":1,"node":"${limit}"}`), { maxNodeBytes: 8 });
    refused(one(`{"data":1,"node":"${limit}x"}`), "records[0].node", "invalid_request", { maxNodeBytes: 8 });
    refused(`{"node":"${limit}x","records":[{"data":1}]}`, "node", "invalid_request", { maxNodeBytes: 8 });
    slice(`{"idempotency_key":"${limit}","records":[{"data":1}]}`, { maxKeyBytes: 8 });
    refused(`{"idempotency_key":"${limit}x","records":[{"data":1}]}`, "idempotency_key", "invalid_request", {
      maxKeyBytes: 8,
    });
    slice(one('{"data":1,"meta":{"a":1,"b":{"c":1,"d":2}}}'), { maxMetaKeys: 2 });
    refused(one('{"data":1,"meta":{"a":1,"b":1,"b":1}}'), "records[0].meta", "invalid_request", { maxMetaKeys: 2 });
    slice(one('{"data":1,"meta":{"a":1}}'), { maxMetaBytes: 7 });
    refused(one('{"data":1,"meta":{"a":10}}'), "records[0].meta", "invalid_request", { maxMetaBytes: 7 });
    slice(one('{"data":"xx","meta":{"a":1}}'), { maxRecordBytes: 11 });
    refused(one('{"meta":{"a":1},"data":"xxx"}'), "records[0]", "record_too_large", { maxRecordBytes: 11 });
    slice(one('{"data":1},{"data":1}'), { maxRecords: 2 });
    refused(one('{"data":1},{"data":1},{"data":1}'), "records", "batch_too_large", { maxRecords: 2 });
    const unknown = (count: number): string => Array.from({ length: count }, (_, n) => `,"k${n}":1`).join("");
    slice(one(`{"data":1${unknown(5000)},"${"k".repeat(5000)}":1}`));
    refused(one(`{"data":1${unknown(1023)},"k1022":1}`), "records[0].k1022");
    slice(one(`{"data":1${unknown(1024)},"k1023":1,"\\u006b1024":1}`));
    refused(one(`{"data":1${unknown(1024)},"\\u0064ata":1}`), "records[0].data");
    slice(`{"records":[{"data":1}],"config":{"a":"${"x".repeat((1 << 18) - 8)}"}}`);
    refused(`{"records":[{"data":1}],"config":{"a":"${"x".repeat((1 << 18) - 7)}"}}`, "config");
  });

  it("counts levels from the body's outermost bracket", () => {
    slice(data(nested(125)));
    slice(one(`{"data":1,"ignored":${nested(125)}}`));
    slice(`{"records":[{"data":1}],"ignored":${nested(127)}}`);
    slice(`{"records":[{"data":1}],"config":{"x":${nested(126)}}}`);
    refusedAt(data(nested(126)), data("").indexOf("}") + 125);
    refused(one(`{"data":1,"ignored":${nested(126)}}`));
    refused(`{"records":[{"data":1}],"ignored":${nested(128)}}`);
    refused(`{"records":[{"data":1}],"config":{"x":${nested(127)}}}`);
    refused(one(`{"data":1,"meta":{"x":${nested(125)}}}`));
    slice(data('{"a":'.repeat(125) + "1" + "}".repeat(125)));
    refused(data('{"a":'.repeat(126) + "1" + "}".repeat(126)));
  });

  it("refuses bytes that are not UTF-8, and a byte order mark", () => {
    const bad = [
      "80",
      "c0af",
      "c1bf",
      "e08080",
      "e09fbf",
      "eda080",
      "edbfbf",
      "f08fbfbf",
      "f4908080",
      "f5808080",
      "ff",
    ];
    bad.push("c3", "e282", "f09f98", "c328", "e228a1", "f0288cbc");
    for (const hex of bad) {
      const invalid = Uint8Array.from(Buffer.from(hex, "hex"));
      for (const [head, tail] of [
        ['{"records":[{"data":"', '"}]}'],
        ['{"records":[{"data":1,"tag":"', '"}]}'],
        ['{"records":[{"data":1,"k', '":1}]}'],
        ['{"records":[{"data":{"', '":1}}]}'],
      ]) {
        refused(Buffer.concat([encode(head), invalid, encode(tail)]));
      }
    }
    for (const good of ["\u0080", "߿", "ࠀ", "퟿", "\ue000", "\uffff", "𐀀", "\u{10ffff}", "\ufeff"]) {
      assert.equal(text(slice(data(`"${good}"`)), 0, slot.dataStart), `"${good}"`);
    }
    refusedAt(`\ufeff${data("1")}`, 0);
  });

  it("refuses lone surrogate escapes in tag, node, key and config, not in payloads", () => {
    for (const lone of ["\\ud800", "\\udc00", "\\ud800x", "\\ud800\\ud800", "\\udc00\\ud800", "\\ud800\\n"]) {
      slice(data(`{"${lone}":"${lone}"}`));
      refused(one(`{"data":1,"tag":"${lone}"}`), "records[0].tag");
      refused(one(`{"data":1,"node":"${lone}"}`), "records[0].node");
      refused(`{"records":[{"data":1}],"node":"${lone}"}`, "node");
      refused(`{"records":[{"data":1}],"idempotency_key":"${lone}"}`, "idempotency_key");
      refused(`{"records":[{"data":1}],"config":{"dead_letter":"${lone}"}}`, "config.dead_letter");
      refused(one(`{"data":1,"${lone}":1}`), "records[0]");
    }
    const pair = slice(
      `{"records":[{"data":1,"tag":"\\ud83d\\ude00\\u0000\\r"}],"idempotency_key":"\\ud83d\\uDE00\\n"}`,
    );
    assert.equal(pair.idempotencyKey, "😀\n");
    assert.equal(flags(pair, 0), slotFlag.tagEscaped);
  });

  it("flags values that hold raw line breaks outside strings", () => {
    assert.equal(flags(slice(data("[1,\n2]")), 0), slotFlag.dataSpaced);
    assert.equal(flags(slice(data("{\r}")), 0), slotFlag.dataSpaced);
    assert.equal(flags(slice(data("\n[ 1,\t2 ]\n")), 0), 0);
    assert.equal(flags(slice(one('{"data":1,"meta":{"a":\n1}}')), 0), slotFlag.metaSpaced);
    assert.equal(flags(slice(one('{"data":1,"meta":\n{"a":1}\n}')), 0), 0);
  });

  it("refuses what is not JSON, with the place", () => {
    for (const body of ["", " ", "[]", "1", "null", '"x"', "{", "}", "{}{}", '{"records"', '{"records":[{"data":1}]']) {
      refused(body);
    }
    for (const bad of ["01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "NaN", "nul", "tru", "falsy", "'x'", "1 2"]) {
      refused(data(bad));
      refused(data(`[${bad}]`));
    }
    for (const bad of ["[1,]", "[,1]", "{,}", '{"a"}', '{"a":}', '{"a":1,}', "{1:2}", "[}", "{]", '{"a" 1}', "[1 2]"]) {
      refused(data(bad));
    }
    for (const bad of ['"\n"', '"\0"', '"\\x"', '"\\u12"', '"\\u12g4"', '"\\', '"', "\u00a01", "\u20281", "\v1"]) {
      refused(data(bad));
    }
    refused(`${data("1")}x`);
    refused(one('{"data":1},'));
    refused(one('{"data":1}{"data":1}'));
    refused('{"records":[{"data":1}],}');
    refusedAt('{"records":[{"data":tru}]}', 20);
    refusedAt(`${data("1")} x`, data("1").length + 1);
    slice(`  ${data("1")}\r\n\t `);
  });

  it("cuts nowhere: every proper beginning of a body is refused", () => {
    const body = '{"records":[{"data":{"a":[1.5e3,"\\u00e9é😀",true]},"tag":"t"}],"node":"n","create":false}';
    const bytes = encode(body);
    for (let length = 0; length < bytes.length; length++) refused(bytes.subarray(0, length));
    assert.equal(slice(bytes).batch.count, 1);
  });

  it("stops in the middle of long strings, digits and white space", () => {
    const long = 4 << 20;
    for (const body of [data(`"${"x".repeat(long)}"`), data("1".repeat(long)), data(`${" ".repeat(long)}1`)]) {
      const bytes = encode(body);
      const slicing = portableSlicer.begin(bytes, { ...limits, maxRecordBytes: 2 * long });
      let steps = 1;
      while (!slicing.step(1 << 16)) steps++;
      assert.ok(steps >= long >> 16);
      recycleBatch(slicing.result().batch);
    }
  });

  it("refuses a run of brackets after as many as are allowed", () => {
    for (const bracket of ["[", '{"a":', "[{}"]) {
      const bytes = Buffer.alloc(64 << 20, bracket);
      bytes.write('{"records":[{"data":');
      const slicing = portableSlicer.begin(bytes, limits);
      if (bracket === "[{}") assert.throws(() => slicing.step(1 << 20), TopicsError);
      else assert.throws(() => slicing.step(4096), TopicsError);
    }
  });

  it("is over after a refusal, and has no result before the end", () => {
    const slicing = portableSlicer.begin(encode(data("nul")), limits);
    assert.throws(() => slicing.result(), AssertionError);
    assert.throws(() => slicing.step(100), TopicsError);
    assert.throws(() => slicing.step(100), AssertionError);
    assert.throws(() => slicing.result(), AssertionError);
    assert.throws(() => portableSlicer.begin(encode(data("1")), limits).step(0), AssertionError);
  });

  it("keeps slots of a batch until they are given back", () => {
    const first = slice(data('"a"'));
    const second = slice(data('"bbb"'));
    assert.equal(text(first, 0, slot.dataStart), '"a"');
    assert.equal(text(second, 0, slot.dataStart), '"bbb"');
    recycleBatch(first.batch);
    const many = slice(one(Array.from({ length: 1000 }, (_, n) => `{"data":${n},"tag":"t${n}"}`).join()));
    assert.equal(text(many, 999, slot.dataStart), "999");
    assert.equal(text(many, 999, slot.tagStart), "t999");
    assert.equal(text(many, 0, slot.dataStart), "0");
    assert.equal(text(slice(data("1")), 0, slot.tagStart), undefined);
  });
});

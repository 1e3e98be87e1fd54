import assert from "node:assert/strict";
import { portableSlicer } from "./json-slice.ts";
import { defaultBatchLimits, maxIdempotencyKeyBytes } from "./limits.ts";
import type { RecordBatch } from "./record-batch.ts";
import { type RecordColumns, encodeRecords, measureBatch } from "./record.ts";
import { type RecordShape, type RecordSpan, dataStart, headEnd, metaStart, nodeStart } from "./record-view.ts";
import { shapedBytes, writeShaped } from "./record-view.ts";
import { slotString } from "./slot-string.ts";
import { WordCopy } from "./word-copy.ts";

const limits = { ...defaultBatchLimits, maxKeyBytes: maxIdempotencyKeyBytes };

function batchOf(body: string): RecordBatch {
  const bytes = new TextEncoder().encode(body);
  const slicing = portableSlicer.begin(bytes, limits);
  assert.ok(slicing.step(bytes.length + 1));
  return slicing.result().batch;
}

interface Encoded extends RecordColumns {
  readonly bytes: Uint8Array;
}

function encoded(batch: RecordBatch, firstSeq: number, ts: number): Encoded {
  const size = measureBatch(batch, firstSeq, ts);
  const around = 5;
  const into = new Uint8Array(size.wireBytes + 2 * around).fill(0xee);
  const starts = new Uint32Array(batch.count);
  const dataBytes = new Uint32Array(batch.count);
  const metaBytes = new Uint32Array(batch.count);
  const end = encodeRecords(batch, firstSeq, ts, into, around, { starts, dataBytes, metaBytes });
  assert.equal(end, around + size.wireBytes);
  const untouched = [...into.subarray(0, around), ...into.subarray(end)];
  assert.ok(untouched.every((byte) => byte === 0xee));
  const payload = [...dataBytes, ...metaBytes].reduce((sum, bytes) => sum + bytes, 0);
  assert.equal(payload, size.payloadBytes);
  return { bytes: into.slice(around, end), starts, dataBytes, metaBytes };
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const wire = (body: string, firstSeq = 1, ts = 2): string => decode(encoded(batchOf(body), firstSeq, ts).bytes);

function spans(of: Encoded): RecordSpan[] {
  return Array.from(of.starts, (start, i) => {
    const end = i + 1 < of.starts.length ? of.starts[i + 1] - 1 : of.bytes.length;
    return { start, end, dataBytes: of.dataBytes[i], metaBytes: of.metaBytes[i] };
  });
}

describe("encodeRecords", () => {
  it("writes the fields in the contract's order, verbatim", () => {
    assert.equal(wire('{"records":[{"data":1}]}'), '{"$seq":1,"$ts":2,"data":1}');
    assert.equal(
      wire('{"records":[{"meta":{"k":1.0},"node":"n","tag":"t","data":{ "a" : -0 }},{"data":"\\ud800"}]}', 9, 1e12),
      '{"$seq":9,"$ts":1000000000000,"$node":"n","data":{ "a" : -0 },"meta":{"k":1.0}},' +
        '{"$seq":10,"$ts":1000000000000,"data":"\\ud800"}',
    );
  });

  it("lets a record's node win over the batch's", () => {
    assert.equal(
      wire(
        '{"node":"b\\"é","records":[{"data":1},{"data":2,"node":"\\u0061"},{"data":3,"node":""},{"data":4,"node":null}]}',
      ),
      '{"$seq":1,"$ts":2,"$node":"b\\"é","data":1},{"$seq":2,"$ts":2,"$node":"\\u0061","data":2},' +
        '{"$seq":3,"$ts":2,"$node":"","data":3},{"$seq":4,"$ts":2,"$node":"b\\"é","data":4}',
    );
    assert.equal(wire('{"node":"","records":[{"data":1}]}'), '{"$seq":1,"$ts":2,"$node":"","data":1}');
  });

  it("drops white space only from values with raw line breaks, and never from strings", () => {
    assert.equal(
      wire('{"records":[{"data":{\n "a b" : [1, " \\" \\\\" ,\t2 ] }},{"data":[1, 2],"meta":{"x":\r\n " y "}}]}'),
      '{"$seq":1,"$ts":2,"data":{"a b":[1," \\" \\\\",2]}},{"$seq":2,"$ts":2,"data":[1, 2],"meta":{"x":" y "}}',
    );
  });

  it("counts on over every width of seq", () => {
    for (const first of [1, 8, 95, 999_999_998, 9_999_999_995, 2 ** 53 - 12]) {
      const records = JSON.parse(`[${wire(`{"records":[${'{"data":0},'.repeat(11)}{"data":0}]}`, first, first)}]`) as {
        $seq: number;
        $ts: number;
      }[];
      assert.deepEqual(
        records.map((record) => [record.$seq, record.$ts]),
        records.map((_, i) => [first + i, first]),
      );
    }
  });

  it("copies runs of every length", () => {
    for (let length = 0; length < 300; length++) {
      const value = "abcdefghij".repeat(30).slice(0, length);
      assert.equal(wire(`{"records":[{"data":"${value}"}]}`), `{"$seq":1,"$ts":2,"data":"${value}"}`);
    }
  });
});

describe("stored records", () => {
  const body =
    '{"node":"b","records":[{"data":[1],"meta":{"m":2}},{"data":null},{"node":"own","data":{},"meta":{}},{"data":"x"}]}';

  it("are found again by their columns", () => {
    const of = encoded(batchOf(body), 41, 1234);
    const found = spans(of).map((span) => ({
      head: decode(of.bytes.subarray(span.start, headEnd(span))),
      data: decode(of.bytes.subarray(dataStart(span), dataStart(span) + span.dataBytes)),
      meta: decode(of.bytes.subarray(metaStart(span), metaStart(span) + span.metaBytes)),
      node: decode(of.bytes.subarray(nodeStart(of.bytes, span), headEnd(span) - 1)),
    }));
    assert.deepEqual(found, [
      { head: '{"$seq":41,"$ts":1234,"$node":"b"', data: "[1]", meta: '{"m":2}', node: "b" },
      { head: '{"$seq":42,"$ts":1234,"$node":"b"', data: "null", meta: "", node: "b" },
      { head: '{"$seq":43,"$ts":1234,"$node":"own"', data: "{}", meta: "{}", node: "own" },
      { head: '{"$seq":44,"$ts":1234,"$node":"b"', data: '"x"', meta: "", node: "b" },
    ]);
    const bare = encoded(batchOf('{"records":[{"data":1}]}'), 1, 2);
    assert.equal(nodeStart(bare.bytes, spans(bare)[0]), 0);
  });

  it("take every shape", () => {
    const of = encoded(batchOf(body), 1, 2);
    const tag = new TextEncoder().encode('"t\\"é"');
    const shaped = (i: number, shape: RecordShape, tagJson?: Uint8Array): string => {
      const span = spans(of)[i];
      const into = new Uint8Array(shapedBytes(span, shape, tagJson) + 3);
      const end = writeShaped(new WordCopy(of.bytes, into), into, 3, span, shape, tagJson);
      assert.equal(end, into.length);
      return decode(into.subarray(3));
    };
    const all = { includeData: true, includeMeta: true };
    const noMeta = { includeData: true, includeMeta: false };
    const noData = { includeData: false, includeMeta: true };
    const bare = { includeData: false, includeMeta: false };
    assert.equal(shaped(0, all), '{"$seq":1,"$ts":2,"$node":"b","data":[1],"meta":{"m":2}}');
    assert.equal(shaped(0, all, tag), '{"$seq":1,"$ts":2,"$node":"b","$tag":"t\\"é","data":[1],"meta":{"m":2}}');
    assert.equal(shaped(0, noMeta), '{"$seq":1,"$ts":2,"$node":"b","data":[1]}');
    assert.equal(shaped(0, noData, tag), '{"$seq":1,"$ts":2,"$node":"b","$tag":"t\\"é","meta":{"m":2}}');
    assert.equal(shaped(0, bare), '{"$seq":1,"$ts":2,"$node":"b"}');
    assert.equal(shaped(3, noMeta, tag), '{"$seq":4,"$ts":2,"$node":"b","$tag":"t\\"é","data":"x"}');
    assert.equal(shaped(3, noData), '{"$seq":4,"$ts":2,"$node":"b"}');
  });
});

describe("slotString", () => {
  it("decodes tags and nodes", () => {
    const long = "é".repeat(128);
    const batch = batchOf(
      `{"node":"b","records":[{"data":1,"tag":"a"},{"data":1,"tag":"\\u0061\\n","node":"é"},{"data":1,"tag":""},` +
        `{"data":1,"tag":"${long}"},{"data":1,"tag":"a","node":"a"}]}`,
    );
    const tags = Array.from({ length: batch.count }, (_, i) => slotString(batch, i, "tag"));
    const nodes = Array.from({ length: batch.count }, (_, i) => slotString(batch, i, "node"));
    assert.deepEqual(tags, ["a", "a\n", "", long, "a"]);
    assert.deepEqual(nodes, [undefined, "é", undefined, undefined, "a"]);
  });

  it("keeps strings apart that share a place in its table", () => {
    const count = 5000;
    const records = Array.from({ length: count }, (_, i) => `{"data":1,"tag":"t${i}"}`);
    const batch = batchOf(`{"records":[${records.join()}]}`);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < count; i++) assert.equal(slotString(batch, i, "tag"), `t${i}`);
    }
  });
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { TopicsError } from "./errors.ts";
import { type AppendBody, type SliceLimits, portableSlicer } from "./json-slice.ts";
import { type RecordBatch, slot, slotFlag, slotsPerRecord } from "./record-batch.ts";
import { encodeRecords, measureBatch } from "./record.ts";
import { slotString } from "./slot-string.ts";
import { recycleBatch } from "./slot-table.ts";
import { bodyText, jsonText, mutated } from "./testing/json-text.ts";
import { type ReferenceBody, type ReferenceRecord, referenceSlice } from "./testing/reference-slice.ts";

/** Small, so that the generated bodies fall on both sides of each. */
const limits: SliceLimits = {
  maxRecords: 3,
  maxRecordBytes: 100,
  maxMetaBytes: 60,
  maxMetaKeys: 2,
  maxTagBytes: 16,
  maxNodeBytes: 12,
  maxKeyBytes: 14,
  maxDepth: 7,
};

type Outcome = { readonly body: ReferenceBody } | { readonly error: unknown };

function outcome(bytes: Uint8Array, budgets: () => number): Outcome {
  try {
    const slicing = portableSlicer.begin(bytes, limits);
    while (!slicing.step(budgets()));
    const result = slicing.result();
    const body = plain(result);
    recycleBatch(result.batch);
    return { body };
  } catch (error) {
    if (!(error instanceof TopicsError)) throw error;
    return { error: { code: error.code, message: error.message, detail: error.detail } };
  }
}

function plain(body: AppendBody): ReferenceBody {
  return {
    records: Array.from({ length: body.batch.count }, (_, i) => plainRecord(body.batch, i)),
    node: body.batch.node,
    idempotencyKey: body.idempotencyKey,
    create: body.create,
    hasConfig: body.config !== undefined,
    disableBackpressure: body.disableBackpressure,
  };
}

function plainRecord(batch: RecordBatch, i: number): ReferenceRecord {
  const row = batch.slots.subarray(i * slotsPerRecord, (i + 1) * slotsPerRecord);
  const text = (start: number): string | undefined =>
    row[start] === 0 ? undefined : new TextDecoder().decode(batch.bytes.subarray(row[start], row[start + 1]));
  return {
    data: text(slot.dataStart) ?? "",
    meta: text(slot.metaStart),
    tag: slotString(batch, i, "tag"),
    node: slotString(batch, i, "node"),
    dataSpaced: (row[slot.flags] & slotFlag.dataSpaced) !== 0,
    metaSpaced: (row[slot.flags] & slotFlag.metaSpaced) !== 0,
  };
}

const whole = (): number => 1 << 20;
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function agrees(bytes: Uint8Array): boolean {
  const expected = referenceSlice(bytes, limits);
  const found = outcome(bytes, whole);
  if (expected === undefined) assert.ok("error" in found, "was accepted");
  else assert.deepEqual(found, { body: expected });
  return expected !== undefined;
}

describe("slicer, properties", () => {
  it("accepts what JSON.parse and the rules accept, and means the same", () => {
    let accepted = 0;
    fc.assert(
      fc.property(bodyText, (text) => {
        if (agrees(encode(text))) accepted++;
      }),
      { numRuns: 4000 },
    );
    assert.ok(accepted > 400, `only ${accepted} bodies were valid`);
  });

  it("tells valid from invalid after any change of bytes", () => {
    fc.assert(
      fc.property(mutated(bodyText), (bytes) => {
        agrees(bytes);
      }),
      { numRuns: 6000 },
    );
  });

  it("does so for payloads", () => {
    const payload = mutated(fc.oneof(jsonText, fc.constantFrom("1e5", "-0.5", "[true]", '"\\u00e9é"')));
    let accepted = 0;
    fc.assert(
      fc.property(payload, (bytes) => {
        if (agrees(Buffer.concat([encode('{"records":[{"data":'), bytes, encode("}]}")]))) accepted++;
      }),
      { numRuns: 8000 },
    );
    assert.ok(accepted > 800, `only ${accepted} payloads were valid`);
  });

  it("comes to the same result in steps of any size", () => {
    const bytes = fc.oneof(bodyText.map(encode), mutated(bodyText));
    fc.assert(
      fc.property(bytes, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), (body, sizes) => {
        const expected = outcome(body, whole);
        assert.deepEqual(
          outcome(body, () => 1),
          expected,
        );
        let step = 0;
        assert.deepEqual(
          outcome(body, () => sizes[step++ % sizes.length]),
          expected,
        );
      }),
      { numRuns: 3000 },
    );
  });
});

describe("encodeRecords, properties", () => {
  it("writes records that JSON.parse reads back, with verbatim values", () => {
    const seqs = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 2 ** 53 - 10 }));
    fc.assert(
      fc.property(bodyText, seqs, fc.nat(2 ** 31), (text, firstSeq, ts) => {
        const bytes = encode(text);
        const expected = referenceSlice(bytes, limits);
        fc.pre(expected !== undefined);
        const slicing = portableSlicer.begin(bytes, limits);
        assert.ok(slicing.step(bytes.length + 1));
        const { batch } = slicing.result();
        const size = measureBatch(batch, firstSeq, ts);
        const into = new Uint8Array(size.wireBytes);
        const columns = {
          starts: new Uint32Array(batch.count),
          dataBytes: new Uint32Array(batch.count),
          metaBytes: new Uint32Array(batch.count),
        };
        assert.equal(encodeRecords(batch, firstSeq, ts, into, 0, columns), size.wireBytes);
        const wire = new TextDecoder().decode(into);
        assert.ok(!/[\r\n]/.test(wire));
        const wanted = expected.records.map((record, i) => wireOf(record, expected.node, firstSeq + i, ts));
        const found = JSON.parse(`[${wire}]`) as unknown;
        assert.deepEqual(found, JSON.parse(`[${wanted.join()}]`));
        expected.records.forEach((record, i) => {
          const end = i + 1 < batch.count ? columns.starts[i + 1] - 1 : into.length;
          const own = new TextDecoder().decode(into.subarray(columns.starts[i], end));
          if (!record.dataSpaced) assert.ok(own.includes(`"data":${record.data}`));
          if (record.meta !== undefined && !record.metaSpaced) assert.ok(own.endsWith(`"meta":${record.meta}}`));
        });
        recycleBatch(batch);
      }),
      { numRuns: 1000 },
    );
  });
});

function wireOf(record: ReferenceRecord, batchNode: string | undefined, seq: number, ts: number): string {
  const node = record.node ?? batchNode;
  const nodePart = node === undefined ? "" : `"$node":${JSON.stringify(node)},`;
  const metaPart = record.meta === undefined ? "" : `,"meta":${record.meta}`;
  return `{"$seq":${seq},"$ts":${ts},${nodePart}"data":${record.data}${metaPart}}`;
}

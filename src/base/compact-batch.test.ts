/** White space taken out of a batch in place (spec 1.1): the same records come of it as without. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { BatchCompaction } from "./compact-batch.ts";
import { portableSlicer, type SliceLimits } from "./json-slice.ts";
import { defaultBatchLimits, maxIdempotencyKeyBytes } from "./limits.ts";
import { type RecordBatch, slot, slotFlag, slotsPerRecord } from "./record-batch.ts";
import { encodeRecords, measureBatch } from "./record.ts";
import { TopicsError } from "./errors.ts";
import { bodyText } from "./testing/json-text.ts";

const limits: SliceLimits = { ...defaultBatchLimits, maxKeyBytes: maxIdempotencyKeyBytes };

function batchOf(text: string): RecordBatch {
  const slicing = portableSlicer.begin(new TextEncoder().encode(text), limits);
  while (!slicing.step(Infinity));
  return slicing.result().batch;
}

function encoded(batch: RecordBatch): string {
  const size = measureBatch(batch, 1, 1);
  const into = new Uint8Array(size.wireBytes);
  const column = (): Uint32Array => new Uint32Array(batch.count);
  encodeRecords(batch, 1, 1, into, 0, { starts: column(), dataBytes: column(), metaBytes: column() });
  return `${size.payloadBytes} ${new TextDecoder().decode(into)}`;
}

function compacted(batch: RecordBatch, budgetBytes: number): number {
  const compaction = new BatchCompaction(batch);
  let steps = 1;
  while (!compaction.step(budgetBytes)) steps++;
  return steps;
}

describe("compaction of a batch", () => {
  const spaced = '{\n"a" : [ 1 , " \\" \\\\" ] }';
  const text = `{"records":[{"data":${spaced},"meta":${spaced}},{"data":[ 1 ]},{"data":${spaced},"tag":"t","node":"n"}]}`;

  it("takes white space only from values with line breaks, and leaves no trace of the rest", () => {
    const batch = batchOf(text);
    compacted(batch, Infinity);
    const values = [0, 1, 2].map((n) => {
      const row = n * slotsPerRecord;
      const [start, end] = [batch.slots[row + slot.dataStart], batch.slots[row + slot.dataEnd]];
      return new TextDecoder().decode(batch.bytes.subarray(start, end));
    });
    assert.deepEqual(values, ['{"a":[1," \\" \\\\"]}', "[ 1 ]", '{"a":[1," \\" \\\\"]}']);
  });

  it("stops when its budget is used up, and goes on from there", () => {
    assert.equal(compacted(batchOf(text), 1), 2);
    assert.equal(compacted(batchOf(text), spaced.length + 1), 2);
    assert.equal(compacted(batchOf(text), Infinity), 1);
    assert.equal(compacted(batchOf('{"records":[{"data":1},{"data":2}]}'), 1), 1);
  });

  it("makes no difference to what is stored", () => {
    let spacedBatches = 0;
    fc.assert(
      fc.property(bodyText, fc.integer({ min: 1, max: 20 }), (body, budgetBytes) => {
        let plain: string;
        try {
          plain = encoded(batchOf(body));
        } catch (error) {
          if (error instanceof TopicsError) return;
          throw error;
        }
        const batch = batchOf(body);
        const isSpaced = (): boolean =>
          Array.from({ length: batch.count }, (_, n) => batch.slots[n * slotsPerRecord + slot.flags]).some(
            (flags) => (flags & (slotFlag.dataSpaced | slotFlag.metaSpaced)) !== 0,
          );
        if (isSpaced()) spacedBatches++;
        compacted(batch, budgetBytes);
        assert.equal(isSpaced(), false);
        assert.equal(encoded(batch), plain);
      }),
      { numRuns: 2000 },
    );
    assert.ok(spacedBatches > 100, `only ${spacedBatches} batches had white space to lose`);
  });
});

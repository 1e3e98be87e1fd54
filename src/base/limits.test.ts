import assert from "node:assert/strict";
import { AssertionError } from "./assert.ts";
import { bodyBytesCeiling, checkBatchLimits, defaultBatchLimits } from "./limits.ts";

describe("limits", () => {
  it("take the defaults of the contract", () => {
    checkBatchLimits(defaultBatchLimits);
    assert.deepEqual(defaultBatchLimits, {
      maxRecords: 10_000,
      maxRecordBytes: 1_048_576,
      maxBodyBytes: 67_108_864,
      maxMetaBytes: 16_384,
      maxMetaKeys: 64,
      maxTagBytes: 256,
      maxNodeBytes: 128,
      maxDepth: 128,
    });
  });

  it("refuse combinations that the code is not made for", () => {
    const bad = [
      { maxRecords: 0 },
      { maxRecords: 1.5 },
      { maxDepth: 2 },
      { maxBodyBytes: bodyBytesCeiling + 1 },
      { maxMetaBytes: defaultBatchLimits.maxRecordBytes + 1 },
      { maxRecordBytes: defaultBatchLimits.maxBodyBytes + 1 },
    ];
    for (const change of bad) {
      assert.throws(
        () => checkBatchLimits({ ...defaultBatchLimits, ...change }),
        AssertionError,
        JSON.stringify(change),
      );
    }
  });
});

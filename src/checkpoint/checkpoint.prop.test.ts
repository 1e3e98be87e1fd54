import assert from "node:assert/strict";
import fc from "fast-check";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeEnv } from "../env/node-env.ts";
import type { Section } from "./format.ts";
import { openCheckpoint } from "./reader.ts";
import { writeCheckpoint } from "./writer.ts";

const runs = 60;
const env = nodeEnv();
const directoryId = "0123456789abcdef0123456789abcdef";
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const section: fc.Arbitrary<Section> = fc.record(
  {
    kind: u32,
    shard: u32,
    payload: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 1000, maxLength: 3000 })),
  },
  { noNullPrototype: true },
);

describe("a checkpoint of anything", () => {
  it("reads back as it was written, and with a changed range or length not at all", async () => {
    const directory = mkdtempSync(join(tmpdir(), "topics-checkpoint-property-"));
    const path = join(directory, "ckpt-00000003.ckpt");
    const given = fc.record({
      sections: fc.array(section, { maxLength: 8 }),
      stamp: fc.maxSafeNat(),
      at: fc.nat(),
      garbage: fc.uint8Array({ minLength: 1, maxLength: 100 }),
    });
    const opened = (): ReturnType<typeof openCheckpoint> => openCheckpoint(env, directory, directoryId, 3);
    try {
      await fc.assert(
        fc.asyncProperty(given, async ({ sections, stamp, at, garbage }) => {
          await writeCheckpoint(env, directory, { directoryId, number: 3, stamp }, sections);
          const found = await opened();
          assert.ok(found.outcome === "checkpoint");
          assert.equal(found.head.stamp, stamp);
          const read: Section[] = [];
          for await (const each of found.sections()) read.push(each);
          assert.deepEqual(read, sections);
          const bytes = readFileSync(path);
          const changed = Buffer.from(bytes);
          changed.set(garbage.subarray(0, bytes.length - (at % bytes.length)), at % bytes.length);
          if (!changed.equals(bytes)) {
            writeFileSync(path, changed);
            assert.equal((await opened()).outcome, "damaged");
          }
          writeFileSync(path, bytes.subarray(0, at % bytes.length));
          assert.equal((await opened()).outcome, "damaged");
          writeFileSync(path, Buffer.concat([bytes, garbage]));
          assert.equal((await opened()).outcome, "damaged");
        }),
        { numRuns: runs, seed: 20300101 },
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

import assert from "node:assert/strict";
import type { File } from "../env/env.ts";
import { frameKind } from "./commit.ts";
import { DraftArena } from "./draft-arena.ts";
import { firstFrameAt } from "./file-header.ts";
import { sealFrame } from "./frame.ts";
import { scanFrames } from "./scan.ts";

const shards = 1;
const expected = { shard: 0, shards, fileIndex: 3 };
const fileBytes = 6 << 20;

/** Frames of many sizes, larger than the scan's window among them, and where each begins. */
function writtenFile(): { bytes: Buffer; offsets: number[]; hashes: bigint[]; end: number } {
  const bytes = Buffer.alloc(fileBytes);
  const arena = new DraftArena(shards);
  const offsets: number[] = [];
  const hashes: bigint[] = [];
  let offset = firstFrameAt;
  let hash = 5n;
  for (const payloadBytes of [1000, 900_000, 10, 1_400_000, 300_000, 8, 1_048_576, 500_000, 77]) {
    const op = offsets.length + 1;
    const fields = { kind: frameKind.records, topicId: 1, epoch: 1, op, stamp: op, firstSeq: op, count: 1, ceiling: 9 };
    const draft = arena.draft(fields, payloadBytes);
    draft.payload.fill(op);
    offsets.push(offset);
    hashes.push(hash);
    const synced = [{ index: 3, position: firstFrameAt }];
    const place = { ...expected, generation: 1, offset, predecessorHash: hash, preparedBytes: fileBytes, synced };
    hash = sealFrame(draft, place);
    draft.bytes.copy(bytes, offset);
    offset += draft.bytes.length;
  }
  return { bytes, offsets, hashes, end: offset };
}

/** Reads as a kernel may: never more than `mostBytes` at once. */
function fileOf(bytes: Buffer, mostBytes: number): File {
  const read = (into: Uint8Array, position: number): Promise<number> => {
    const part = bytes.subarray(position, position + Math.min(into.length, mostBytes));
    into.set(part);
    return Promise.resolve(part.length);
  };
  const refuse = (): never => assert.fail("the file is only read");
  return {
    read,
    write: refuse,
    writeSync: refuse,
    datasync: refuse,
    truncate: refuse,
    stat: refuse,
    close: () => Promise.resolve(),
  };
}

describe("scanning a WAL file", () => {
  const { bytes, offsets, hashes, end } = writtenFile();

  it("hands over every frame from any of them on, far behind the start of the file too", async () => {
    for (const mostBytes of [Infinity, 300_001]) {
      for (const [first, from] of offsets.entries()) {
        const seen: number[] = [];
        const range = { expected, from, startHash: hashes[first], declaredEnd: undefined, fileBytes };
        const scanned = await scanFrames(fileOf(bytes, mostBytes), range, ({ offset, payload, fields }) => {
          assert.equal(payload[payload.length - 1], fields.op);
          seen.push(offset);
          return undefined;
        });
        assert.deepEqual(scanned.stopped, { why: "end" });
        assert.equal(scanned.end, end);
        assert.deepEqual(seen, offsets.slice(first));
      }
    }
  });

  it("reports a failed read where its bytes are wanted, and only there", async () => {
    const file = fileOf(bytes, Infinity);
    const failing: File = {
      ...file,
      read: (into, position) =>
        position < 2 << 20
          ? file.read(into, position)
          : Promise.reject(Object.assign(new Error("bad"), { code: "EIO" })),
    };
    const range = { expected, from: firstFrameAt, startHash: hashes[0], declaredEnd: undefined, fileBytes };
    await assert.rejects(
      scanFrames(failing, range, () => undefined),
      { code: "EIO" },
    );
    const early = await scanFrames(failing, range, ({ offset }) => (offset === offsets[2] ? "enough" : undefined));
    assert.equal(early.end, offsets[2]);
  });

  it("ends where a visitor refuses a frame", async () => {
    const range = { expected, from: firstFrameAt, startHash: undefined, declaredEnd: end, fileBytes: end };
    const refuseThird = ({ offset }: { offset: number }): string | undefined =>
      offset === offsets[2] ? "enough" : undefined;
    const scanned = await scanFrames(fileOf(bytes, Infinity), range, refuseThird);
    assert.equal(scanned.end, offsets[2]);
    assert.equal(scanned.hash, hashes[2]);
    assert.equal(scanned.stopped.why, "foreign");
  });
});

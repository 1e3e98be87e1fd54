import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hash64 } from "../base/hash.ts";
import { nodeEnv } from "../env/node-env.ts";
import type { CheckpointHead, Section } from "./format.ts";
import { prune } from "./prune.ts";
import { checkpointNumbersIn, openCheckpoint, type OpenedCheckpoint } from "./reader.ts";
import { writeCheckpoint } from "./writer.ts";

const env = nodeEnv();
const directoryId = "0123456789abcdef0123456789abcdef";
const head: CheckpointHead = { directoryId, number: 7, stamp: 1_900_000_000_000_000 };
const bytesOf = (length: number, salt = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 7 + salt) & 0xff);
const sections: Section[] = [
  { kind: 1, shard: 0, payload: bytesOf(100) },
  { kind: 0xffff_ffff, shard: 47, payload: new Uint8Array(0) },
  { kind: 1, shard: 0, payload: bytesOf(33, 5) },
];

async function all(opened: OpenedCheckpoint): Promise<Section[]> {
  assert.equal(opened.outcome, "checkpoint");
  const found: Section[] = [];
  for await (const section of opened.sections()) found.push(section);
  return found;
}

describe("a checkpoint", () => {
  let directory = "";
  let file = "";
  const open = (): Promise<OpenedCheckpoint> => openCheckpoint(env, directory, directoryId, head.number);
  const reopened = (bytes: Uint8Array): Promise<OpenedCheckpoint> => {
    writeFileSync(file, bytes);
    return open();
  };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "topics-checkpoint-"));
    file = join(directory, "ckpt-00000007.ckpt");
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it("gives back the sections in order, whatever they came from", async () => {
    const later = async function* (): AsyncGenerator<Section> {
      yield* sections;
    };
    for (const from of [sections, new Set(sections), later()]) {
      const { bytes } = await writeCheckpoint(env, directory, head, from);
      assert.deepEqual(readdirSync(directory), ["ckpt-00000007.ckpt"]);
      const opened = await open();
      assert.deepEqual(await all(opened), sections);
      // As often as wanted.
      assert.deepEqual(await all(opened), sections);
      assert.ok(opened.outcome === "checkpoint");
      assert.deepEqual([opened.head, opened.bytes], [head, bytes]);
      assert.equal(readFileSync(file).length, bytes);
    }
  });

  it("may be empty, or much longer than a buffer", async () => {
    const long = [9 << 20, 1, (1 << 20) - 32, 1 << 20, 3].map((length, kind) => ({
      kind,
      shard: kind,
      payload: bytesOf(length, kind),
    }));
    for (const given of [[], long]) {
      const { bytes } = await writeCheckpoint(env, directory, head, given);
      assert.equal(
        bytes,
        given.reduce((sum, { payload }) => sum + 32 + payload.length, 64 + 40),
      );
      const found = await all(await open());
      assert.equal(found.length, given.length);
      found.forEach(({ kind, shard, payload }, at) => {
        assert.deepEqual([kind, shard], [given[at].kind, given[at].shard]);
        assert.equal(Buffer.compare(payload, given[at].payload), 0);
      });
    }
  });

  it("is absent where there is none", async () => {
    assert.deepEqual(await open(), { outcome: "absent" });
    await writeCheckpoint(env, directory, head, sections);
    assert.deepEqual(await openCheckpoint(env, directory, directoryId, 8), { outcome: "absent" });
  });

  it("is damaged when any byte of it is another", async () => {
    await writeCheckpoint(env, directory, head, sections);
    const bytes = readFileSync(file);
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 0x80, 0xff]) {
        const changed = Uint8Array.from(bytes);
        changed[at] ^= flip;
        assert.equal((await reopened(changed)).outcome, "damaged", `byte ${at}`);
      }
    }
    assert.equal((await reopened(bytes)).outcome, "checkpoint");
  });

  it("is damaged when it is shorter, longer, empty, or not a file", async () => {
    await writeCheckpoint(env, directory, head, sections);
    const bytes = readFileSync(file);
    for (let length = 0; length < bytes.length; length++)
      assert.equal((await reopened(bytes.subarray(0, length))).outcome, "damaged", `${length} bytes`);
    for (const more of [Uint8Array.of(0), new Uint8Array(40), bytes.subarray(-40), bytes])
      assert.equal((await reopened(Buffer.concat([bytes, more]))).outcome, "damaged");
    assert.equal((await reopened(new Uint8Array(4096))).outcome, "damaged");
    rmSync(file);
    mkdirSync(file);
    assert.deepEqual(await open(), { outcome: "damaged", reason: "it is not a file", at: 0 });
  });

  it("is damaged when sections are missing, doubled, moved, or another file's", async () => {
    await writeCheckpoint(env, directory, head, sections);
    const bytes = readFileSync(file);
    const [start, second, third, end] = [64, 64 + 132, 64 + 132 + 32, bytes.length - 40];
    const pieces = (...ranges: [number, number][]): Uint8Array =>
      Buffer.concat([
        bytes.subarray(0, start),
        ...ranges.map(([from, to]) => bytes.subarray(from, to)),
        refooted(ranges.reduce((sum, [from, to]) => sum + to - from, 0)),
      ]);
    const refooted = (length: number): Uint8Array => {
      const footer = Buffer.from(bytes.subarray(end));
      footer.writeBigUInt64LE(BigInt(start + length + 40), 16);
      footer.writeBigUInt64LE(hash64(footer.subarray(0, 32)), 32);
      return footer;
    };
    assert.equal((await reopened(pieces([start, end]))).outcome, "checkpoint");
    const wrong: [number, number][][] = [
      [],
      [[start, third]],
      [[second, end]],
      [
        [second, third],
        [start, second],
        [third, end],
      ],
      [
        [start, second],
        [start, end],
      ],
    ];
    for (const ranges of wrong) assert.equal((await reopened(pieces(...ranges))).outcome, "damaged");
    const stamp = head.stamp + 1;
    await writeCheckpoint(env, directory, { ...head, stamp }, sections);
    const other = readFileSync(file);
    const mixed = Buffer.concat([other.subarray(0, start), bytes.subarray(start)]);
    assert.equal((await reopened(mixed)).outcome, "damaged");
  });

  it("belongs to its directory and has its number", async () => {
    await writeCheckpoint(env, directory, head, sections);
    const other = "f".repeat(32);
    const elsewhere = await openCheckpoint(env, directory, other, head.number);
    assert.deepEqual(elsewhere, { outcome: "damaged", reason: `it belongs to directory ${directoryId}`, at: 0 });
    writeFileSync(join(directory, "ckpt-00000008.ckpt"), readFileSync(file));
    const renamed = await openCheckpoint(env, directory, directoryId, 8);
    assert.deepEqual(renamed, { outcome: "damaged", reason: "it is checkpoint 7", at: 0 });
  });

  it("is refused by name when it is of another version", async () => {
    await writeCheckpoint(env, directory, head, sections);
    for (const [at, reason] of [
      [8, "format version 2 is not known"],
      [12, "checksum algorithm 2 is not known"],
    ] as const) {
      const bytes = readFileSync(file);
      const first = Buffer.from(bytes.subarray(0, 64));
      first.writeUInt32LE(2, at);
      first.writeBigUInt64LE(hash64(first.subarray(0, 56)), 56);
      assert.deepEqual(await reopened(Buffer.concat([first, bytes.subarray(64)])), { outcome: "version", reason });
      writeFileSync(file, bytes);
    }
  });

  it("gives out nothing of a file that has changed since it was validated", async () => {
    await writeCheckpoint(env, directory, head, sections);
    const bytes = readFileSync(file);
    const opened = await open();
    await writeCheckpoint(env, directory, head, sections.slice(1));
    await assert.rejects(all(opened), { name: "CheckpointDamage", file });
    const last = Uint8Array.from(bytes);
    last[bytes.length - 41] ^= 1;
    writeFileSync(file, last);
    await assert.rejects(all(opened), { name: "CheckpointDamage", reason: "the checksum of a section does not fit" });
    writeFileSync(file, bytes);
    assert.deepEqual(await all(opened), sections);
  });

  it("leaves nothing behind when its sections can't be had", async () => {
    const failing = function* (): Generator<Section> {
      yield sections[0];
      throw new Error("no second section");
    };
    await assert.rejects(writeCheckpoint(env, directory, head, failing()), /no second section/);
    assert.deepEqual(readdirSync(directory), []);
    const wrong = [{ kind: 2 ** 32, shard: 0, payload: new Uint8Array(1) }];
    await assert.rejects(writeCheckpoint(env, directory, head, wrong), /u32/);
    assert.deepEqual(readdirSync(directory), []);
  });

  it("replaces what an interrupted attempt left", async () => {
    writeFileSync(`${file}.tmp`, new Uint8Array(1000).fill(1));
    await writeCheckpoint(env, directory, head, sections);
    assert.deepEqual(readdirSync(directory), ["ckpt-00000007.ckpt"]);
    assert.deepEqual(await all(await open()), sections);
  });
});

describe("the checkpoints of a directory", () => {
  it("are those whose names are exact, least first", () => {
    const names = [
      "ckpt-00000010.ckpt",
      "x",
      "ckpt-00000009.ckpt",
      "ckpt-00000011.ckpt.tmp",
      "ckpt-12.ckpt",
      "MANIFEST",
    ];
    assert.deepEqual(checkpointNumbersIn(names), [9, 10]);
  });

  it("are removed when nobody keeps them, with what interrupted attempts left", async () => {
    const directory = mkdtempSync(join(tmpdir(), "topics-prune-"));
    try {
      const others = ["MANIFEST", "MANIFEST.tmp", "ckpt-5.ckpt", "seg-00000001.seg.tmp"];
      const own = [3, 4, 5].map((number) => `ckpt-0000000${number}.ckpt`);
      for (const name of [...others, ...own, `${own[1]}.tmp`, "ckpt-00000006.ckpt.tmp"]) {
        writeFileSync(join(directory, name), name);
      }
      assert.deepEqual(await prune(env, directory, [4, 5, 9]), [3, 4, 6]);
      assert.deepEqual(readdirSync(directory).sort(), [...others, own[1], own[2]].sort());
      assert.deepEqual(await prune(env, directory, [4, 5, 9]), []);
      assert.deepEqual(await prune(env, directory, []), [4, 5]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

/**
 * Directories written by format 1 (spec 6.8), opened by this build: what they hold is what their texts say, it can be added
 * to and deleted from, and comes back. Versions that are not known are refused by name.
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hash64 } from "../src/base/hash.ts";
import type { RunningEngine } from "../src/engine/engine.ts";
import { nodeEnv } from "../src/env/node-env.ts";
import { noProgress } from "../src/maintenance/progress.ts";
import { verify } from "../src/maintenance/verify/verify.ts";
import { StartRefusal } from "../src/storage/refusal.ts";
import { appendRequest } from "./engine-run.ts";
import {
  type FixtureFiles,
  type FixtureName,
  fixtures,
  readExpected,
  readFixture,
  unpackFixture,
} from "./format-1/fixture.ts";
import { openSmall } from "./format-1/simulated-run.ts";
import { keysIn, readTopic, stateText, topicNames, topicText } from "./format-1/state-text.ts";

/** A fixture on a real disk. */
class Unpacked {
  readonly root: string;
  readonly #hasCold: boolean;

  private constructor(root: string, files: FixtureFiles) {
    this.root = root;
    this.#hasCold = files.has("cold/COLD");
  }

  static async of(files: FixtureFiles): Promise<Unpacked> {
    const root = await mkdtemp(join(tmpdir(), "topics-format-"));
    await unpackFixture(files, root);
    return new Unpacked(root, files);
  }

  get directory(): string {
    return join(this.root, "data");
  }

  get cold(): string | undefined {
    return this.#hasCold ? join(this.root, "cold") : undefined;
  }

  /** What `work` finds in a server that was started on it; stopped in order afterwards. */
  async started<T>(work: (engine: RunningEngine) => Promise<T>): Promise<T> {
    const storage = this.cold === undefined ? {} : { coldDirectory: this.cold };
    const engine = await openSmall(nodeEnv(), { directory: this.directory, storage });
    try {
      await engine.recover();
      return await work(engine);
    } finally {
      await engine.close(10_000);
    }
  }

  remove(): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }
}

async function unpacked<T>(files: FixtureFiles, work: (there: Unpacked) => Promise<T>): Promise<T> {
  const there = await Unpacked.of(files);
  try {
    return await work(there);
  } finally {
    await there.remove();
  }
}

/** Of all topics that keep their records. */
async function lastingText(engine: RunningEngine): Promise<string> {
  const lasting = topicNames(engine).filter(
    (topic) => engine.topicState(topic, false).config.durability !== "ephemeral",
  );
  const texts: string[] = [];
  for (const topic of lasting) texts.push(await topicText(engine, topic));
  return texts.join("\n");
}

function tagOf(record: string): string | undefined {
  return (JSON.parse(record) as { readonly $tag?: string }).$tag;
}

/** Reads by tag find what reading everything finds. */
async function compareTags(engine: RunningEngine, topic: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const { records } = await readTopic(engine, topic);
  for (const record of records) {
    const tag = tagOf(record);
    if (tag !== undefined) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  for (const [tag, count] of counts) {
    const match = { op: "Eq", value: tag } as const;
    assert.equal((await readTopic(engine, topic, match)).records.length, count, `${topic}: ${tag}`);
  }
  return counts;
}

/** To each topic a record, and from each the records of one tag. */
async function change(engine: RunningEngine): Promise<void> {
  for (const topic of topicNames(engine)) {
    const tags = await compareTags(engine, topic);
    const { headSeq } = engine.topicState(topic, false);
    for (const [tag, count] of [...tags].slice(0, 1)) {
      const match = { op: "Eq", value: tag } as const;
      assert.equal((await engine.deleteRecords(topic, { beforeSeq: undefined, match })).deleted, count);
    }
    const request = appendRequest({ records: [{ data: "by a later build", tag: "later" }], idempotency_key: "later" });
    assert.equal((await engine.append(topic, request)).firstSeq, headSeq + 1);
  }
}

describe("format 1", () => {
  for (const name of fixtures) {
    it(`${name}: is read, changed, and read again`, async () => {
      const [files, expected] = [await readFixture(name), await readExpected(name)];
      await unpacked(files, async (there) => {
        const changed = await there.started(async (engine) => {
          assert.equal(await stateText(engine, keysIn(expected)), expected);
          await change(engine);
          return lastingText(engine);
        });
        await there.started(async (engine) => assert.equal(await lastingText(engine), changed));
      });
    });

    it(`${name}: is found to be in order, by whoever only reads`, async () => {
      await unpacked(await readFixture(name), async (there) => {
        const { directory, cold } = there;
        const report = await verify({ env: nodeEnv(), directory, cold, progress: noProgress });
        assert.equal(report.outcome, "ok", JSON.stringify(report.files.filter(({ outcome }) => outcome !== "ok")));
        assert.equal(report.start.outcome, "starts");
        for (const [path, bytes] of await readFixture(name))
          assert.ok(Buffer.from(bytes).equals(await readFile(join(there.root, path))), `${path} is as it was`);
      });
    });
  }
});

/** Where a kind of file has its version, and the hash that covers it. */
interface VersionPlace {
  readonly kind: string;
  readonly fixture: FixtureName;
  readonly file: RegExp;
  readonly versionAt: number;
  readonly hashAt: (bytes: Buffer) => number;
}

const versions: readonly VersionPlace[] = [
  { kind: "manifest", fixture: "wal-clean", file: /MANIFEST$/, versionAt: 8, hashAt: (b) => 16 + b.readUInt32LE(12) },
  { kind: "WAL file", fixture: "wal-clean", file: /wal-.*\.log$/, versionAt: 8, hashAt: () => 504 },
  { kind: "checkpoint", fixture: "segments", file: /\.ckpt$/, versionAt: 8, hashAt: () => 56 },
  { kind: "segment", fixture: "segments", file: /\.seg$/, versionAt: 8, hashAt: () => 48 },
  { kind: "cold segment", fixture: "cold", file: /cold\/.*\.seg$/, versionAt: 8, hashAt: () => 48 },
  { kind: "delete file", fixture: "segments", file: /\.del$/, versionAt: 8, hashAt: () => 40 },
  { kind: "cold mark", fixture: "cold", file: /COLD$/, versionAt: 8, hashAt: () => 48 },
];

/** The fixture with every file of a kind in a version from the future. */
async function inFuture({ fixture, file, versionAt, hashAt }: VersionPlace): Promise<Map<string, Uint8Array>> {
  const files = new Map(await readFixture(fixture));
  for (const [path, bytes] of files) {
    if (!file.test(path)) continue;
    const changed = Buffer.from(bytes);
    const end = hashAt(changed);
    changed.writeUInt32LE(99, versionAt);
    changed.writeBigUInt64LE(hash64(changed.subarray(0, end)), end);
    files.set(path, changed);
  }
  return files;
}

describe("a version that is not known", () => {
  for (const place of versions) {
    it(`of a ${place.kind} is refused by name`, async () => {
      await unpacked(await inFuture(place), async (there) => {
        await assert.rejects(
          there.started(async () => undefined),
          (error) => {
            assert.ok(error instanceof StartRefusal, String(error));
            assert.equal(error.kind, "version");
            assert.match(error.message, /version 99/);
            assert.match(error.place?.file ?? "", place.file);
            return true;
          },
        );
      });
    });
  }
});

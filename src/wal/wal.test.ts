import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Env } from "../env/env.ts";
import { nodeEnv } from "../env/node-env.ts";
import { ManifestStore } from "../storage/manifest.ts";
import type { TopicsError } from "../base/errors.ts";
import { type Commit, type CommitStage, type Draft, frameKind } from "./commit.ts";
import { defaultWalConfig, type WalConfig } from "./config.ts";
import type { Frame } from "./frame.ts";
import { recoverWal, type RecoveredWal } from "./recovery.ts";
import type { Shard } from "./shard.ts";
import { Wal } from "./wal.ts";

/** A commit that a test can await. */
class TestCommit implements Commit {
  readonly draft: Draft;
  readonly wants: CommitStage;
  readonly reserve = false;
  acked = false;
  readonly done: Promise<void>;
  #resolve: () => void = () => undefined;
  #reject: (error: TopicsError) => void = () => undefined;

  constructor(draft: Draft, wants: CommitStage) {
    this.draft = draft;
    this.wants = wants;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  written(): void {
    if (this.wants === "written") this.#ack();
  }

  synced(): void {
    this.#ack();
  }

  failed(error: TopicsError): void {
    this.#reject(error);
  }

  #ack(): void {
    this.acked = true;
    this.#resolve();
  }
}

interface Opened {
  readonly wal: Wal;
  readonly recovered: RecoveredWal;
  readonly frames: { shard: number; op: number; text: string }[];
  append(shard: Shard, op: number, text: string, wants: CommitStage): Promise<void>;
}

async function open(env: Env, directory: string, config: WalConfig = defaultWalConfig, shards = 2): Promise<Opened> {
  let stamp = 1;
  const manifest =
    (await ManifestStore.open(env.fs, directory)) ??
    (await ManifestStore.create(env.fs, directory, {
      directoryId: "00112233445566778899aabbccddeeff",
      layouts: [{ shards, files: Array.from({ length: shards }, () => []) }],
      nextIndex: 1,
      idCeiling: 1,
      generation: 0,
      checkpoints: [],
      nextCheckpoint: 1,
    }));
  const frames: { shard: number; op: number; text: string }[] = [];
  const recovered = await recoverWal({
    env,
    directory,
    manifest: manifest.current,
    latchNoted: false,
    noteLatch: () => Promise.resolve(),
    events: () => undefined,
    progress: () => undefined,
    observe: () => undefined,
    topicName: () => undefined,
    visit: (shard: number, frame: Frame) => {
      if (frame.fields.kind === frameKind.records)
        frames.push({ shard, op: frame.fields.op, text: Buffer.from(frame.payload).toString() });
      return undefined;
    },
  });
  const wal = await Wal.start(
    {
      env,
      directory,
      config,
      manifest,
      events: () => undefined,
      nextStamp: () => stamp++,
      noteLatch: () => Promise.resolve(),
      crash: (error: unknown) => {
        throw error;
      },
    },
    recovered,
    [],
  );
  const append = async (shard: Shard, op: number, text: string, wants: CommitStage): Promise<void> => {
    const room = { reserve: false, patient: true };
    for (let wait = shard.admit(text.length, room); wait; wait = shard.admit(text.length, room)) await wait;
    const fields = {
      kind: frameKind.records,
      topicId: 1,
      epoch: 1,
      op,
      stamp: stamp++,
      firstSeq: op,
      count: 1,
      ceiling: 9,
    };
    const draft = shard.draft(fields, text.length);
    draft.payload.write(text);
    const commit = new TestCommit(draft, wants);
    shard.submit(commit);
    await commit.done;
  };
  return { wal, recovered, frames, append };
}

describe("the WAL on a real disk", () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "topics-wal-"))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("gives back what was acked after it is left without a word", async () => {
    const first = await open(nodeEnv(), directory);
    for (let op = 1; op <= 20; op++) await first.append(first.wal.shards[op % 2], op, `text ${op}`, "written");
    const second = await open(nodeEnv(), directory);
    assert.deepEqual(
      second.frames.map((frame) => frame.op).sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    assert.ok(second.recovered.shards.every((shard) => !shard.powerLost));
    await second.wal.close(() => 1_000_000);
    const third = await open(nodeEnv(), directory);
    assert.equal(third.frames.length, 20);
    assert.ok(third.recovered.shards.every((shard) => shard.clean));
    await third.wal.close(() => 2_000_000);
  });

  it("rotates through small files and reads them all again", async () => {
    const config = { ...defaultWalConfig, fileBytes: 64 << 10 };
    const first = await open(nodeEnv(), directory, config, 1);
    const text = "x".repeat(3000);
    for (let round = 0; round < 20; round++)
      await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          first.append(first.wal.shards[0], round * 10 + i + 1, text, i % 3 ? "written" : "synced"),
        ),
      );
    await first.wal.close(() => 1_000_000);
    const second = await open(nodeEnv(), directory, config, 1);
    assert.equal(second.frames.length, 200);
    assert.ok(second.frames.every((frame) => frame.text === text));
    await second.wal.close(() => 2_000_000);
  });

  it("takes a frame that is larger than a file", async () => {
    const config = { ...defaultWalConfig, fileBytes: 64 << 10 };
    const first = await open(nodeEnv(), directory, config, 1);
    await first.append(first.wal.shards[0], 1, "a".repeat(300_000), "synced");
    await first.append(first.wal.shards[0], 2, "b".repeat(30_000), "synced");
    await first.append(first.wal.shards[0], 3, "c".repeat(400_000), "written");
    await first.wal.close(() => 1_000_000);
    const second = await open(nodeEnv(), directory, config, 1);
    assert.deepEqual(
      second.frames.map((frame) => frame.text.length),
      [300_000, 30_000, 400_000],
    );
    await second.wal.close(() => 2_000_000);
  });

  it("keeps retired files in an archive", async () => {
    const archiveDirectory = join(directory, "archive");
    mkdirSync(archiveDirectory);
    const first = await open(nodeEnv(), directory, { ...defaultWalConfig, archiveDirectory });
    const { shards } = first.wal;
    for (let op = 1; op <= 4; op++) await first.append(shards[op % 2], op, `text ${op}`, "written");
    assert.deepEqual(await Promise.all(shards.map((shard) => shard.rotate())), [true, true]);
    await first.append(shards[0], 5, "text 5", "written");
    assert.deepEqual(await Promise.all(shards.map((shard) => shard.synced())), [true, true]);
    assert.equal(await first.wal.retire(shards.map((shard) => shard.place())), 2);
    assert.deepEqual(readdirSync(archiveDirectory).sort(), [
      "00112233445566778899aabbccddeeff-wal-00-00000001.log",
      "00112233445566778899aabbccddeeff-wal-01-00000002.log",
    ]);
    assert.ok(!readdirSync(directory).includes("wal-00-00000001.log"));
    await first.wal.close(() => 1_000_000);
  });
});

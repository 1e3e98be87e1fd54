import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TopicsError } from "../base/errors.ts";
import { portableSlicer } from "../base/json-slice.ts";
import { defaultBatchLimits, maxIdempotencyKeyBytes } from "../base/limits.ts";
import { nodeEnv } from "../env/node-env.ts";
import { wholeRead } from "../topic/testing/whole-read.ts";
import { defaultWalConfig } from "../wal/config.ts";
import { openEngine, type RunningEngine } from "./engine.ts";
import type { EngineEvent } from "./events.ts";
import { defaultStorageConfig } from "./storage-config.ts";

const read = { ...wholeRead, limit: 700 };

/** What the engine reports, to be waited for. */
class Events {
  readonly seen: EngineEvent[] = [];
  #waiting: { readonly type: string; readonly resolve: () => void }[] = [];

  take(event: EngineEvent): void {
    this.seen.push(event);
    for (const { type, resolve } of this.#waiting.splice(0)) {
      if (type === event.type) resolve();
      else this.#waiting.push({ type, resolve });
    }
  }

  next(type: EngineEvent["type"]): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ type, resolve }));
  }
}

describe("a damaged segment", () => {
  let root: string;
  let events: Events;
  let engine: RunningEngine | undefined;

  async function start(archive: boolean): Promise<RunningEngine> {
    events = new Events();
    const config = {
      directory: join(root, "data"),
      shards: 1,
      shardsAsked: false,
      wal: { ...defaultWalConfig, fileBytes: 64 << 10, archiveDirectory: archive ? join(root, "archive") : undefined },
      storage: { ...defaultStorageConfig, cacheBytes: 0, segmentMaxRecords: 500, checkpointBytes: 64 << 10 },
      maxTopics: 0,
      maxIdempotencyKeys: 0,
    };
    const hooks = {
      events: (event: EngineEvent) => events.take(event),
      crash: (error: unknown) => {
        throw error;
      },
    };
    engine = await openEngine(nodeEnv(), config, hooks);
    await engine.recover();
    return engine;
  }

  async function append(count: number): Promise<void> {
    const records = Array.from({ length: count }, (_, i) => ({ data: `${i}:${"x".repeat(400)}`, tag: `t${i % 7}` }));
    const slicing = portableSlicer.begin(Buffer.from(JSON.stringify({ records })), {
      ...defaultBatchLimits,
      maxKeyBytes: maxIdempotencyKeyBytes,
    });
    while (!slicing.step(1 << 20));
    const { batch } = slicing.result();
    const rest = { idempotencyKey: undefined, create: undefined, config: undefined, disableBackpressure: true };
    await engine!.append("t", { batch, ...rest });
  }

  /** One byte in the middle of a record of the first segment. */
  function damage(): void {
    const data = join(root, "data");
    const name = readdirSync(data)
      .filter((one) => one.endsWith(".seg"))
      .sort()[0];
    const bytes = readFileSync(join(data, name));
    bytes[bytes.indexOf("xxxxxxxx") + 100] ^= 1;
    writeFileSync(join(data, name), bytes);
  }

  async function text(fromSeq: number): Promise<string> {
    const page = await engine!.read("t", { ...read, fromSeq });
    const found = page.slices.map((slice) => Buffer.from(slice).toString()).join(",");
    page.release();
    return found;
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "topics-rescue-"));
    mkdirSync(join(root, "archive"));
  });
  afterEach(async () => {
    await engine?.close(10_000);
    rmSync(root, { recursive: true, force: true });
  });

  it("is made whole from the log, while that still has the records", async () => {
    await start(false);
    const sealed = events.next("segment-sealed");
    await append(900);
    await sealed;
    await engine!.deleteRecords("t", { beforeSeq: undefined, match: { op: "Eq", value: "t3" } });
    const before = await text(0);
    damage();
    assert.ok((await text(0)) === before, "the same records");
    const types = events.seen.map(({ type }) => type);
    assert.ok(types.includes("segment-damaged") && types.includes("segment-rescued"));
    assert.ok((await text(0)) === before, "the same records");
  });

  it("is made whole from the archive, when the log has let go of them", async () => {
    await start(true);
    const before = await fillUntilRetired();
    damage();
    assert.ok((await text(0)) === before, "the same records");
    assert.ok(events.seen.some(({ type }) => type === "segment-rescued"));
  });

  it("fails reads of the damaged range, naming the file, and of no other", async () => {
    await start(false);
    await fillUntilRetired();
    const behind = await text(800);
    damage();
    await assert.rejects(text(0), (error: unknown) => {
      assert.ok(error instanceof TopicsError);
      assert.equal(error.code, "internal");
      assert.match(String(error.detail?.["segment"]), /seg-\d{8}\.seg$/);
      return true;
    });
    assert.ok((await text(800)) === behind, "the same records");
  });

  /** Two checkpoints behind the records: no file of the log has them any more. Gives the first page. */
  async function fillUntilRetired(): Promise<string> {
    const retired = events.next("wal-retired");
    await append(900);
    const first = await text(0);
    let gone = false;
    void retired.then(() => (gone = true));
    while (!gone) {
      const written = events.next("checkpoint-written");
      await append(600);
      await written;
    }
    return first;
  }
});

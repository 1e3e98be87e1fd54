import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errnoOf } from "./env.ts";
import { NodeFs } from "./node-fs.ts";
import { Lane } from "./node-lane.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const laneModule = new URL("./node-fs.ts", import.meta.url).href;

describe("the file system of Node", () => {
  let directory = "";
  beforeEach(() => {
    directory = fs.mkdtempSync(join(tmpdir(), "topics-node-fs-"));
  });
  afterEach(() => {
    fs.rmSync(directory, { recursive: true, force: true });
  });

  it("syncs a lane's file while every thread of the pool is stuck in an open", async () => {
    const disk = new NodeFs();
    const file = await disk.open(join(directory, "wal"), "create", { lane: "shard-0" });
    const pooled = await disk.open(join(directory, "other"), "create");
    const fifo = join(directory, "fifo");
    execFileSync("mkfifo", [fifo]);
    const threads = Number(process.env["UV_THREADPOOL_SIZE"] ?? "4");
    const stuck = Array.from({ length: threads }, () => disk.open(fifo, "read"));
    let poolMoved = false;
    const pooledSync = pooled.datasync().then(() => (poolMoved = true));
    file.writeSync([bytes("acked")], 0);
    for (let round = 0; round < 3; round++) await file.datasync();
    assert.equal(poolMoved, false);
    const otherEnd = fs.openSync(fifo, fs.constants.O_RDWR);
    for (const opened of await Promise.all(stuck)) await opened.close();
    fs.closeSync(otherEnd);
    await pooledSync;
    await pooled.close();
    await file.close();
  });

  it("gives each lane a thread of its own, from its first file to its last", async () => {
    const disk = new NodeFs();
    const open = (name: string, lane: string): ReturnType<NodeFs["open"]> =>
      disk.open(join(directory, name), "create", { lane });
    const first = await open("a", "shard-0");
    const second = await open("b", "shard-1");
    const third = await open("c", "shard-0");
    const threads = disk.laneThreads();
    assert.deepEqual([...threads.keys()], ["shard-0", "shard-1"]);
    assert.notEqual(threads.get("shard-0"), threads.get("shard-1"));
    await Promise.all([first.datasync(), second.datasync(), third.datasync()]);
    await first.close();
    await second.close();
    assert.deepEqual([...disk.laneThreads().keys()], ["shard-0"]);
    await third.datasync();
    await third.close();
    assert.deepEqual([...disk.laneThreads().keys()], []);
  });

  it("closes a file only after the sync in flight", async () => {
    const disk = new NodeFs();
    const file = await disk.open(join(directory, "wal"), "create", { lane: "shard-0" });
    const order: string[] = [];
    const sync = file.datasync().then(() => order.push("synced"));
    await file.close().then(() => order.push("closed"));
    await sync;
    assert.deepEqual(order, ["synced", "closed"]);
  });

  it("refuses a second sync of a file in flight", async () => {
    const disk = new NodeFs();
    const file = await disk.open(join(directory, "wal"), "create", { lane: "shard-0" });
    const sync = file.datasync();
    await assert.rejects(file.datasync(), /two syncs/);
    await sync;
    await file.close();
  });

  it("reports a lane's failed sync by errno and goes on with the next", async () => {
    const lane = new Lane("shard-0");
    const fd = fs.openSync(join(directory, "wal"), "w");
    const bad = lane.datasync(1_000_000).then(
      () => "synced",
      (error: unknown) => errnoOf(error),
    );
    const good = lane.datasync(fd);
    assert.equal(await bad, "EBADF");
    await good;
    lane.end();
    fs.closeSync(fd);
  });

  it("does not keep the process alive by an idle lane", () => {
    const script = `
      import { NodeFs } from ${JSON.stringify(laneModule)};
      const file = await new NodeFs().open(${JSON.stringify(join(directory, "wal"))}, "create", { lane: "shard-0" });
      await file.datasync();
      process.stdout.write("synced");
    `;
    const child = run(script);
    assert.deepEqual([child.status, child.stdout, child.stderr], [0, "synced", ""]);
  });

  it("locks a file against every other open of it, in this process and in others, until it is closed", async () => {
    const path = join(directory, "LOCK");
    const disk = new NodeFs();
    const holder = await disk.open(path, "create");
    const other = await disk.open(path, "create");
    const script = `
      import { NodeFs } from ${JSON.stringify(laneModule)};
      const disk = new NodeFs();
      const file = await disk.open(${JSON.stringify(path)}, "create");
      process.stdout.write(String(await disk.tryLock(file)));
    `;
    assert.equal(await disk.tryLock(holder), true);
    assert.equal(await disk.tryLock(other), false);
    assert.equal(run(script).stdout, "false");
    await holder.close();
    assert.equal(run(script).stdout, "true");
    assert.equal(await disk.tryLock(other), true);
    await other.close();
  });

  it("writes a gathered list longer than the system takes at once", async () => {
    const disk = new NodeFs();
    const file = await disk.open(join(directory, "wal"), "create");
    const parts = Array.from({ length: 3000 }, (_, index) => bytes(String(index % 10)));
    let written = 0;
    while (written < parts.length) {
      written += await file.write(parts.slice(written), written);
    }
    while (written < 2 * parts.length) {
      written += file.writeSync(parts.slice(written - parts.length), written);
    }
    const expected = "0123456789".repeat(600);
    const found = new Uint8Array(7000);
    assert.equal(await file.read(found, 0), 6000);
    assert.equal(new TextDecoder().decode(found.subarray(0, 6000)), expected);
    await file.close();
  });
});

function run(script: string): { status: number | null; stdout: string; stderr: string } {
  const flags = ["--import", "ts-blank-space/register", "--input-type=module", "--eval", script];
  return spawnSync(process.execPath, flags, { encoding: "utf8" });
}

/** Offline tools on a directory with routers in it (spec 6.6): nothing there is strange to them, damaged or not. */
import assert from "node:assert/strict";
import { SimulatedDisk } from "../../sim/disk/disk.ts";
import { diskEnv } from "../../sim/files/disk-env.ts";
import type { Env } from "../../src/env/env.ts";
import { nodeEnv } from "../../src/env/node-env.ts";
import { noProgress } from "../../src/maintenance/progress.ts";
import { verify } from "../../src/maintenance/verify/verify.ts";
import { firstFrameAt } from "../../src/wal/file-header.ts";
import { appendRequest, startEngine } from "../engine-run.ts";
import { repaired, servedOn } from "../maintenance/repaired.ts";

const plain = { preserveNode: true, preserveTag: true, createDest: true, allowCycle: false, filter: undefined };

function envOn(disk: SimulatedDisk): Env {
  return { ...diskEnv(disk), timers: nodeEnv().timers };
}

/** Two routers, copies, direct writes, a router that has gone. */
async function routed(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ directories: ["/data", "/new"] });
  const engine = await startEngine(envOn(disk), { directory: "/data", shards: 1 });
  await engine.recover();
  const write = (topic: string, data: string): Promise<unknown> =>
    engine.append(topic, appendRequest({ records: [{ data, tag: "t" }] }));
  await engine.putRouter("a->b", { ...plain, source: "a", dest: "b", exactlyOnce: true });
  await engine.putRouter("a->c", { ...plain, source: "a", dest: "c", exactlyOnce: false });
  for (let i = 0; i < 4; i++) {
    await write("a", `copied ${i}`);
    await engine.caughtUp("b");
    await engine.caughtUp("c");
    await write("b", `direct ${i}`);
    if (i === 2) await engine.deleteRouter("a->c");
  }
  await engine.close(10_000);
  return disk;
}

describe("routers and offline tools", () => {
  let disk: SimulatedDisk;
  before(async () => {
    disk = await routed();
  });

  it("verifies, and is repaired into the same", async () => {
    const checked = await verify({
      env: envOn(disk.clone()),
      directory: "/data",
      cold: undefined,
      progress: noProgress,
    });
    assert.equal(checked.outcome, "ok");
    const whole = await servedOn(disk);
    const { contents, report } = await repaired(disk.clone());
    assert.deepEqual(report.damaged, []);
    assert.deepEqual([...contents], [...whole]);
    assert.equal(contents.get("b")?.records.size, 8);
    assert.equal(contents.get("c")?.records.size, 3);
  });

  it("is repaired whatever frame is damaged, routers' own among them", async () => {
    const [log] = disk.files().filter((path) => /wal-00-/.test(path) && disk.contents(path)[0] !== 0);
    const bytes = disk.contents(log);
    const ends = bytes.findLastIndex((byte) => byte !== 0);
    for (let at = firstFrameAt + 40; at < ends; at += 331) {
      const damaged = disk.clone();
      damaged.damage(log, (content) => {
        content[at] ^= 0x20;
        return content;
      });
      const { contents } = await repaired(damaged);
      for (const [seq, record] of contents.get("b")?.records ?? []) assert.match(record, /copied|direct/, `${seq}`);
    }
  });
});

/** Checkpoints that fail for as long as the server runs (spec 6.4, 6.6): the log that they would cover stays. */
import assert from "node:assert/strict";
import { type FaultCase } from "../../fault-case.ts";
import { checkpoints, sealed, sealMore, tinySegments } from "../../sealed-topics.ts";

const faults: Readonly<Record<string, string>> = {
  "write-enospc": "write(ckpt-)#1:ENOSPC:forever",
  "sync-eio": "datasync(ckpt-)#1:EIO:B:forever",
  "rename-eio": "rename(ckpt-)#1:EIO:forever",
  "sync-hangs": "datasync(ckpt-)#1:hang",
};

export const cases: readonly FaultCase[] = Object.entries(faults).map(([name, fault]) => ({
  name: `checkpoint-${name}-for-ever`,
  section: "6.6",
  what: `No checkpoint can be written any more`,
  permits:
    "Both kept checkpoints and the log behind them stay; nothing acked is lost; appends are taken again when it works",
  server: tinySegments,
  prepare: sealed,
  faults: [fault],
  run: async (scene) => {
    const before = checkpoints(scene);
    const logs = scene.files(/wal-.*\.log$/);
    await sealMore(scene);
    await scene.pass(60_000);
    assert.deepEqual(checkpoints(scene), before);
    assert.ok(
      logs.every((path) => scene.disk.files().includes(path)),
      "no log file is gone",
    );
  },
  outcome: { holds: { d: "1-16", f: "1-16" }, afterPowerLoss: { d: "1-16 crash:17..", f: "1-16" } },
  guards: name === "write-enospc" ? [28] : [],
}));

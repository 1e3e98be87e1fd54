import assert from "node:assert/strict";
import { type Manifest, ManifestStore } from "../../../src/storage/manifest.ts";
import { SimulatedDisk } from "../disk.ts";
import { walDroppedBeforeRemoval } from "./wal-dropped-before-removal.ts";

const path = "/data/wal-00-00000001.log";

function naming(files: readonly number[]): Manifest {
  return {
    directoryId: "00112233445566778899aabbccddeeff",
    layouts: [{ shards: 1, files: [files] }],
    nextIndex: 3,
    idCeiling: 1,
    generation: 1,
    checkpoints: [],
    nextCheckpoint: 1,
  };
}

/** Drops the file from the manifest, and removes it. */
function removal(faults: readonly string[], drop: boolean): Promise<unknown> {
  const disk = new SimulatedDisk({ directories: ["/data"], rules: [walDroppedBeforeRemoval] });
  return disk.run(async () => {
    const fs = disk.fs();
    const file = await fs.open(path, "create-new");
    await file.close();
    const store = await ManifestStore.create(fs, "/data", naming([1, 2]));
    disk.injector.plant(...faults);
    if (drop) await store.update(() => naming([2])).catch((error: unknown) => assert.ok(error instanceof Error));
    await fs.unlink(path);
  });
}

describe("the rule that a WAL file is dropped before it is removed", () => {
  it("lets a file go that no manifest names", async () => {
    await removal([], true);
  });

  it("is broken while the manifest names it, or an earlier one that may be found", async () => {
    const broken = /a manifest that may be found names it/;
    await assert.rejects(removal([], false), broken);
    await assert.rejects(removal(["syncDir(/data)#1:EIO"], true), broken);
  });
});

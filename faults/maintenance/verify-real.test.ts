/** Verify on real files: no trace of it, the cold tier, the lock; and on a disk that does not answer (spec 6.6). */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeColdFile } from "../../src/engine/cold-tier.ts";
import { nodeEnv } from "../../src/env/node-env.ts";
import { noProgress } from "../../src/maintenance/progress.ts";
import { verify, type VerifyReport } from "../../src/maintenance/verify/verify.ts";
import { DirectoryLock } from "../../src/storage/lock.ts";
import { diskEnv } from "../../sim/files/disk-env.ts";
import { fingerprint } from "../process/tools.ts";
import { sealedDisk } from "./directories.ts";
import { copyOut } from "./on-disk.ts";
import { damagedFiles } from "./verify-on.ts";

describe("verify on real files", () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), "verify-"))));
  afterEach(() => rmSync(root, { recursive: true }));
  const check = (cold?: string): Promise<VerifyReport> =>
    verify({ env: nodeEnv(), directory: join(root, "data"), cold, progress: noProgress });

  it("reads hot and cold, and leaves every byte and time as it was", async () => {
    const { disk } = await sealedDisk({ ending: "clean", cold: "/cold" });
    copyOut(disk, root);
    const [data, cold] = [join(root, "data"), join(root, "cold")];
    const moved = readdirSync(cold).filter((name) => name.endsWith(".seg"));
    assert.ok(moved.length > 2, "some segments are cold");
    const before = [fingerprint(data), fingerprint(cold)];
    const report = await check(cold);
    assert.equal(report.outcome, "ok", JSON.stringify(damagedFiles(report)));
    for (const name of moved) assert.ok(report.files.some(({ file }) => file === join(cold, name)));
    assert.equal((await check()).outcome, "inconclusive", "without the cold directory");
    assert.deepEqual([fingerprint(data), fingerprint(cold)], before);
    unlinkSync(join(cold, moved[0]));
    const lacking = await check(cold);
    assert.deepEqual(
      damagedFiles(lacking).map(({ file }) => file),
      [join(data, moved[0])],
    );
  });

  it("finds a cold directory that is another one's", async () => {
    const { disk } = await sealedDisk({ ending: "clean", cold: "/cold" });
    copyOut(disk, root);
    const mark = join(root, "cold", "COLD");
    const named = async (): Promise<string[]> => damagedFiles(await check(join(root, "cold"))).map(({ file }) => file);
    writeFileSync(mark, encodeColdFile("1".repeat(32), "2".repeat(32)));
    assert.deepEqual(await named(), [mark]);
    writeFileSync(mark, "nothing");
    assert.deepEqual(await named(), [mark]);
    unlinkSync(mark);
    assert.deepEqual(await named(), [mark]);
  });

  it("tells nothing of a directory in use, and lets others look at the same time", async () => {
    const { disk } = await sealedDisk({ ending: "idle" });
    copyOut(disk, root);
    const lock = await DirectoryLock.take(nodeEnv(), join(root, "data"));
    const busy = await check();
    assert.equal(busy.outcome, "inconclusive");
    assert.match(busy.reason ?? "", /in use by another process: pid \d+ started/);
    await lock.release();
    const both = await Promise.all([check(), check()]);
    assert.deepEqual(
      both.map(({ outcome }) => outcome),
      ["ok", "ok"],
    );
  });
});

describe("verify on a disk that does not answer", () => {
  it("says that it cannot tell, of that file alone, and never that it is damaged", async () => {
    const { disk } = await sealedDisk({ ending: "idle" });
    const check = async (...faults: string[]): Promise<VerifyReport> => {
      const ill = disk.clone({ faults });
      return verify({ env: diskEnv(ill), directory: "/data", cold: undefined, progress: noProgress });
    };
    assert.equal((await check()).outcome, "ok");
    for (let call = 1; call < 70; call += 3) {
      const report = await check(`read#${call}:EIO:forever`);
      assert.equal(report.outcome, "inconclusive", `${call}: ${JSON.stringify(damagedFiles(report))}`);
      const once = await check(`read#${call}:EIO`);
      assert.deepEqual(damagedFiles(once), [], `once, ${call}`);
    }
    for (const fault of ["open#3:EACCES", "open#9:EMFILE", "stat#5:EIO", "readdir#1:EIO", "open#1:EIO"]) {
      const report = await check(fault);
      assert.equal(report.outcome, "inconclusive", `${fault}: ${JSON.stringify(damagedFiles(report))}`);
    }
  });
});

/**
 * Repair of directories in which anything may be damaged, several things at a time (spec 6.6, 9.2): it always makes a
 * directory that starts and verifies, that holds no record which is not the one it was, and that tells of every other.
 */
import assert from "node:assert/strict";
import { SimulatedDisk } from "../../sim/disk/disk.ts";
import { diskEnv } from "../../sim/files/disk-env.ts";
import { Prng } from "../../sim/prng.ts";
import { dump } from "../../src/maintenance/dump/dump.ts";
import type { Line } from "../../src/maintenance/dump/line.ts";
import { rotatedDirectory, smallDirectory } from "../sweep/directories.ts";
import { exhaustive } from "../sweep/effort.ts";
import type { Image } from "../sweep/image.ts";
import { sealedDisk } from "./directories.ts";
import { compare, repaired, servedOn } from "./repaired.ts";

async function diskOf(image: Image): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ directories: [image.directory] });
  const fs = disk.fs();
  for (const path of image.paths) {
    const file = await fs.open(path, "create");
    await file.write([image.bytes(path)], 0);
    await file.datasync();
    await file.close();
  }
  await fs.syncDir(image.directory);
  disk.kill();
  return disk;
}

/** Every id that frames or checkpoints tell of. */
async function namesOn(disk: SimulatedDisk): Promise<(id: number) => string> {
  const names = new Map<number, string>();
  const line = ({ type, topic, id, name, kind }: Line): void => {
    if (type === "frame" && kind === "topicCreate") names.set(topic as number, name as string);
    if (type === "topic") names.set(id as number, name as string);
  };
  const output = { line, room: () => undefined };
  for (const path of ["/data", ...disk.files().filter((path) => path.endsWith(".log"))])
    await dump({ env: diskEnv(disk.clone()), path, cold: undefined, payloads: false, output });
  return (id) => names.get(id) ?? "";
}

const damages = ["flip", "flip", "flip", "burst", "zero", "cut", "remove", "other"] as const;

/**
 * One more thing that is wrong with the directory, as text. Without a manifest the last files of a log are out of reach,
 * too: if they are gone, nothing tells that they were there.
 */
function damage(disk: SimulatedDisk, prng: Prng, keepsManifest: boolean): string {
  const paths = disk
    .files()
    .filter((path) => !/LOCK|RESERVE|tmp$/.test(path) && disk.contents(path)[0] !== 0)
    .filter((path) => !(keepsManifest ? path.endsWith("MANIFEST") : path.endsWith(".log")));
  if (paths.length === 0) return "nothing more";
  const path = paths[prng.below(paths.length)];
  const bytes = disk.contents(path);
  const written = bytes.findLastIndex((byte) => byte !== 0) + 1;
  const at = prng.below(Math.max(1, written));
  const what = damages[prng.below(damages.length)];
  const other = paths[prng.below(paths.length)];
  disk.damage(path, (content) => {
    switch (what) {
      case "flip":
        content[at] ^= 1 << prng.below(8);
        return content;
      case "burst":
        return content.map((byte, i) => (i >= at && i < at + 300 ? byte ^ 0x5a : byte));
      case "zero":
        // The end of a log may be what was never synced, if nothing else tells (6.2): that is out of reach.
        return content.fill(0, at & ~511, Math.min(path.endsWith(".log") ? written - 4096 : written, at + 4096));
      case "cut":
        return content.slice(0, at);
      case "remove":
        return undefined;
      case "other":
        return disk.contents(other).slice();
    }
  });
  return `${what} ${at} of ${path}${what === "other" ? ` by ${other}` : ""}`;
}

const makers = {
  "with segments and checkpoints": async () => (await sealedDisk({ ending: "idle" })).disk,
  "with segments, stopped in order": async () => (await sealedDisk({ ending: "clean" })).disk,
  "with a log alone": async () => diskOf((await smallDirectory("idle")).image),
  "with rotated log files": async () => diskOf((await rotatedDirectory("clean")).image),
};

/** TOPICS_TEST_SAMPLE says how many of each kind, and REPAIR_SEED where they begin. */
const seeds = exhaustive ? 2000 : Number(process.env["TOPICS_TEST_SAMPLE"] ?? 6);
const from = Number(process.env["REPAIR_SEED"] ?? 0);

describe("repair of anything", () => {
  for (const [what, make] of Object.entries(makers))
    it(`keeps its promises in a directory ${what}`, async function () {
      this.timeout(seeds > 6 ? 3_600_000 : 60_000);
      const whole = await make();
      const contents = await servedOn(whole);
      const names = await namesOn(whole);
      for (let seed = from; seed < from + seeds; seed++) {
        const prng = new Prng(`${what} ${seed}`);
        const disk = whole.clone();
        const keepsManifest = prng.below(4) > 0;
        const done = Array.from({ length: 1 + prng.below(3) }, () => damage(disk, prng, keepsManifest));
        try {
          compare(await repaired(disk), contents, names);
        } catch (error) {
          const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
          assert.fail(`seed ${seed}, ${done.join("; ")}: ${told}`);
        }
      }
    });
});

/** What verify says of damage other than single bits, of several at once, and of what it cannot tell (spec 6.6). */
import assert from "node:assert/strict";
import { firstFrameAt } from "../../src/wal/file-header.ts";
import type { VerifyReport } from "../../src/maintenance/verify/verify.ts";
import { type Made, smallDirectory } from "../sweep/directories.ts";
import type { Image } from "../sweep/image.ts";
import { sealedDirectory } from "./directories.ts";
import { damagedFiles, verifyOn } from "./verify-on.ts";

const flippedAt = (image: Image, path: string, ...places: number[]): Image => {
  const bytes = image.bytes(path).slice();
  for (const at of places) bytes[at] ^= 0x10;
  return image.with(path, bytes);
};

/** Files with a report that is not good, and the first place of each. */
function places({ files }: VerifyReport): [string, number | undefined][] {
  return files.filter(({ outcome }) => outcome !== "ok").map(({ file, damages }) => [file, damages.at(0)?.offset]);
}

const named = (report: VerifyReport): string[] => damagedFiles(report).map(({ file }) => file);
const ofKind = (image: Image, extension: string): string[] => image.paths.filter((path) => path.endsWith(extension));

describe("verify", () => {
  let made: Made;
  before(async () => {
    made = await sealedDirectory({ ending: "idle" });
  });
  const check = (image: Image): Promise<VerifyReport> => verifyOn(image, made);

  it("tells all damage at once, whatever a start would see of it", async () => {
    const { image } = made;
    const [del] = ofKind(image, ".del");
    const [segment, other] = ofKind(image, ".seg");
    const [old, newest] = ofKind(image, ".ckpt");
    const [log] = ofKind(image, ".log");
    let damaged = flippedAt(image, del, 100);
    damaged = flippedAt(damaged, segment, 200);
    damaged = flippedAt(damaged, other, image.bytes(other).length - 10);
    damaged = flippedAt(damaged, old, 300);
    damaged = flippedAt(damaged, log, firstFrameAt + 900, firstFrameAt + 9000);
    const report = await check(damaged);
    assert.equal(report.outcome, "damaged");
    assert.deepEqual(new Set(named(report)), new Set([del, segment, other, old, log]));
    const [frames] = report.files.filter(({ file }) => file === log);
    assert.equal(frames.damages.length, 2, JSON.stringify(frames.damages));
    for (const { offset = 0, length = 0 } of frames.damages)
      assert.ok(offset >= firstFrameAt && length > 0 && length < 4096);
    // Where the header of a frame is whole it says whose it is.
    assert.ok(
      frames.damages.some(({ topic, firstSeq, lastSeq }) => topic !== undefined && firstSeq! + 19 === lastSeq),
      JSON.stringify(frames.damages),
    );
    assert.ok(!named(report).includes(newest));
  });

  it("names the records of a damaged block", async () => {
    const [segment] = ofKind(made.image, ".seg");
    const report = await check(flippedAt(made.image, segment, 2000));
    const [{ damages }] = damagedFiles(report);
    assert.deepEqual(
      damages.map(({ what, topic, firstSeq, lastSeq }) => [what, topic, firstSeq, lastSeq]),
      [["checksum", "orders", 1, 40]],
    );
  });

  it("finds every named file that is missing", async () => {
    for (const path of made.image.paths) {
      const report = await check(made.image.with(path, undefined));
      const counts = made.image.bytes(path)[0] !== 0 && !path.endsWith("/LOCK");
      if (counts) assert.deepEqual(named(report), [path], path);
      else assert.equal(report.outcome, "ok", path);
    }
  });

  it("finds every named file that is shorter than it was", async () => {
    for (const path of made.image.paths) {
      const bytes = made.image.bytes(path);
      if (bytes[0] === 0 || path.endsWith("/LOCK")) continue;
      for (const length of [0, 1, Math.floor(bytes.length / 2), bytes.length - 1]) {
        const report = await check(made.image.with(path, bytes.slice(0, length)));
        assert.deepEqual(named(report), [path], `${path} cut to ${length}`);
      }
    }
  });

  it("finds a file that holds another one's bytes", async () => {
    const groups = [".del", ".seg", ".ckpt", ".log"].map((extension) => ofKind(made.image, extension));
    for (const [one, other] of groups) {
      const report = await check(made.image.with(one, made.image.bytes(other)));
      assert.ok(named(report).includes(one), `${one} is ${other}`);
    }
  });

  it("says what a start would cut of a tail, and finds it good", async () => {
    const { image, ...rest } = await sealedDirectory({ ending: "busy" });
    const log = ofKind(image, ".log").find((path) => path.includes("wal-01") && image.bytes(path)[0] !== 0)!;
    const bytes = image.bytes(log).slice();
    const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
    // A write that ended at a sector's border.
    const cut = Math.floor((end - 1) / 512) * 512;
    bytes.fill(0, cut, end);
    const report = await verifyOn(image.with(log, bytes), rest);
    assert.equal(report.outcome, "ok", JSON.stringify(places(report)));
    const found = report.files.find(({ file }) => file === log)!;
    assert.match(found.notes.join(), /^tail cut by \d+ bytes at next start/);
    assert.ok(report.start.outcome === "starts" && report.start.cuts.length === 1);
  });

  it("finds a log without segments as good or bad as one with them", async () => {
    const small = await smallDirectory("idle");
    const { image } = small;
    assert.equal((await verifyOn(image, small)).outcome, "ok");
    for (const path of ofKind(image, ".log")) {
      if (image.bytes(path)[0] === 0) continue;
      const report = await verifyOn(flippedAt(image, path, firstFrameAt + 150), small);
      assert.deepEqual(places(report), [[path, firstFrameAt]]);
    }
  });

  it("does not guess at a version that it does not know", async () => {
    const manifest = "/data/MANIFEST";
    const bytes = made.image.bytes(manifest).slice();
    const { hash64 } = await import("../../src/base/hash.ts");
    const view = new DataView(bytes.buffer);
    view.setUint32(8, 99, true);
    view.setBigUint64(bytes.length - 8, hash64(bytes.subarray(0, -8)), true);
    const report = await check(made.image.with(manifest, bytes));
    assert.equal(report.outcome, "inconclusive");
    assert.match(report.files[0].reason ?? "", /format version 99/);
  });
});

/** What `topics dump` shows of every kind of file, sound and damaged (spec 6.6). */
import assert from "node:assert/strict";
import { dump, type DumpOutcome } from "../../src/maintenance/dump/dump.ts";
import type { Field, Line } from "../../src/maintenance/dump/line.ts";
import { firstFrameAt } from "../../src/wal/file-header.ts";
import { type Made, smallDirectory } from "../sweep/directories.ts";
import { sampled } from "../sweep/effort.ts";
import { flipped, oneFlipAByte } from "../sweep/flips.ts";
import { frozenEnv, type Image } from "../sweep/image.ts";
import { sealedDirectory } from "./directories.ts";

interface Dumped {
  readonly outcome: DumpOutcome;
  readonly lines: readonly Line[];
}

async function dumped(image: Image, path: string, payloads = false): Promise<Dumped> {
  const lines: Line[] = [];
  const output = { line: (line: Line) => lines.push(line), room: () => undefined };
  const env = frozenEnv(image.open(), "boot", Date.UTC(2030, 0, 2));
  const outcome = await dump({ env, path, cold: undefined, payloads, output });
  for (const line of lines) assert.deepEqual(JSON.parse(JSON.stringify(line)), line);
  return { outcome, lines };
}

const ofType = ({ lines }: Dumped, ...types: string[]): Line[] => lines.filter(({ type }) => types.includes(type));

function text(field: Field): string {
  assert.ok(typeof field === "string");
  return field;
}

function flippedAt(image: Image, path: string, at: number): Image {
  return flipped(image, { path, bit: 8 * at + 3 });
}

describe("dump", () => {
  let made: Made;
  let image: Image;
  const file = (pattern: RegExp): string =>
    image.paths.find((path) => pattern.test(path) && image.bytes(path)[0] !== 0)!;

  before(async () => {
    made = await sealedDirectory({ ending: "idle" });
    image = made.image;
  });

  it("shows a directory: manifest, checkpoints with their topics, log files, segment files", async () => {
    const whole = await dumped(image, "/data");
    assert.equal(whole.outcome, "ok", JSON.stringify(ofType(whole, "damage")));
    assert.deepEqual(
      ofType(whole, "checkpoint").map(({ number }) => number),
      [5, 6],
    );
    const orders = ofType(whole, "topic").findLast(({ name }) => name === "orders")!;
    assert.deepEqual([orders["head"], orders["tail"], orders["parts"]], [240, undefined, 6]);
    assert.ok(ofType(whole, "log-file").some(({ frames }) => Number(frames) > 10));
    assert.ok(ofType(whole, "segment-file").every(({ records }) => Number(records) > 30));
  });

  it("shows frames with what is in them", async () => {
    const shown = await dumped(image, file(/wal-01/));
    assert.equal(shown.outcome, "ok");
    const frames = ofType(shown, "frame");
    assert.ok(frames.some(({ kind, match }) => kind === "recordsDelete" && match !== undefined));
    const keyed = frames.find(({ key }) => key === "k")!;
    assert.deepEqual([keyed["seqs"], keyed["ceiling"], keyed["op"]], ["241", 1265, 15]);
    assert.match(text(keyed["stamp"]), /^2030-01-01T00:00:07\.\d{6}Z$/);
    const { image: small } = await smallDirectory("clean");
    const kinds = new Set<unknown>();
    for (const path of small.paths.filter((one) => one.endsWith(".log")))
      for (const { kind } of ofType(await dumped(small, path), "frame")) kinds.add(kind);
    for (const kind of [
      "topicCreate",
      "topicConfig",
      "topicDelete",
      "records",
      "recordsDelete",
      "hole",
      "mark",
      "final",
    ])
      assert.ok(kinds.has(kind), kind);
  });

  it("shows records as they are kept, on demand", async () => {
    const path = file(/\.seg$/);
    assert.equal(ofType(await dumped(image, path), "record").length, 0);
    const records = ofType(await dumped(image, path, true), "record");
    assert.equal(records.length, 40);
    const { record, tag } = records[0];
    assert.deepEqual([(JSON.parse(text(record)) as { $seq: number }).$seq, tag], [1, "t0"]);
    const logged = ofType(await dumped(image, file(/wal-01/), true), "record");
    assert.ok(logged.some((line) => text(line["record"]).includes("in the tail")));
  });

  it("shows damage where it is, and goes on behind it", async () => {
    const log = file(/wal-01/);
    const whole = ofType(await dumped(image, log), "frame");
    const damagedLog = await dumped(flippedAt(image, log, firstFrameAt + 3000), log);
    assert.equal(damagedLog.outcome, "damaged");
    assert.equal(ofType(damagedLog, "frame").length, whole.length - 1);
    const types = damagedLog.lines.map(({ type }) => type);
    assert.ok(types.indexOf("damage") > types.indexOf("frame"));
    assert.ok(types.indexOf("damage") < types.lastIndexOf("frame"));

    const del = file(/\.del$/);
    const ranges = ofType(await dumped(image, del), "deleted").length;
    const damagedDel = await dumped(flippedAt(image, del, 48 + 50), del);
    assert.ok(ofType(damagedDel, "deleted").length >= ranges - 2 && ofType(damagedDel, "damage").length > 0);

    const checkpoint = file(/\.ckpt$/);
    const damagedState = await dumped(flippedAt(image, checkpoint, 300), checkpoint);
    assert.equal(ofType(damagedState, "damage").length, 1);
    assert.equal(ofType(damagedState, "topic").length, 4, "sections behind it are shown");
  });

  it("finds the blocks of a segment file whose index or directory is damaged", async () => {
    const path = file(/\.seg$/);
    const bytes = image.bytes(path);
    for (const at of [bytes.length - 20, bytes.length - 100, bytes.length - 220]) {
      const shown = await dumped(flippedAt(image, path, at), path, true);
      assert.equal(shown.outcome, "damaged", `byte ${at}`);
      assert.equal(ofType(shown, "record").length, 40, `byte ${at}`);
    }
  });

  it("never fails, whatever is flipped", async () => {
    for (const flip of sampled(oneFlipAByte(image, "dump"), 997)) {
      const damaged = flipped(image, flip);
      await dumped(damaged, "/data");
      if (!/LOCK|RESERVE|tmp/.test(flip.path)) await dumped(damaged, flip.path, true);
    }
  });

  it("says so when there is nothing that it could show", async () => {
    for (const path of ["/data/absent", "/data/LOCK", "/elsewhere"])
      assert.equal((await dumped(image, path)).outcome, "inconclusive", path);
  });
});

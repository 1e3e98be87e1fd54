import assert from "node:assert/strict";
import { hash64 } from "../base/hash.ts";
import { decodeManifest, encodeManifest, type Manifest } from "./manifest.ts";

const id = "0123456789abcdef0123456789abcdef";
const withoutCheckpoints: Omit<Manifest, "checkpoints" | "nextCheckpoint"> = {
  directoryId: id,
  layouts: [
    {
      shards: 2,
      files: [[1, 3], []],
      ends: [
        { index: 3, position: 4096, hash: "00ff00ff00ff00ff" },
        { index: 0, position: 0, hash: "0000000000000000" },
      ],
    },
    { shards: 1, files: [[4]] },
  ],
  nextIndex: 5,
  idCeiling: 1025,
  generation: 2,
};
const plain: Manifest = { ...withoutCheckpoints, checkpoints: [4, 9], nextCheckpoint: 10 };

/** A file whose checksum fits, whatever is in it. */
function sealed(version: number, body: string | Uint8Array): Uint8Array {
  const text = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const bytes = new Uint8Array(16 + text.length + 8);
  const view = new DataView(bytes.buffer);
  new TextEncoder().encodeInto("TPCSMANI", bytes);
  view.setUint32(8, version, true);
  view.setUint32(12, text.length, true);
  bytes.set(text, 16);
  view.setBigUint64(16 + text.length, hash64(bytes.subarray(0, 16 + text.length)), true);
  return bytes;
}

const decodedBody = (version: number, body: unknown): ReturnType<typeof decodeManifest> =>
  decodeManifest(sealed(version, JSON.stringify(body)));

describe("the manifest", () => {
  it("reads what it wrote", () => {
    const whole: Manifest = { ...plain, coldId: id, parent: id };
    for (const manifest of [plain, whole, { ...plain, checkpoints: [], nextCheckpoint: 1 }])
      assert.deepEqual(decodeManifest(encodeManifest(manifest)), { outcome: "manifest", manifest });
  });

  it("reads one from before there were checkpoints as having none", () => {
    const manifest = { ...withoutCheckpoints, checkpoints: [], nextCheckpoint: 1 };
    assert.deepEqual(decodedBody(1, withoutCheckpoints), { outcome: "manifest", manifest });
  });

  it("refuses an unknown version by name", () => {
    assert.deepEqual(decodedBody(3, plain), { outcome: "version", reason: "format version 3 is not known" });
  });

  it("takes a wrong shape for damage, whatever its checksum says", () => {
    const changed = (change: object): object => ({ ...plain, ...change });
    const layout = (change: object): object => changed({ layouts: [{ shards: 1, files: [[1]], ...change }] });
    const end = (change: object): object => {
      const ends = [{ index: 1, position: 0, hash: "0000000000000000", ...change }];
      return changed({ layouts: [{ shards: 1, files: [[1]], ends }, plain.layouts[1]] });
    };
    assert.equal(decodedBody(2, end({})).outcome, "manifest");
    const wrong: unknown[] = [
      null,
      [],
      7,
      "manifest",
      {},
      withoutCheckpoints,
      changed({ more: 1 }),
      changed({ toString: 1 }),
      changed({ directoryId: id.slice(1) }),
      changed({ directoryId: id.toUpperCase() }),
      changed({ layouts: [] }),
      changed({ layouts: {} }),
      changed({ layouts: [null] }),
      changed({ layouts: [plain.layouts[0]] }),
      changed({ layouts: [plain.layouts[1], plain.layouts[1]] }),
      layout({ shards: 0, files: [] }),
      layout({ shards: 2 }),
      layout({ shards: 1000, files: Array.from({ length: 1000 }, () => []) }),
      layout({ shards: "1" }),
      layout({ files: [[1, 1]] }),
      layout({ files: [[-1]] }),
      layout({ files: ["1"] }),
      layout({ more: 1 }),
      end({ index: -1 }),
      end({ position: 0.5 }),
      end({ hash: 0 }),
      end({ hash: "0" }),
      end({ more: 1 }),
      changed({ nextIndex: 0 }),
      changed({ idCeiling: "1" }),
      changed({ generation: -1 }),
      changed({ generation: 2 ** 53 }),
      changed({ checkpoints: [9, 4] }),
      changed({ checkpoints: [4, 4] }),
      changed({ checkpoints: [0] }),
      changed({ checkpoints: ["4"] }),
      changed({ checkpoints: 4 }),
      changed({ nextCheckpoint: 9 }),
      changed({ coldId: "" }),
      changed({ parent: null }),
    ];
    for (const body of wrong) assert.equal(decodedBody(2, body).outcome, "corrupt", JSON.stringify(body));
    assert.equal(decodedBody(1, plain).outcome, "corrupt");
    assert.equal(decodeManifest(sealed(2, "{")).outcome, "corrupt");
    assert.equal(decodeManifest(sealed(2, Uint8Array.of(0x22, 0xff, 0x22))).outcome, "corrupt");
  });

  it("tells every flipped byte, and every other length", () => {
    const bytes = encodeManifest(plain);
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at] ^= 0x10;
      assert.equal(decodeManifest(flipped).outcome, "corrupt", String(at));
      assert.equal(decodeManifest(bytes.subarray(0, at)).outcome, "corrupt", String(at));
    }
    assert.equal(decodeManifest(Uint8Array.of(...bytes, 0)).outcome, "corrupt");
  });

  it("is never written in a shape that would not be read", () => {
    assert.throws(() => encodeManifest({ ...plain, nextCheckpoint: 9 }), /wrong shape: nextCheckpoint/);
  });
});

import assert from "node:assert/strict";
import type { File, FileStat } from "../env/env.ts";
import { frameKind } from "./commit.ts";
import { DraftArena } from "./draft-arena.ts";
import { examineTail } from "./evidence.ts";
import { firstFrameAt } from "./file-header.ts";
import { frameBytes, sealFrame, sectorBytes, type SyncedPlace } from "./frame.ts";
import { scanFrames } from "./scan.ts";
import { SyncedPlaces } from "./synced-places.ts";

const shards = 2;
const expected = { shard: 1, shards, fileIndex: 7 };
const fileBytes = 32 << 10;

/** A file in memory that is only read. */
class Image implements File {
  readonly bytes = Buffer.alloc(fileBytes);

  read(into: Uint8Array, position: number): Promise<number> {
    const part = this.bytes.subarray(position, position + into.length);
    into.set(part);
    return Promise.resolve(part.length);
  }

  write(): Promise<number> {
    throw new Error("read only");
  }

  writeSync(): number {
    throw new Error("read only");
  }

  datasync(): Promise<void> {
    throw new Error("read only");
  }

  truncate(): Promise<void> {
    throw new Error("read only");
  }

  stat(): Promise<FileStat> {
    return Promise.resolve({ kind: "file", size: this.bytes.length, inode: 1n, birthtimeNs: 1n });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class Writer {
  readonly image = new Image();
  at = firstFrameAt;
  hash = 99n;
  readonly #arena = new DraftArena(shards);
  #op = 0;

  add(payloadBytes: number, synced: SyncedPlace = { index: 7, position: firstFrameAt }): number {
    const fields = {
      kind: frameKind.records,
      topicId: 3,
      epoch: 1,
      op: ++this.#op,
      stamp: this.#op,
      firstSeq: 1,
      count: 1,
      ceiling: 5,
    };
    const draft = this.#arena.draft(fields, payloadBytes);
    draft.payload.fill("abc");
    const offset = this.at;
    this.hash = sealFrame(draft, {
      ...expected,
      generation: 1,
      offset,
      predecessorHash: this.hash,
      preparedBytes: fileBytes,
      synced: [{ index: 2, position: firstFrameAt }, synced],
    });
    draft.bytes.copy(this.image.bytes, offset);
    this.at += draft.bytes.length;
    return offset;
  }

  /** Fills up so that the next frame begins at the given place in its sector. */
  alignTo(placeInSector: number): void {
    const short = placeInSector - ((this.at + frameBytes(shards, 0)) % sectorBytes);
    this.add((short + sectorBytes) % sectorBytes);
    assert.equal(this.at % sectorBytes, placeInSector);
  }
}

interface Verdict {
  readonly end: number;
  readonly torn: boolean;
  readonly writtenEnd: number;
  readonly knownPosition: number;
}

async function look(image: Image): Promise<Verdict> {
  const places = new SyncedPlaces(shards);
  const range = { expected, from: firstFrameAt, startHash: 99n, declaredEnd: undefined, fileBytes };
  const scanned = await scanFrames(image, range, (frame) => {
    frame.synced.forEach((place, shard) => places.learn(shard, place));
    return undefined;
  });
  const tail = await examineTail(image, fileBytes, scanned.end, scanned.stopped, expected, places);
  return { end: scanned.end, ...tail, knownPosition: places.of(1).position };
}

/** The sectors that a range touches, as ranges within it. */
function sectorParts(from: number, to: number): [number, number][] {
  const parts: [number, number][] = [];
  for (let at = from; at < to;) {
    const next = Math.min(to, at - (at % sectorBytes) + sectorBytes);
    parts.push([at, next]);
    at = next;
  }
  return parts;
}

describe("what a bad place means", () => {
  it("calls every tear of a frame torn, at all 64 alignments, whichever sectors are missing", async () => {
    for (let place = 0; place < sectorBytes; place += 8) {
      const writer = new Writer();
      writer.alignTo(place);
      const victim = writer.add(1100);
      assert.equal(victim % sectorBytes, place);
      const whole = Buffer.from(writer.image.bytes);
      const parts = sectorParts(victim, writer.at);
      for (let missing = 1; missing < 1 << parts.length; missing++) {
        whole.copy(writer.image.bytes);
        parts.forEach(([from, to], i) => missing & (1 << i) && writer.image.bytes.fill(0, from, to));
        const verdict = await look(writer.image);
        assert.ok(verdict.torn, `alignment ${place}, missing ${missing.toString(2)}`);
        assert.equal(verdict.end, victim);
      }
    }
  });

  it("calls a frame torn that a call left at any byte, with nothing behind", async () => {
    const writer = new Writer();
    writer.alignTo(504);
    const victim = writer.add(700);
    for (let cut = victim + 1; cut < writer.at; cut++) {
      const image = new Image();
      writer.image.bytes.copy(image.bytes, 0, 0, cut);
      const verdict = await look(image);
      assert.ok(verdict.torn && verdict.end === victim, `cut at ${cut - victim}`);
    }
  });

  it("calls no flipped bit torn, at all 64 alignments, in the last frame or in one before it", async () => {
    for (let place = 0; place < sectorBytes; place += 8) {
      const writer = new Writer();
      writer.alignTo(place);
      const first = writer.add(40);
      const last = writer.add(40);
      for (let at = first; at < writer.at; at++) {
        const bit = 1 << ((at + place) % 8);
        writer.image.bytes[at] ^= bit;
        const verdict = await look(writer.image);
        assert.equal(verdict.torn, false, `alignment ${place}, byte ${at - first}`);
        assert.equal(verdict.end, at < last ? first : last);
        writer.image.bytes[at] ^= bit;
      }
    }
  });

  it("takes a flipped bit in the zeros behind the log for nothing", async () => {
    const writer = new Writer();
    writer.add(40);
    for (let at = writer.at; at < writer.at + 600; at += 7) {
      writer.image.bytes[at] ^= 4;
      const verdict = await look(writer.image);
      assert.ok(verdict.torn && verdict.end === writer.at);
      writer.image.bytes[at] = 0;
    }
  });

  it("hears of a synced place from a frame behind the bad one", async () => {
    const writer = new Writer();
    writer.add(40);
    const lost = writer.add(600);
    const behind = writer.at;
    writer.add(40, { index: 7, position: behind });
    writer.image.bytes.fill(0, lost, behind);
    const verdict = await look(writer.image);
    assert.equal(verdict.end, lost);
    assert.ok(verdict.knownPosition > verdict.end, "so it is damage, whatever it looks like");
  });

  it("does not take a valid frame at the wrong place for a tear", async () => {
    const writer = new Writer();
    writer.add(40);
    const second = writer.add(40);
    const third = writer.add(40);
    writer.image.bytes.copy(writer.image.bytes, third, second, third);
    const verdict = await look(writer.image);
    assert.equal(verdict.torn, false);
    assert.equal(verdict.end, third);
  });
});

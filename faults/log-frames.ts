/** Where the frames of a log file lie, and how to write one again so that its hashes fit: damage that only its meaning tells. */
import assert from "node:assert/strict";
import { hash64 } from "../src/base/hash.ts";
import type { FrameFields } from "../src/wal/commit.ts";
import { decodeFileHeader, firstFrameAt } from "../src/wal/file-header.ts";
import { checkFrame, decodeHeader, headerBytes } from "../src/wal/frame.ts";

export interface FoundFrame {
  readonly offset: number;
  readonly length: number;
  readonly fields: FrameFields;
}

/** All that are valid, up to the first that is not. */
export function framesIn(bytes: Uint8Array): FoundFrame[] {
  const decoded = decodeFileHeader(bytes.subarray(0, 512));
  assert.ok(decoded.outcome === "header", "a file of the log has a header");
  const { shard, shards, index: fileIndex } = decoded.header;
  const frames: FoundFrame[] = [];
  for (let offset = firstFrameAt; offset + headerBytes(shards) <= bytes.length;) {
    const found = decodeHeader(bytes, offset, offset, { shard, shards, fileIndex });
    if (found.outcome !== "header" || checkFrame(bytes.subarray(offset, offset + found.length)) === undefined) break;
    frames.push({ offset, length: found.length, fields: found.frame.fields });
    offset += found.length;
  }
  return frames;
}

/** The frame at `offset` with something else in it, and hashes that fit that. */
export function rewritten(offset: number, patch: (frame: DataView) => void): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset + 4, true);
    const frame = bytes.subarray(offset, offset + length);
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    const headerHashAt = 88 + 8 * view.getUint8(10);
    patch(view);
    view.setBigUint64(headerHashAt, hash64(frame.subarray(0, headerHashAt)), true);
    view.setBigUint64(length - 16, hash64(frame.subarray(0, length - 16)), true);
    return bytes;
  };
}

/** The header of a file, likewise. */
export function headerRewritten(patch: (header: DataView) => void): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, 512);
    patch(view);
    view.setBigUint64(504, hash64(bytes.subarray(0, 504)), true);
    return bytes;
  };
}

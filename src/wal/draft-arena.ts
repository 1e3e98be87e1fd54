/**
 * Room for drafts, cut from slabs one behind the other: frames that are written together mostly lie together, and go out
 * as one range. A slab lives as long as a frame in it does; nothing is used twice.
 */
import type { FrameFields } from "./commit.ts";
import { frameBytes, FrameDraft } from "./frame.ts";

const slabBytes = 1 << 20;
const largestInSlab = slabBytes / 4;

export class DraftArena {
  readonly #shards: number;
  #slab = Buffer.alloc(0);
  #used = 0;

  constructor(shards: number) {
    this.#shards = shards;
  }

  draft(fields: FrameFields, payloadBytes: number): FrameDraft {
    return new FrameDraft(fields, this.#take(frameBytes(this.#shards, payloadBytes)), this.#shards, payloadBytes);
  }

  /** A draft with the payload of a frame that was read. */
  copyOf(fields: FrameFields, payload: Uint8Array): FrameDraft {
    const draft = this.draft(fields, payload.length);
    draft.payload.set(payload);
    return draft;
  }

  #take(length: number): Buffer {
    if (length > largestInSlab) return Buffer.allocUnsafeSlow(length);
    if (this.#used + length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(slabBytes);
      this.#used = 0;
    }
    const taken = this.#slab.subarray(this.#used, this.#used + length);
    this.#used += length;
    return taken;
  }
}

/** The frames as few ranges of memory as they form. */
export function gather(drafts: readonly FrameDraft[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let open: Uint8Array | undefined;
  for (const { bytes } of drafts) {
    if (open && open.buffer === bytes.buffer && open.byteOffset + open.length === bytes.byteOffset) {
      open = new Uint8Array(open.buffer, open.byteOffset, open.length + bytes.length);
      parts[parts.length - 1] = open;
    } else {
      open = bytes;
      parts.push(open);
    }
  }
  return parts;
}

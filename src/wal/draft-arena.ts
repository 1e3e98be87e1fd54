/**
 * Room for drafts, cut from slabs one behind the other: frames that are written together mostly lie together, and go out
 * as one range. A slab is used again once every frame in it has been released: fresh memory costs more than the code that
 * fills it. A frame that is never released costs reuse, not correctness.
 */
import { assert } from "../base/assert.ts";
import type { FrameFields } from "./commit.ts";
import { anchorLength, frameBytes, FrameDraft } from "./frame.ts";

const slabBytes = 1 << 20;
const largestInSlab = slabBytes / 4;
/** Slabs that are kept for reuse. */
const keptSlabs = 32;

class Slab {
  readonly bytes = Buffer.allocUnsafeSlow(slabBytes);
  used = 0;
  live = 0;
}

export class DraftArena {
  readonly #shards: number;
  readonly #free: Slab[] = [];
  #slab: Slab | undefined;

  constructor(shards: number) {
    this.#shards = shards;
  }

  draft(fields: FrameFields, payloadBytes: number): FrameDraft {
    const length = frameBytes(this.#shards, anchorLength(fields) + payloadBytes);
    if (length > largestInSlab)
      return new FrameDraft(fields, Buffer.allocUnsafeSlow(length), this.#shards, payloadBytes, undefined);
    const slab = this.#slabFor(length);
    const bytes = slab.bytes.subarray(slab.used, slab.used + length);
    slab.used += length;
    slab.live++;
    return new FrameDraft(fields, bytes, this.#shards, payloadBytes, () => this.#release(slab));
  }

  /** A draft with the payload of a frame that was read. */
  copyOf(fields: FrameFields, payload: Uint8Array): FrameDraft {
    const draft = this.draft(fields, payload.length);
    draft.payload.set(payload);
    return draft;
  }

  #slabFor(length: number): Slab {
    if (this.#slab && this.#slab.used + length <= slabBytes) return this.#slab;
    const full = this.#slab;
    this.#slab = this.#free.pop() ?? new Slab();
    if (full) this.#reuse(full);
    return this.#slab;
  }

  #release(slab: Slab): void {
    slab.live--;
    assert(slab.live >= 0, "a frame is released once");
    if (slab !== this.#slab) this.#reuse(slab);
  }

  #reuse(slab: Slab): void {
    if (slab.live > 0 || this.#free.length >= keptSlabs) return;
    slab.used = 0;
    this.#free.push(slab);
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

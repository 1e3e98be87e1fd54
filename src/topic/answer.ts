/**
 * The bytes of an answer. Records that go out as they are stored are slices of their blocks, which stay pinned until the
 * answer is released; many short runs, or another shape, are gathered into a block of their own.
 */
import { assert } from "../base/assert.ts";
import type { Block, BlockPool } from "./block-pool.ts";
import type { Chunk } from "./chunk.ts";
import type { RecordShape } from "./record-shape.ts";
import type { Selection } from "./selection.ts";

/** Beyond so many slices one copy is cheaper than what a socket does with each. */
const maxSlices = 16;
const comma = 0x2c;

export class Answer {
  readonly slices: Uint8Array[] = [];
  #blocks: Block[] = [];

  constructor(selection: Selection, shape: RecordShape | undefined, pool: BlockPool) {
    if (selection.count === 0) return;
    if (shape === undefined && selection.chunks.length <= maxSlices) this.#slice(selection);
    else this.#gather(selection, shape, pool);
  }

  release(): void {
    for (const block of this.#blocks) block.unpin();
    this.#blocks = [];
  }

  #slice({ chunks, first, end }: Selection): void {
    for (let n = 0; n < chunks.length; n++) {
      const { block } = chunks[n];
      if (this.#blocks.at(-1) !== block) {
        block.pin();
        this.#blocks.push(block);
      }
      this.slices.push(block.bytes.subarray(chunks[n].start(first[n]), chunks[n].end(end[n] - 1)));
    }
  }

  #gather({ chunks, first, end, bytes }: Selection, shape: RecordShape | undefined, pool: BlockPool): void {
    const block = pool.take(bytes);
    this.#blocks.push(block);
    const into = block.bytes;
    let at = 0;
    for (let n = 0; n < chunks.length; n++) {
      const write = shape === undefined ? copyRun : writeRun(shape);
      if (at > 0) into[at++] = comma;
      at = write(chunks[n], first[n], end[n], into, at);
    }
    assert(at === bytes, "an answer has the length that was counted");
    this.slices.push(into.subarray(0, at));
  }
}

type WriteRun = (chunk: Chunk, first: number, end: number, into: Buffer, at: number) => number;

const copyRun: WriteRun = (chunk, first, end, into, at) =>
  at + chunk.block.bytes.copy(into, at, chunk.start(first), chunk.end(end - 1));

const writeRun =
  (shape: RecordShape): WriteRun =>
  (chunk, first, end, into, at) => {
    for (let i = first; i < end; i++) {
      if (i > first) into[at++] = comma;
      at = shape.write(chunk, i, into, at);
    }
    return at;
  };

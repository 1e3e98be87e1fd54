/**
 * Records in another shape than they are stored in (spec 2.7): with `$tag`, without `meta`, without `data`. A record ends
 * with its data and its meta, whose lengths its row has, so that both are found from its end, whatever stands before.
 */
import type { Chunk, ChunkNames } from "./chunk.ts";
import type { ReadRequest } from "./read.ts";

const dataKeyBytes = '"data":'.length;
const metaKeyBytes = ',"meta":'.length;
const brace = 0x7d;
const comma = 0x2c;
const none = Buffer.alloc(0);

export class RecordShape {
  readonly #withTags: boolean;
  readonly #withMeta: boolean;
  readonly #withData: boolean;
  #names: ChunkNames | undefined;
  #tagText = new Map<number, Buffer>();

  constructor(request: ReadRequest) {
    this.#withTags = request.includeTags;
    this.#withMeta = request.includeMeta;
    this.#withData = request.includeData;
  }

  /** Of slots `first` … `end`-1, all of them wanted, with their commas. */
  bytesOf(chunk: Chunk, first: number, end: number): number {
    let bytes = 0;
    for (let i = first; i < end; i++) bytes += this.#bytes(chunk, i) + 1;
    return Math.max(0, bytes - 1);
  }

  /** Writes one record and returns where it ends. */
  write(chunk: Chunk, i: number, into: Buffer, at: number): number {
    const from = chunk.block.bytes;
    const end = chunk.end(i) - 1;
    const metaAt = end - this.#metaBytes(chunk, i);
    const dataAt = metaAt - chunk.dataBytes(i) - dataKeyBytes;
    at += from.copy(into, at, chunk.start(i), dataAt);
    at += this.#tag(chunk, i).copy(into, at);
    if (this.#withData) at += from.copy(into, at, dataAt, metaAt);
    if (this.#withMeta) at += from.copy(into, at, this.#withData ? metaAt : Math.min(metaAt + 1, end), end);
    // What stands before the data ends with a comma, which nothing may have followed.
    if (into[at - 1] === comma) at--;
    into[at] = brace;
    return at + 1;
  }

  #bytes(chunk: Chunk, i: number): number {
    const whole = chunk.end(i) - chunk.start(i);
    const meta = this.#metaBytes(chunk, i);
    const data = chunk.dataBytes(i) + dataKeyBytes;
    const kept = whole + this.#tag(chunk, i).length - (this.#withMeta ? 0 : meta);
    // Without data one comma goes too: the one behind the head, or the one before meta.
    return this.#withData ? kept : kept - data - 1;
  }

  #metaBytes(chunk: Chunk, i: number): number {
    const bytes = chunk.metaBytes(i);
    return bytes === 0 ? 0 : bytes + metaKeyBytes;
  }

  #tag(chunk: Chunk, i: number): Buffer {
    const id = this.#withTags ? chunk.tag(i) : 0;
    if (id === 0) return none;
    if (chunk.names !== this.#names) {
      this.#names = chunk.names;
      this.#tagText = new Map();
    }
    let text = this.#tagText.get(id);
    if (text === undefined) {
      text = Buffer.from(`"$tag":${JSON.stringify(chunk.names.tags?.name(id))},`);
      this.#tagText.set(id, text);
    }
    return text;
  }
}

/** `undefined` when records go out as they are stored. */
export function recordShape(request: ReadRequest, hasTags: boolean): RecordShape | undefined {
  const tagged = request.includeTags && hasTags;
  return tagged || !request.includeMeta || !request.includeData ? new RecordShape(request) : undefined;
}

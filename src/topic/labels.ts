/** Tags and nodes of a topic's records in memory: what a record's row keeps of them, and who still uses which. */
import type { Chunk, ChunkNames } from "./chunk.ts";
import { NameTable } from "./name-table.ts";
import type { RecordsEntry } from "./records-format.ts";
import { TagIndex } from "./tag-index.ts";

export class Labels implements ChunkNames {
  /** Made with the first record that needs them: most topics have no tags, or no nodes. */
  #tags: TagIndex | undefined;
  #nodes: NameTable | undefined;

  get tags(): TagIndex | undefined {
    return this.#tags;
  }

  get nodes(): NameTable | undefined {
    return this.#nodes;
  }

  /** Labels of a batch's records `from` … `to`-1, which lie in `chunk` from slot `at` on. */
  attach(entry: RecordsEntry, from: number, to: number, chunk: Chunk, at: number): void {
    if (entry.tags.length === 0 && entry.nodes.length === 0) return;
    const tagIds = new Uint32Array(entry.tags.length + 1);
    const nodeIds = new Uint32Array(entry.nodes.length + 1);
    for (let i = from; i < to; i++, at++) {
      const tag = this.#tag(entry, entry.tag(i), tagIds, chunk.firstSeq + at);
      const node = this.#node(entry, entry.node(i), nodeIds);
      if (tag !== 0 || node !== 0) chunk.setNames(at, tag, node);
    }
  }

  release(chunk: Chunk, i: number, isLive: (seq: number) => boolean): void {
    if (!chunk.named) return;
    const tag = chunk.tag(i);
    const node = chunk.node(i);
    if (tag !== 0) this.#tags?.release(tag, isLive);
    if (node !== 0) this.#nodes?.release(node);
  }

  #tag(entry: RecordsEntry, place: number, ids: Uint32Array, seq: number): number {
    if (place === 0) return 0;
    this.#tags ??= new TagIndex();
    if (ids[place] === 0) ids[place] = this.#tags.add(entry.tags[place - 1], seq);
    else this.#tags.addAgain(ids[place], seq);
    return ids[place];
  }

  #node(entry: RecordsEntry, place: number, ids: Uint32Array): number {
    if (place === 0) return 0;
    this.#nodes ??= new NameTable();
    if (ids[place] === 0) ids[place] = this.#nodes.use(entry.nodes[place - 1]);
    else this.#nodes.useAgain(ids[place]);
    return ids[place];
  }
}

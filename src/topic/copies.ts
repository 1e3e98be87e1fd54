/**
 * Copies in the making (spec 3.2): records of a source as they will stand in a destination. Gathered first, record by record
 * and for each by the link's routers in order of creation; written when seq and time of the first are known. What is copied
 * is bytes: nothing is parsed but the `meta` of exactly-once copies.
 */
import { assert } from "../base/assert.ts";
import { ascii } from "../base/json-bytes.ts";
import { digitCount, writeAscii, writeInteger } from "../base/json-write.ts";
import { matches, type Predicate } from "../base/predicate.ts";
import type { RecordColumns } from "../base/record.ts";
import type { Chunk, ChunkNames } from "./chunk.ts";
import { routerMember, withRouterMember } from "./copy-meta.ts";
import type { LinkRouter, LinkState } from "./link.ts";
import { mostHops, type RecordsEntry } from "./records-format.ts";
import { layoutRecords, type RecordsLayout, writeRecords } from "./records-writer.ts";
import { NameColumn } from "./record-runs.ts";

const seqKey = '{"$seq":';
const tsKey = ',"$ts":';
const dataKey = ',"data":';
const metaKey = ',"meta":';
const maxDelta = 0x7fff_ffff;
/** Of a copy beside what it has from its original. */
const ownBytes = 64;

export interface CopyLimit {
  readonly records: number;
  /** Of copies, roughly; one record of the source always fits. */
  readonly bytes: number;
}

export class Copies {
  readonly #link: LinkState;
  /** The link is part of a cycle: hops are counted. */
  readonly #cyclic: boolean;
  readonly #limit: CopyLimit;
  readonly #filters: readonly (TagFilter | undefined)[];
  readonly #chunks: Chunk[] = [];
  readonly #slots: number[] = [];
  readonly #routers: number[] = [];
  #bytes = 0;
  #firstTs = -1;
  through: number;

  constructor(link: LinkState, cyclic: boolean, limit: CopyLimit) {
    this.#link = link;
    this.#cyclic = cyclic;
    this.#limit = limit;
    this.#filters = link.routers.map(({ filter }) => filter && new TagFilter(filter));
    this.through = link.cursor;
  }

  get count(): number {
    return this.#slots.length;
  }

  get isFull(): boolean {
    return this.count >= this.#limit.records || this.#bytes >= this.#limit.bytes;
  }

  /** Takes records of the source from `first` on; returns the first slot that was not taken, `end` when all were. */
  take(chunk: Chunk, first: number, end: number): number {
    assert(chunk.seq(first) === this.through + 1, "records are copied in the source's order");
    for (let slot = first; slot < end; slot++) {
      if (this.isFull || this.#isFar(chunk.ts(slot))) return slot;
      this.#takeRecord(chunk, slot);
      this.through++;
    }
    return end;
  }

  #isFar(ts: number): boolean {
    return this.#firstTs >= 0 && ts - this.#firstTs > maxDelta;
  }

  #takeRecord(chunk: Chunk, slot: number): void {
    if (this.#cyclic && chunk.hops(slot) >= mostHops) return;
    const { routers } = this.#link;
    for (let i = 0; i < routers.length; i++) {
      if (this.through + 1 <= routers[i].from) continue;
      if (this.#filters[i]?.passes(chunk, slot) === false) continue;
      this.#chunks.push(chunk);
      this.#slots.push(slot);
      this.#routers.push(i);
      this.#bytes += chunk.end(slot) - chunk.start(slot) + ownBytes;
      if (this.#firstTs < 0) this.#firstTs = chunk.ts(slot);
    }
  }

  /** Sizes of it all, as records from `firstSeq` on; none is older than `leastTs`. */
  plan(firstSeq: number, leastTs: number): PlannedCopies {
    const count = this.count;
    assert(count > 0, "there are copies to write");
    const { routers, source } = this.#link;
    const ts = Math.max(leastTs, this.#firstTs);
    const columns: RecordColumns = {
      starts: new Uint32Array(count),
      dataBytes: new Uint32Array(count),
      metaBytes: new Uint32Array(count),
    };
    const tsDeltas = new Uint32Array(count);
    const counts = routers.map(() => 0);
    const tags = new NameColumn(count, (names, id) => names.tags?.name(id) ?? "");
    const nodes = new NameColumn(count, (names, id) => names.nodes?.name(id) ?? "");
    const metas: (Buffer | undefined)[] = [];
    let hops: Uint32Array | undefined;
    let at = 0;
    let lastTs = ts;
    let payloadBytes = 0;
    for (let i = 0; i < count; i++) {
      const chunk = this.#chunks[i];
      const slot = this.#slots[i];
      const router = routers[this.#routers[i]];
      const original = new Original(chunk, slot);
      lastTs = Math.max(lastTs, chunk.ts(slot));
      const meta = router.exactlyOnce ? original.metaOf(router, source, chunk.seq(slot)) : undefined;
      if (meta !== undefined) metas[i] = meta;
      const metaBytes = meta?.length ?? original.metaBytes;
      columns.starts[i] = at;
      columns.dataBytes[i] = original.dataBytes;
      columns.metaBytes[i] = metaBytes;
      tsDeltas[i] = lastTs - ts;
      counts[this.#routers[i]]++;
      payloadBytes += original.dataBytes + metaBytes;
      const node = chunk.node(slot);
      const tag = chunk.tag(slot);
      if (router.preserveTag && tag !== 0) tags.set(i, chunk.names, tag);
      if (router.preserveNode && node !== 0) nodes.set(i, chunk.names, node);
      if (this.#cyclic) (hops ??= new Uint32Array(count))[i] = chunk.hops(slot) + 1;
      const head = seqKey.length + digitCount(firstSeq + i) + tsKey.length + digitCount(lastTs);
      const kept = (router.preserveNode ? original.nodeBytes : 0) + dataKey.length + original.dataBytes;
      at += head + kept + (metaBytes === 0 ? 0 : metaKey.length + metaBytes) + 2;
    }
    const layout = layoutRecords({
      ts,
      count,
      key: undefined,
      wireBytes: at - 1,
      tags: tags.column,
      nodes: nodes.column,
      copied: { anchor: { through: this.through, counts }, tsDeltas },
      hops,
    });
    const originals = {
      chunks: this.#chunks,
      slots: this.#slots,
      routers: this.#routers.map((i) => routers[i]),
      metas,
    };
    return new PlannedCopies(layout, columns, tsDeltas, originals, firstSeq, lastTs, payloadBytes);
  }
}

interface Originals {
  readonly chunks: readonly Chunk[];
  readonly slots: readonly number[];
  readonly routers: readonly LinkRouter[];
  readonly metas: readonly (Buffer | undefined)[];
}

/** Ready to be written, for as long as nothing else happens to the source. */
export class PlannedCopies {
  readonly layout: RecordsLayout;
  readonly lastTs: number;
  readonly payloadBytes: number;
  readonly #columns: RecordColumns;
  readonly #tsDeltas: Uint32Array;
  readonly #originals: Originals;
  readonly #firstSeq: number;

  constructor(
    layout: RecordsLayout,
    columns: RecordColumns,
    tsDeltas: Uint32Array,
    originals: Originals,
    firstSeq: number,
    lastTs: number,
    payloadBytes: number,
  ) {
    this.layout = layout;
    this.lastTs = lastTs;
    this.payloadBytes = payloadBytes;
    this.#columns = columns;
    this.#tsDeltas = tsDeltas;
    this.#originals = originals;
    this.#firstSeq = firstSeq;
  }

  /** Fills all of `into`, which has the length that was laid out. */
  write(into: Buffer): RecordsEntry {
    const { chunks, slots, routers, metas } = this.#originals;
    let at = this.layout.wireAt;
    for (let i = 0; i < slots.length; i++) {
      const original = new Original(chunks[i], slots[i]);
      if (i > 0) into[at++] = ascii.comma;
      at = writeInteger(into, writeAscii(into, at, seqKey), this.#firstSeq + i);
      at = writeInteger(into, writeAscii(into, at, tsKey), this.layout.plan.ts + this.#tsDeltas[i]);
      const from = routers[i].preserveNode ? original.nodeAt : original.bodyAt;
      const meta = metas[i];
      const bytes = chunks[i].block.bytes;
      if (meta === undefined) {
        at += bytes.copy(into, at, from, original.end);
        continue;
      }
      at += bytes.copy(into, at, from, original.dataEnd);
      at = writeAscii(into, at, metaKey);
      at += meta.copy(into, at);
      into[at++] = ascii.closeBrace;
    }
    return writeRecords(this.layout, this.#columns, into);
  }
}

/** Where everything is in a record of the source (base/record.ts). */
class Original {
  readonly dataBytes: number;
  readonly metaBytes: number;
  readonly end: number;
  /** Behind `$ts`: the node, if there is one, or the body. */
  readonly nodeAt: number;
  readonly bodyAt: number;
  readonly dataEnd: number;
  readonly #bytes: Buffer;

  constructor(chunk: Chunk, slot: number) {
    this.#bytes = chunk.block.bytes;
    this.dataBytes = chunk.dataBytes(slot);
    this.metaBytes = chunk.metaBytes(slot);
    this.end = chunk.end(slot);
    this.dataEnd = this.end - 1 - (this.metaBytes === 0 ? 0 : metaKey.length + this.metaBytes);
    this.bodyAt = this.dataEnd - this.dataBytes - dataKey.length;
    const head = seqKey.length + digitCount(chunk.seq(slot)) + tsKey.length + digitCount(chunk.ts(slot));
    this.nodeAt = chunk.start(slot) + head;
    assert(this.nodeAt <= this.bodyAt, "a record has a head in front of its body");
  }

  get nodeBytes(): number {
    return this.bodyAt - this.nodeAt;
  }

  metaOf(router: LinkRouter, source: LinkState["source"], seq: number): Buffer {
    const from = this.end - 1 - this.metaBytes;
    return withRouterMember(this.#bytes, from, from + this.metaBytes, routerMember(router.name, source, seq));
  }
}

/** A router's filter; what it says of a tag is remembered for as long as the numbers of tags mean the same. */
class TagFilter {
  readonly #predicate: Predicate;
  #names: ChunkNames | undefined;
  readonly #known = new Map<number, boolean>();

  constructor(predicate: Predicate) {
    this.#predicate = predicate;
  }

  passes(chunk: Chunk, slot: number): boolean {
    const tag = chunk.tag(slot);
    if (tag === 0) return false;
    if (chunk.names !== this.#names) {
      this.#names = chunk.names;
      this.#known.clear();
    }
    let passes = this.#known.get(tag);
    if (passes === undefined) {
      passes = matches(this.#predicate, chunk.names.tags?.name(tag));
      this.#known.set(tag, passes);
    }
    return passes;
  }
}

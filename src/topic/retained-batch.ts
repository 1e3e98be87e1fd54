/** Live records of a tail as a batch that can be logged: with a seq and a time for each, and nothing of what is gone. */
import type { RecordColumns } from "../base/record.ts";
import type { Chunk } from "./chunk.ts";
import type { RecordsEntry } from "./records-format.ts";
import { layoutRecords, type RecordsLayout, type StringColumn, writeRecords } from "./records-writer.ts";
import type { Tail } from "./tail.ts";

const maxRecords = 4096;
const maxBytes = 1 << 18;
const maxDelta = 0x7fff_ffff;

export interface RetainedBatch {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly layout: RecordsLayout;
  write(into: Buffer): RecordsEntry;
}

/** As many as make a frame of reasonable size, behind `after`; `undefined` when nothing is. */
export function gatherRetained(tail: Tail, after: number): RetainedBatch | undefined {
  const firstSeq = tail.nextLive(after);
  if (firstSeq === 0) return undefined;
  const places = select(tail, firstSeq);
  const count = places.length;
  const [first, last] = [places[0], places[count - 1]];
  const ts = first.chunk.ts(first.i);
  const column = (value: (place: Place) => number): Uint32Array => Uint32Array.from(places, value);
  const lengths = column(({ chunk, i }) => chunk.end(i) - chunk.start(i));
  const starts = new Uint32Array(count);
  for (let n = 1; n < count; n++) starts[n] = starts[n - 1] + lengths[n - 1] + 1;
  const { tags, nodes } = tail.labels;
  const layout = layoutRecords({
    ts,
    count,
    key: undefined,
    wireBytes: starts[count - 1] + lengths[count - 1],
    tags: names(
      column(({ chunk, i }) => chunk.tag(i)),
      (id) => tags?.name(id) ?? "",
    ),
    nodes: names(
      column(({ chunk, i }) => chunk.node(i)),
      (id) => nodes?.name(id) ?? "",
    ),
    retained: {
      seqDeltas: column(({ chunk, i }) => chunk.firstSeq + i - firstSeq),
      tsDeltas: column(({ chunk, i }) => chunk.ts(i) - ts),
    },
  });
  const columns: RecordColumns = {
    starts,
    dataBytes: column(({ chunk, i }) => chunk.dataBytes(i)),
    metaBytes: column(({ chunk, i }) => chunk.metaBytes(i)),
  };
  return { firstSeq, lastSeq: last.chunk.firstSeq + last.i, layout, write };

  function write(into: Buffer): RecordsEntry {
    let at = layout.wireAt;
    for (const { chunk, i } of places) {
      if (at > layout.wireAt) into[at++] = 0x2c;
      at += chunk.block.bytes.copy(into, at, chunk.start(i), chunk.end(i));
    }
    return writeRecords(layout, columns, into);
  }
}

interface Place {
  readonly chunk: Chunk;
  readonly i: number;
}

function select(tail: Tail, firstSeq: number): Place[] {
  const places: Place[] = [];
  let bytes = 0;
  let ts = 0;
  for (let place = tail.locate(firstSeq); place < tail.chunks.length; place++) {
    const chunk = tail.chunks[place];
    for (let i = chunk.nextLive(Math.max(0, firstSeq - chunk.firstSeq)); i < chunk.count; i = chunk.nextLive(i + 1)) {
      if (places.length === 0) ts = chunk.ts(i);
      bytes += chunk.end(i) - chunk.start(i);
      const far = chunk.firstSeq + i - firstSeq > maxDelta || chunk.ts(i) - ts > maxDelta;
      if (places.length > 0 && (far || bytes > maxBytes || places.length === maxRecords)) return places;
      places.push({ chunk, i });
    }
  }
  return places;
}

/** Numbers of the topic's table as numbers of a table of the batch's own. */
function names(ids: Uint32Array, nameOf: (id: number) => string): StringColumn | undefined {
  const places = new Map<number, number>();
  const index = ids.map((id) => {
    if (id === 0) return 0;
    const place = places.get(id) ?? places.size + 1;
    places.set(id, place);
    return place;
  });
  return places.size === 0 ? undefined : { names: [...places.keys()].map(nameOf), index };
}

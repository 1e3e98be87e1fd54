/** Dumps a segment file (spec 6.3): what it says of itself, and every block, found by itself where nothing leads to it. */
import type { Env } from "../../env/env.ts";
import type { PartIndex } from "../../segment/index.ts";
import type { PartEntry } from "../../segment/part-entry.ts";
import { type DamagedRange, openSegment, type OpenSegment } from "../../segment/reader.ts";
import { salvage } from "../../segment/salvage.ts";
import { damageLine, type Line, type Output, range, stampText, timeText } from "./line.ts";
import { blockRecords } from "./records.ts";

export async function dumpSegment(env: Env, path: string, payloads: boolean, output: Output): Promise<void> {
  const opened = await openSegment(env, path);
  if (opened.outcome !== "segment") {
    output.line(damageLine(0, 0, opened.outcome === "version" ? opened.reason : opened.errno));
    return;
  }
  const { segment } = opened;
  try {
    await new SegmentDump(segment, payloads, output).run();
  } finally {
    await segment.close();
  }
}

class SegmentDump {
  readonly #segment: OpenSegment;
  readonly #payloads: boolean;
  readonly #output: Output;

  constructor(segment: OpenSegment, payloads: boolean, output: Output) {
    this.#segment = segment;
    this.#payloads = payloads;
    this.#output = output;
  }

  async run(): Promise<void> {
    const { header, bytes, damages, parts } = this.#segment;
    if (header !== undefined)
      this.#output.line({
        type: "segment",
        file: header.file,
        directoryId: header.directoryId,
        stamp: stampText(header.stamp),
        fileBytes: bytes,
        ...(parts === undefined ? {} : { parts: parts.length }),
      });
    for (const damage of damages) this.#damage(damage);
    const lost = new Set<number>();
    for (const entry of parts ?? []) {
      this.#output.line(partLine(entry));
      const index = await this.#segment.index(entry);
      if (index.ok) await this.#blocks(entry, index.value);
      else {
        this.#damage(index.damage);
        lost.add(entry.ordinal);
      }
      await this.#output.room();
    }
    if (parts === undefined || lost.size > 0) await this.#search((ordinal) => parts === undefined || lost.has(ordinal));
  }

  async #blocks(entry: PartEntry, index: PartIndex): Promise<void> {
    for (let block = 0; block < index.blocks; block++) {
      const { at } = index.extent(block);
      const payload = await this.#segment.payload(entry, index, block);
      this.#output.line({
        type: "block",
        part: entry.ordinal,
        block,
        at,
        bytes: index.extent(block).bytes,
        records: index.records(block),
        seqs: range(index.firstSeq(block), index.lastSeq(block)),
        ts: range2(index.firstTs(block), index.lastTs(block)),
        payloadBytes: index.bytes(block),
      });
      if (payload.ok) this.#records(index.firstSeq(block), payload.value, at);
      else this.#damage(payload.damage);
      await this.#output.room();
    }
    const tags = await this.#segment.tags(entry, index);
    if (!tags.ok) this.#damage(tags.damage);
    else if (tags.value !== undefined)
      this.#output.line({ type: "tags", part: entry.ordinal, at: index.tags!.at, bytes: index.tags!.bytes });
    const filter = await this.#segment.filter(entry, index);
    if (!filter.ok) this.#damage(filter.damage);
  }

  /** Blocks that nothing leads to, by their own headers. */
  async #search(wanted: (ordinal: number) => boolean): Promise<void> {
    for await (const found of salvage(this.#segment)) {
      const { ordinal, topicId, epoch, firstSeq, lastSeq } = found.part;
      if (!wanted(ordinal)) continue;
      const whose = { part: ordinal, topic: topicId, epoch, seqs: range(firstSeq, lastSeq) };
      if (found.kind === "lost") this.#output.line({ type: "lost", ...whose, reason: found.reason });
      else {
        this.#output.line({ type: "found-block", ...whose, records: found.records, bytes: found.payload.length });
        this.#records(firstSeq, found.payload, 0);
      }
      await this.#output.room();
    }
  }

  #records(firstSeq: number, payload: Buffer, at: number): void {
    const wrong = this.#payloads ? blockRecords(this.#output, firstSeq, payload) : undefined;
    if (wrong !== undefined) this.#output.line(damageLine(at, payload.length, wrong));
  }

  #damage({ at, bytes, reason, part }: DamagedRange): void {
    const whose = part && { topic: part.topicId, seqs: range(part.firstSeq, part.lastSeq) };
    this.#output.line(damageLine(at, bytes, reason, whose ?? {}));
  }
}

export function partLine(entry: PartEntry): Line {
  const { ordinal, topicId, epoch, firstSeq, lastSeq, firstTs, lastTs, records, bytes, blocks, tags } = entry;
  return {
    type: "part",
    part: ordinal,
    topic: topicId,
    epoch,
    seqs: range(firstSeq, lastSeq),
    ts: range2(firstTs, lastTs),
    records,
    payloadBytes: bytes,
    blocks,
    ...(tags === undefined ? {} : { leastTag: tags.least, greatestTag: tags.greatest }),
  };
}

function range2(first: number, last: number): string {
  return first === last ? timeText(first) : `${timeText(first)}..${timeText(last)}`;
}

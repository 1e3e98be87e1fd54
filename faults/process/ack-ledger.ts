/**
 * What a client was told, against what the server has (spec 1.10, 8.3). The ledger knows every write that was tried: its
 * payloads, and whether an answer came. A seq that was acked or shown once belongs to that payload for ever.
 */
import assert from "node:assert/strict";
import type { Connection } from "./connection.ts";

export type Class = "memory" | "disk" | "fsync";

export interface Write {
  readonly topic: string;
  /** JSON texts, each of them in no other write. */
  readonly payloads: readonly string[];
  readonly key: string | undefined;
}

interface Entry extends Write {
  /** Set by the answer; without one it is not known whether the write is there. */
  firstSeq: number | undefined;
}

interface TopicBook {
  readonly durability: Class;
  readonly entries: Entry[];
  /** By seq, as acked or read. */
  readonly known: Map<number, string>;
  readonly inEntry: Map<string, Entry>;
  /** What an answered delete has taken: everything below. */
  deletedBefore: number;
  /** Deletes that were asked for: who is not answered learns from the next start whether it took effect. */
  readonly deletesAsked: Set<number>;
}

/** One reading of a whole topic. */
interface Reading {
  readonly records: ReadonlyMap<number, string>;
  readonly gaps: readonly { readonly from: number; readonly to: number; readonly reason: string }[];
  readonly headSeq: number;
}

export class AckLedger {
  readonly #books = new Map<string, TopicBook>();
  #acks = 0;

  get acks(): number {
    return this.#acks;
  }

  topic(name: string, durability: Class): void {
    this.#books.set(name, {
      durability,
      entries: [],
      known: new Map(),
      inEntry: new Map(),
      deletedBefore: 0,
      deletesAsked: new Set(),
    });
  }

  get topics(): string[] {
    return [...this.#books.keys()];
  }

  /** Sends a write, and books it before anything can come of it. Rejects when no answer came. */
  async append(connection: Connection, write: Write): Promise<void> {
    const entry: Entry = { ...write, firstSeq: undefined };
    const book = this.#book(write.topic);
    book.entries.push(entry);
    for (const payload of write.payloads) book.inEntry.set(payload, entry);
    await this.#send(connection, entry, false);
  }

  /** Sends every keyed write again that got no answer: each is to be there once, whatever became of the first try. */
  async retryKeyed(connection: Connection): Promise<void> {
    for (const book of this.#books.values())
      for (const entry of book.entries)
        if (entry.firstSeq === undefined && entry.key !== undefined) await this.#send(connection, entry, true);
  }

  async deleteBefore(connection: Connection, topic: string, seq: number): Promise<void> {
    const body = JSON.stringify({ before_seq: seq });
    this.#book(topic).deletesAsked.add(seq);
    const { status, text } = await connection.send("POST", `/v0/topics/${topic}/delete`, body);
    assert.equal(status, 200, text);
    this.#book(topic).deletedBefore = Math.max(this.#book(topic).deletedBefore, seq);
  }

  /** The greatest seq acked so far. */
  head(topic: string): number {
    return Math.max(0, ...this.#book(topic).known.keys());
  }

  /** Reads everything and holds it against what is booked. `stopped`: in order, so that nothing may be missing at all. */
  async verify(connection: Connection, stopped = false): Promise<void> {
    for (const [name, book] of this.#books) {
      const reading = await readAll(connection, name);
      const first = Math.min(...reading.records.keys());
      if (first > book.deletedBefore && book.deletesAsked.has(first)) book.deletedBefore = first;
      if (stopped || book.durability !== "memory") assertNoGaps(name, reading, book.deletedBefore);
      assertBatches(name, book, reading);
      for (const [seq, payload] of reading.records) know(name, book, seq, payload);
      for (const [seq, payload] of book.known) {
        if (seq < book.deletedBefore) assert.ok(!reading.records.has(seq), `${name} ${seq} is back after its delete`);
        else if (reading.records.has(seq)) assert.equal(reading.records.get(seq), payload, `${name} ${seq}`);
        else assertAnnounced(name, seq, reading);
      }
      assert.ok(reading.headSeq >= this.head(name), `${name}: the head is not below what was acked`);
    }
  }

  #book(topic: string): TopicBook {
    const book = this.#books.get(topic);
    assert.ok(book, `${topic} is booked`);
    return book;
  }

  async #send(connection: Connection, entry: Entry, again: boolean): Promise<void> {
    const { topic, payloads, key } = entry;
    const records = payloads.map((payload) => `{"data":${payload}}`).join(",");
    const keyed = key === undefined ? "" : `,"idempotency_key":${JSON.stringify(key)}`;
    const { status, text } = await connection.send("POST", `/v0/topics/${topic}`, `{"records":[${records}]${keyed}}`);
    // A server that is stopping may refuse: then it is as if the write had never been.
    if (status === 503) return;
    assert.equal(status, 200, text);
    const answer = JSON.parse(text) as { first_seq: number; last_seq: number; deduped: boolean };
    assert.equal(answer.last_seq - answer.first_seq + 1, payloads.length, text);
    assert.ok(again || !answer.deduped, "only what was tried before is answered from memory");
    entry.firstSeq = answer.first_seq;
    payloads.forEach((payload, at) => know(topic, this.#book(topic), answer.first_seq + at, payload));
    this.#acks++;
  }
}

function know(topic: string, book: TopicBook, seq: number, payload: string): void {
  const before = book.known.get(seq);
  assert.ok(before === undefined || before === payload, `${topic} ${seq} was ${before}, and is ${payload}`);
  book.known.set(seq, payload);
}

function assertNoGaps(topic: string, { records, gaps, headSeq }: Reading, deletedBefore: number): void {
  assert.deepEqual(gaps, [], `${topic} has no hole`);
  for (let seq = Math.max(1, deletedBefore); seq <= headSeq; seq++)
    assert.ok(records.has(seq), `${topic} ${seq} is there, with all up to ${headSeq}`);
}

function assertAnnounced(topic: string, seq: number, { gaps }: Reading): void {
  const gap = gaps.find(({ from, to }) => from <= seq && seq <= to);
  assert.equal(gap?.reason, "crash", `${topic} ${seq} was acked, and is neither there nor announced`);
}

/** Each batch whole, once and in order, or not at all; and nothing that nobody wrote. */
function assertBatches(topic: string, book: TopicBook, { records }: Reading): void {
  const places = new Map<string, number>();
  for (const [seq, payload] of records) {
    assert.ok(book.inEntry.has(payload), `${topic} ${seq} was written by nobody: ${payload}`);
    assert.ok(!places.has(payload), `${topic} ${seq} is there twice: ${payload}`);
    places.set(payload, seq);
  }
  for (const { payloads } of book.entries) {
    const seqs = payloads.map((payload) => places.get(payload));
    const last = seqs.at(-1);
    if (last === undefined)
      assert.ok(
        seqs.every((seq) => seq === undefined),
        `${topic}: a batch came apart`,
      );
    else
      seqs.forEach((seq, at) => {
        const wanted = last - payloads.length + 1 + at;
        assert.ok(seq === wanted || (seq === undefined && wanted < book.deletedBefore), `${topic}: a batch came apart`);
      });
  }
}

async function readAll(connection: Connection, topic: string): Promise<Reading> {
  const records = new Map<number, string>();
  const gaps: { from: number; to: number; reason: string }[] = [];
  for (let fromSeq = 0; ;) {
    const path = `/v0/topics/${topic}/diff?from_seq=${fromSeq}&limit=1000&max_batch_bytes=8388608`;
    const { status, text } = await connection.send("GET", path);
    assert.equal(status, 200, text);
    const page = pageOf(text);
    if (page.tombstone)
      gaps.push({ from: page.tombstone.gap_from, to: page.tombstone.gap_to, reason: page.tombstone.reason });
    let last = fromSeq;
    for (const [seq, payload] of page.records) {
      assert.ok(seq > last, `${topic}: ${seq} comes behind ${last}`);
      last = seq;
      records.set(seq, payload);
    }
    if (page.caught_up) return { records, gaps, headSeq: page.head_seq };
    assert.ok(page.next_from_seq > fromSeq, `${topic}: a read goes on`);
    fromSeq = page.next_from_seq;
  }
}

interface Page {
  readonly next_from_seq: number;
  readonly head_seq: number;
  readonly caught_up: boolean;
  readonly tombstone: { readonly gap_from: number; readonly gap_to: number; readonly reason: string } | null;
  readonly records: readonly (readonly [number, string])[];
}

const recordsAt = `"records":[`;

/** The payloads as they came, byte for byte: parsing them would change some. */
function pageOf(text: string): Page {
  const start = text.indexOf(recordsAt) + recordsAt.length;
  const end = text.lastIndexOf(`],"next_from_seq":`);
  const parts = text
    .slice(start, end)
    .split(/,?\{"\$seq":/)
    .slice(1);
  const records = parts.map((part) => {
    const found = /^(\d+),"\$ts":\d+,"data":(.*)\}$/s.exec(part);
    assert.ok(found, `a record of another shape: ${part.slice(0, 200)}`);
    return [Number(found[1]), found[2]] as const;
  });
  return { ...(JSON.parse(text.slice(0, start) + text.slice(end)) as Page), records };
}

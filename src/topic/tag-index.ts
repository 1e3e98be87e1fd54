/**
 * Which records carry which tag (spec 1.7): per tag its seqs in order, so that a delete or a filter costs what matches and
 * not what the log holds. A tag of one record, the common case of job ids, keeps a bare number.
 */
import type { Predicate } from "../base/predicate.ts";
import { NameTable } from "./name-table.ts";
import { PrefixNames } from "./prefix-names.ts";

/** Seqs are dropped from a list lazily; one that is mostly stale is rewritten. */
const staleFactor = 2;
const staleSlack = 32;

interface Posting {
  seqs: number[];
  live: number;
}

export class TagIndex {
  readonly #table = new NameTable();
  readonly #postings: (number | Posting)[] = [0];
  readonly #prefixes = new PrefixNames(this.#table);

  get size(): number {
    return this.#table.size;
  }

  find(tag: string): number {
    return this.#table.find(tag);
  }

  name(id: number): string {
    return this.#table.name(id);
  }

  /** Numbers of the tags in use that match. */
  matching(predicate: Predicate): number[] {
    if (predicate.op === "Eq") {
      const id = this.#table.find(predicate.value);
      return id === 0 ? [] : [id];
    }
    const ids = new Set<number>();
    for (const name of this.#prefixes.startingWith(predicate.prefix)) ids.add(this.#table.find(name));
    ids.delete(0);
    return [...ids];
  }

  /** Seqs of a tag in order, those of records that are gone perhaps among them. Not to be kept or changed. */
  seqs(id: number): readonly number[] {
    const posting = this.#postings[id];
    return typeof posting === "number" ? [posting] : posting.seqs;
  }

  /** One more record, with a seq above all before it. */
  add(tag: string, seq: number): number {
    const known = this.#table.find(tag);
    if (known !== 0) {
      this.addAgain(known, seq);
      return known;
    }
    const id = this.#table.use(tag);
    this.#postings[id] = seq;
    this.#prefixes.add(tag);
    return id;
  }

  addAgain(id: number, seq: number): void {
    this.#table.useAgain(id);
    const posting = this.#postings[id];
    if (typeof posting === "number") {
      this.#postings[id] = { seqs: [posting, seq], live: 2 };
    } else {
      posting.seqs.push(seq);
      posting.live++;
    }
  }

  /** One record less; `isLive` says which of the tag's seqs are still there when its list is rewritten. */
  release(id: number, isLive: (seq: number) => boolean): void {
    if (this.#table.release(id)) {
      this.#postings[id] = 0;
      this.#prefixes.drop();
      return;
    }
    const posting = this.#postings[id];
    if (typeof posting === "number") return;
    posting.live--;
    if (posting.seqs.length > posting.live * staleFactor + staleSlack) posting.seqs = posting.seqs.filter(isLive);
  }
}

/**
 * Recovery of a topic that a checkpoint holds (spec 6.4, 6.5). The checkpoint has everything up to an operation number but
 * the records of the tail. Frames up to that number give the tail back, and nothing else; the ones behind it are replayed
 * like any other. What the tail has to be in the end is in the checkpoint too, so that a log that lacks something, or a
 * checkpoint that does not belong to it, is found out.
 */
import type { FrameAnchor, FrameFields, LogPlace } from "../wal/commit.ts";
import type { Contents } from "./contents.ts";
import type { DerivedOrigin } from "./derivations.ts";
import type { Entry } from "./entries.ts";
import { advancedLink, changedLink, type LinkState, sureLink } from "./link.ts";
import type { CapturedTail } from "./logged-contents.ts";
import type { ReadRebase } from "./read-rebase.ts";
import type { RecordsEntry } from "./records-format.ts";
import type { DerivedSection } from "./section.ts";

export interface ResumedWay {
  readonly link: LinkState | undefined;
  readonly head: number;
  readonly lastTs: number;
}

export class Resume {
  /** The last operation that the checkpoint has. */
  readonly op: number;
  readonly head: number;
  readonly #tail: CapturedTail;
  /** Copies in the tail were derived: as far as the checkpoint has them. */
  readonly anchor: FrameAnchor | undefined;
  readonly #derivedFrom: number;
  #way: ResumedWay | undefined;
  #seen = 0;

  constructor(op: number, head: number, tail: CapturedTail, derived?: DerivedSection) {
    this.op = op;
    this.head = head;
    this.#tail = tail;
    this.anchor = derived?.anchor;
    this.#derivedFrom = derived?.op ?? 0;
    this.#way = derived && { link: derived.link, head: derived.head, lastTs: derived.lastTs };
  }

  /** How far the topic has come, where copies have to be derived anew. */
  get way(): ResumedWay | undefined {
    return this.#way;
  }

  /** Some of the tail has to be derived. */
  get derives(): boolean {
    return this.#way !== undefined;
  }

  /** The last operation that was met. */
  get seen(): number {
    return Math.max(this.#seen, this.#derivedFrom);
  }

  /** Copies that no frame holds. */
  derive(contents: Contents, firstSeq: number, entry: RecordsEntry, origin: DerivedOrigin): void {
    const { link, head, lastTs } = this.#way!;
    this.#append(contents, firstSeq, entry, origin.place);
    const last = firstSeq + entry.count - 1;
    contents.derivations.add({ link: link!, head, lastTs }, origin, last);
    this.#way = { link: sureLink(advancedLink(link, entry.anchor!)), head: last, lastTs: entry.lastTs };
  }

  /** Records of the source that left nothing here but, maybe, a hole up to `head`. */
  pass(head: number, through: number): void {
    const { link, lastTs } = this.#way!;
    this.#way = { link: sureLink(advancedLink(link, { through, counts: [] })), head, lastTs };
  }

  /** Why the frame cannot be there; `undefined` when it was taken. */
  take(
    contents: Contents,
    fields: FrameFields,
    entry: Entry,
    place: LogPlace,
    rebase: ReadRebase | undefined,
  ): string | undefined {
    if (this.#seen !== 0 && fields.op !== this.#seen + 1)
      return `operation ${fields.op} follows operation ${this.#seen}`;
    this.#seen = fields.op;
    if (rebase !== undefined)
      rebase.eachRecords((firstSeq, records) => this.#append(contents, firstSeq, records, place));
    else if (entry.kind === "records" && !entry.records.retained)
      this.#append(contents, fields.firstSeq, entry.records, place);
    else if (entry.kind === "lease") contents.resumeRemoval(entry.change.removed);
    else if (entry.kind === "recordsDelete" && entry.what.match !== undefined) contents.resumeDelete(entry.what);
    return this.#way === undefined || fields.op <= this.#derivedFrom
      ? undefined
      : this.#follow(this.#way, fields, entry);
  }

  /** The frame's own part of the way. */
  #follow({ link, head, lastTs }: ResumedWay, { firstSeq }: FrameFields, entry: Entry): string | undefined {
    let next: LinkState | string | undefined = link;
    let [newHead, newTs] = [head, lastTs];
    let problem: string | undefined;
    if (entry.kind === "routerConfig") next = changedLink(link, entry.change);
    else if (entry.kind === "records" && !entry.records.retained) {
      if (firstSeq !== head + 1) problem = `seq ${firstSeq} follows head ${head}`;
      if (entry.records.anchor !== undefined) next = advancedLink(link, entry.records.anchor);
      [newHead, newTs] = [firstSeq + entry.records.count - 1, entry.records.lastTs];
    } else if (entry.kind === "hole") {
      if (entry.hole.from !== head + 1) problem = `a hole at ${entry.hole.from} follows head ${head}`;
      if (entry.through !== undefined) next = advancedLink(link, { through: entry.through, counts: [] });
      newHead = entry.hole.to;
    }
    // Whoever goes on all the same, because frames are known to be missing, goes on behind this one.
    this.#way = { link: typeof next === "string" ? link : next, head: Math.max(head, newHead), lastTs: newTs };
    return typeof next === "string" ? next : problem;
  }

  /** Why what was found is not what the checkpoint says. */
  problem({ retained }: Contents): string | undefined {
    if (this.#seen !== 0 && this.#seen !== this.op)
      return `the log ends at operation ${this.#seen}, before operation ${this.op} of its checkpoint`;
    const { count, bytes } = retained.tail;
    return count === this.#tail.count && bytes === this.#tail.bytes
      ? undefined
      : `the log has ${count} records, where its checkpoint speaks of ${this.#tail.count}`;
  }

  #append(contents: Contents, firstSeq: number, entry: RecordsEntry, place: LogPlace): void {
    let start = 0;
    while (start < entry.count && firstSeq + entry.seqDelta(start) < this.#tail.from) start++;
    if (start < entry.count) contents.resumeRecords(firstSeq, entry, place, start);
  }
}

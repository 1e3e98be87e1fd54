/**
 * A watch session (spec 4.1, 4.2): what a client follows and how, and how far its newest stream has come. Streams come and
 * go; each begins at the session's cursors, rewound by the id that the client has seen last, and goes on with its own.
 */
import { sessionTtlMs } from "../base/limits.ts";
import type { TimerHandle, Timers } from "../env/env.ts";
import { copyOf, type Cursors, rewind, seqsOf } from "./cursor.ts";
import type { ReadOptions } from "./read-options.ts";
import { parseId } from "./resume-id.ts";
import type { ResumeLog } from "./resume-log.ts";

/** Streams whose short ids are still understood. */
const keptLogs = 4;

export interface SessionTerms {
  readonly wid: string;
  /** Whose it is; `undefined` without access control. */
  readonly owner: number | undefined;
  readonly options: ReadOptions;
  readonly heartbeatMs: number;
  readonly prefixes: readonly string[];
}

/** A stream as its session sees it. */
export interface SessionStream {
  readonly cursors: Cursors;
  readonly log: ResumeLog | undefined;
}

export class WatchSession {
  readonly terms: SessionTerms;
  /** Followed by name, and not only because a prefix fits. */
  readonly named: ReadonlySet<string>;
  readonly #first: Cursors;
  readonly #timers: Pick<Timers, "after" | "clear">;
  readonly #reclaim: () => void;
  readonly #streams = new Set<SessionStream>();
  #logs: ResumeLog[] = [];
  #newest: SessionStream | undefined;
  #cursors: Cursors;
  #opened = 0;
  #timer: TimerHandle | undefined;

  constructor(
    terms: SessionTerms,
    named: ReadonlySet<string>,
    cursors: Cursors,
    timers: Pick<Timers, "after" | "clear">,
    reclaim: () => void,
  ) {
    this.terms = terms;
    this.named = named;
    this.#first = cursors;
    this.#cursors = cursors;
    this.#timers = timers;
    this.#reclaim = reclaim;
    this.#armReclaim();
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** Where the next stream begins; `ignored` when the id is none that could be understood. */
  begin(lastEventId: string | undefined): {
    readonly number: number;
    readonly cursors: Cursors;
    readonly ignored: boolean;
  } {
    const cursors = copyOf(this.#cursors);
    const ignored = lastEventId !== undefined && lastEventId !== "" && !this.#rewind(cursors, lastEventId);
    return { number: ++this.#opened, cursors, ignored };
  }

  attach(stream: SessionStream): void {
    this.#disarm();
    this.#newest = stream;
    this.#cursors = stream.cursors;
    this.#streams.add(stream);
  }

  detach(stream: SessionStream): void {
    if (!this.#streams.delete(stream)) return;
    if (stream.log !== undefined) this.#logs = [...this.#logs.slice(1 - keptLogs), stream.log];
    if (this.#newest === stream) this.#newest = undefined;
    if (this.#streams.size === 0) this.#armReclaim();
  }

  end(): void {
    this.#disarm();
  }

  #rewind(cursors: Cursors, text: string): boolean {
    const id = parseId(text);
    if (id === undefined) return false;
    if (id.kind === "cursors") rewind(cursors, id.seqs);
    else {
      const open = [...this.#streams].flatMap(({ log }) => (log === undefined ? [] : [log]));
      const log = [...open, ...this.#logs].find(({ stream }) => stream === id.stream);
      // What is not known any more is repeated from the beginning: never lost.
      rewind(cursors, log?.behind(id.frame) ?? seqsOf(this.#first));
    }
    return true;
  }

  #armReclaim(): void {
    this.#timer = this.#timers.after(sessionTtlMs, () => {
      this.#timer = undefined;
      this.#reclaim();
    });
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }
}

/**
 * What clients did to one topic name since the last time that its contents were established, and what they were told: the
 * only thing that a restarted server is held against.
 */
import { assert } from "../../src/base/assert.ts";
import type { SeenRecord } from "./observation.ts";
import { type Change, changed, type ModelTopic } from "./model.ts";
import { textDigest } from "./text-digest.ts";

export interface Issued {
  /** In the order of the calls. */
  readonly number: number;
  /** The same, but of an append that had to wait for room: when it had its seqs. */
  order: number;
  /** When it was answered, on the same scale; 0 before. */
  answered: number;
  change: Change;
  /** Of which of the topics that the name has had. */
  readonly instance: number;
  /** `unknown`: an error said that a restart will show. Definite failures are not kept. */
  state: "pending" | "acked" | "unknown";
  /** When it took effect, as far as that is known: not before this. */
  atMs: number;
  /** And not behind this. */
  untilMs: number | undefined;
  firstSeq: number | undefined;
  /** Known to be on the device: no later crash takes it. */
  settled: boolean;
}

export class TopicHistory {
  readonly name: string;
  /** What was there when the last start had been looked at. */
  base: ModelTopic | undefined;
  issued: Issued[] = [];
  /** Calls, and moments at which they took their places. */
  #moments = 0;
  /** Payloads of writes that failed for certain. */
  failed = new Set<string>();
  /** Instances that the name has had, and how far each has been acked or shown. */
  instances = 0;
  readonly shown = new Map<number, number>();

  constructor(name: string) {
    this.name = name;
  }

  clone(): TopicHistory {
    const copy = new TopicHistory(this.name);
    copy.base = this.base?.clone();
    copy.issued = this.issued.map((issued) => ({ ...issued }));
    copy.instances = this.instances;
    copy.failed = new Set(this.failed);
    copy.#moments = this.#moments;
    for (const [instance, seq] of this.shown) copy.shown.set(instance, seq);
    return copy;
  }

  digest(): string {
    const { name, base, issued, instances, shown } = this;
    const told = issued.map(({ atMs: _, ...rest }) => rest);
    return textDigest([name, base?.contents, told, instances, [...shown]]);
  }

  issue(change: Change, nowMs: number): number {
    if (change.kind === "create") this.instances++;
    const number = ++this.#moments;
    const { instances: instance } = this;
    const unknown = { firstSeq: undefined, settled: false, answered: 0, untilMs: undefined };
    this.issued.push({ number, order: number, change, instance, state: "pending", atMs: nowMs, ...unknown });
    return number;
  }

  /** It has its seqs: whatever is asked for from now on finds it there. */
  staged(number: number): void {
    this.#find(number).order = ++this.#moments;
  }

  ack(number: number, firstSeq?: number): void {
    const issued = this.#find(number);
    assert(
      issued.firstSeq === undefined || issued.firstSeq === firstSeq,
      "an append is acked with the seqs it was shown with",
    );
    issued.state = "acked";
    issued.firstSeq = firstSeq;
    issued.answered = ++this.#moments;
    if (issued.change.kind === "append") this.#showed(issued.instance, firstSeq! + issued.change.records.length - 1);
  }

  /** The answer says more than was known at the call. */
  amend(number: number, change: Change): void {
    this.#find(number).change = change;
  }

  fail(number: number, outcomeUnknown: boolean): void {
    const issued = this.#find(number);
    assert(issued.state === "pending", "what was acked or shown does not fail");
    if (outcomeUnknown) issued.state = "unknown";
    else if (this.live?.isEphemeral === true && issued.change.kind === "configure") {
      issued.change = { kind: "logRetained" };
      issued.state = "acked";
    } else this.issued = this.issued.filter((other) => other !== issued);
    if (!outcomeUnknown) for (const { data } of recordsOf(issued)) this.failed.add(data);
  }

  /** What the topic began with after a change of configuration that has just been answered. */
  configured(number: number, earliest: number): void {
    const issued = this.#find(number);
    if (issued.change.kind === "configure") issued.change = { ...issued.change, earliest };
  }

  /** It took effect then, by the server's clock, which nobody could ask before. */
  happenedAt(number: number, nowMs: number | undefined): void {
    const issued = this.#find(number);
    issued.atMs = nowMs ?? issued.atMs;
  }

  /** The server's clock by the time of the answer, where something may have expired meanwhile. */
  answeredAt(number: number, nowMs: number): void {
    this.#find(number).untilMs = nowMs;
  }

  /** Changes of configuration that nobody heard of again may have taken effect at any moment. */
  guessConfigured(earliest: number): void {
    for (const issued of this.issued)
      if (issued.change.kind === "configure" && issued.change.earliest === undefined)
        issued.change = { ...issued.change, earliest };
  }

  /** A reader has seen when it was really written. */
  retime(seen: SeenRecord): void {
    const issued = this.#appendOf(seen);
    if (issued !== undefined) issued.atMs = seen.ts;
  }

  /** A reader got it: that counts like an ack. */
  showed(seen: Pick<SeenRecord, "seq" | "ts" | "data">): void {
    const issued = this.#appendOf(seen);
    this.#showed(issued?.instance ?? this.base?.instance ?? this.instances, seen.seq);
    if (issued === undefined) return;
    issued.atMs = seen.ts;
    if (issued.firstSeq !== undefined) return;
    issued.firstSeq = seen.seq - recordsOf(issued).findIndex(({ data }) => data === seen.data);
    issued.state = "acked";
  }

  /** A tombstone or a state named this seq. */
  showedHead(seq: number): void {
    this.#showed(this.instances, seq);
  }

  /** Whatever is acked is on the device by now, but for what an ephemeral topic keeps to itself. */
  settle(nowMs: number | undefined): void {
    const ttlMs = this.live?.config.ttlMs ?? 0;
    if (ttlMs !== 0 && nowMs !== undefined) this.ack(this.issue({ kind: "expire" }, nowMs));
    let topic = this.base;
    for (const issued of this.acked) {
      const isKept = topic?.isEphemeral !== true || isControl(issued);
      topic = applied(topic, issued);
      if (isKept) issued.settled = true;
    }
  }

  /** In the order in which they took effect: that of the calls, unless seqs say otherwise. */
  get acked(): Issued[] {
    const acked = this.issued.filter(({ state }) => state === "acked");
    const appends = acked
      .filter(({ change }) => change.kind === "append")
      .sort((one, other) => one.instance - other.instance || one.firstSeq! - other.firstSeq!);
    return acked.map((issued) => (issued.change.kind === "append" ? appends.shift()! : issued));
  }

  /**
   * The same, but deletes where their answers came: one that has to look for something first takes effect late, behind
   * others that were asked for after it.
   */
  get ackedLate(): Issued[] {
    const acked = this.acked;
    const isDelete = ({ change }: Issued): boolean => change.kind === "deleteRecords";
    const late = acked.filter((issued) => !isDelete(issued));
    const deletes = acked.filter(isDelete).sort((one, other) => one.answered - other.answered);
    for (const issued of deletes) {
      const answered = late.findLastIndex((other) => other.answered !== 0 && other.answered < issued.answered);
      const asked = late.findLastIndex((other) => !isDelete(other) && other.number < issued.number);
      late.splice(Math.max(answered, asked) + 1, 0, issued);
    }
    return late;
  }

  get open(): Issued[] {
    return this.issued.filter(({ state }) => state !== "acked");
  }

  /** What readers of a healthy server see now. */
  get live(): ModelTopic | undefined {
    return this.acked.reduce(applied, this.base);
  }

  #find(number: number): Issued {
    const issued = this.issued.find((one) => one.number === number);
    assert(issued !== undefined, "an answer is to something that was asked");
    return issued;
  }

  #appendOf({ data }: Pick<SeenRecord, "data">): Issued | undefined {
    return this.issued.find((issued) => recordsOf(issued).some((record) => record.data === data));
  }

  #showed(instance: number, seq: number): void {
    this.shown.set(instance, Math.max(this.shown.get(instance) ?? 0, seq));
  }
}

/** It changes what the topic is: durable before it is answered, whatever the class. */
export function isControl({ change }: Issued): boolean {
  return change.kind !== "append" && change.kind !== "deleteRecords" && change.kind !== "logRetained";
}

export function applied(
  topic: ModelTopic | undefined,
  { change, atMs, instance, order }: Issued,
): ModelTopic | undefined {
  return changed(topic, change, atMs, instance, order);
}

export function recordsOf({ change }: Issued): readonly { readonly data: string }[] {
  return change.kind === "append" ? change.records : [];
}

/**
 * The scan of one write body, in plain TypeScript (spec 2.6). Its two kinds of control object, the body and a record,
 * share one state machine, `key → colon → value → after`; payloads and other values are handed to a `ValueScan`. All
 * state is in the fields, so that a step can end at any byte.
 */
import type { AppendBody, SliceLimits, Slicing } from "./append-body.ts";
import { assert } from "./assert.ts";
import { refuseByteOrderMark } from "./control-json.ts";
import { TopicsError, invalidField } from "./errors.ts";
import { ascii, scanString, syntaxError } from "./json-bytes.ts";
import { ValueScan } from "./json-value-scan.ts";
import { bodyBytesCeiling, minDepth } from "./limits.ts";
import { WriteEnvelope, recordsField } from "./write-envelope.ts";
import { type FieldSink, unknownField } from "./write-fields.ts";
import { WriteRecords } from "./write-record.ts";

const expect = {
  key: 0,
  keyOrEnd: 1,
  colon: 2,
  value: 3,
  after: 4,
  record: 5,
  recordOrEnd: 6,
  afterRecord: 7,
  body: 8,
  nothing: 9,
  inKey: 10,
  inValue: 11,
} as const;

export class WriteScan implements Slicing {
  readonly #bytes: Uint8Array;
  readonly #value: ValueScan;
  readonly #envelope: WriteEnvelope;
  readonly #records: WriteRecords;
  /** The object whose fields are being scanned. */
  #object: FieldSink;
  #at = 0;
  #state: number = expect.body;
  #keyStart = 0;
  #field = unknownField;
  #valueStart = 0;
  /** After an error: the slots belong to the next body. */
  #refused = false;

  constructor(bytes: Uint8Array, limits: SliceLimits) {
    assert(limits.maxDepth >= minDepth, "the limits have been checked");
    assert(bytes.length <= bodyBytesCeiling, "the body's size has been checked");
    refuseByteOrderMark(bytes);
    this.#bytes = bytes;
    this.#value = new ValueScan(bytes, limits.maxDepth);
    this.#envelope = new WriteEnvelope(bytes, limits);
    this.#records = new WriteRecords(bytes, limits);
    this.#object = this.#envelope;
  }

  step(budgetBytes: number): boolean {
    assert(budgetBytes > 0, "a step must be able to move");
    assert(!this.#refused, "a refused body is not scanned on");
    const size = this.#bytes.length;
    try {
      this.#advance(Math.min(size, this.#at + budgetBytes));
      if (this.#at < size) return false;
      if (this.#state !== expect.nothing) throw syntaxError("an unexpected end", size);
      if (this.#records.count === 0) throw invalidField("records", "must hold at least one record");
      return true;
    } catch (error) {
      this.#refused = true;
      this.#records.abandon();
      throw error;
    }
  }

  result(): AppendBody {
    assert(this.#at === this.#bytes.length && this.#state === expect.nothing, "the body has been scanned");
    return this.#envelope.body(this.#records.batch(this.#envelope.node));
  }

  #advance(stop: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    while (at < stop) {
      if (this.#state === expect.inValue) {
        at = this.#runValue(stop);
        continue;
      }
      if (this.#state === expect.inKey) {
        at = this.#runKey(at, stop);
        continue;
      }
      const byte = bytes[at];
      if (byte > ascii.space) at = this.#token(at, byte, stop);
      else if (byte === ascii.space || byte === ascii.lf || byte === ascii.cr || byte === ascii.tab) at++;
      else throw syntaxError("an unexpected character", at);
    }
    this.#at = at;
  }

  /** Takes the byte at `at`, which is not white space; returns where to go on. */
  #token(at: number, byte: number, stop: number): number {
    switch (this.#state) {
      case expect.key:
      case expect.keyOrEnd:
        if (byte === ascii.quote) {
          this.#keyStart = at + 1;
          this.#state = expect.inKey;
          return this.#runKey(at + 1, stop);
        }
        if (byte === ascii.closeBrace && this.#state === expect.keyOrEnd) this.#closeObject();
        else throw syntaxError("a key was expected", at);
        return at + 1;
      case expect.colon:
        if (byte !== ascii.colon) throw syntaxError("a colon was expected", at);
        this.#state = expect.value;
        return at + 1;
      case expect.value:
        return this.#beginValue(at, byte, stop);
      case expect.after:
        if (byte === ascii.comma) this.#state = expect.key;
        else if (byte === ascii.closeBrace) this.#closeObject();
        else throw syntaxError("a comma or } was expected", at);
        return at + 1;
      default:
        this.#outside(at, byte);
        return at + 1;
    }
  }

  /** What stands between objects: around the body, and around the records. */
  #outside(at: number, byte: number): void {
    switch (this.#state) {
      case expect.afterRecord:
        if (byte === ascii.comma) this.#state = expect.record;
        else if (byte === ascii.closeBracket) this.#state = expect.after;
        else throw syntaxError("a comma or ] was expected", at);
        return;
      case expect.record:
      case expect.recordOrEnd:
        if (byte === ascii.closeBracket && this.#state === expect.recordOrEnd) this.#state = expect.after;
        else if (byte === ascii.openBrace) this.#openRecord();
        else throw invalidField(`records[${this.#records.count}]`, "must be an object");
        return;
      case expect.body:
        if (byte !== ascii.openBrace) throw new TopicsError("invalid_request", "the body must be a JSON object");
        this.#state = expect.keyOrEnd;
        return;
      default:
        throw syntaxError("something follows the body", at);
    }
  }

  #openRecord(): void {
    this.#records.begin();
    this.#object = this.#records;
    this.#state = expect.keyOrEnd;
  }

  #closeObject(): void {
    if (this.#object === this.#envelope) {
      this.#state = expect.nothing;
      return;
    }
    this.#records.end();
    this.#object = this.#envelope;
    this.#state = expect.afterRecord;
  }

  #runKey(from: number, stop: number): number {
    const end = scanString(this.#bytes, from, stop);
    if (end < 0) return ~end;
    this.#field = this.#object.key(this.#keyStart, end);
    this.#state = expect.colon;
    if (end + 1 >= stop || this.#bytes[end + 1] !== ascii.colon) return end + 1;
    this.#state = expect.value;
    return end + 2;
  }

  #beginValue(at: number, byte: number, stop: number): number {
    const object = this.#object;
    object.open(this.#field, byte);
    if (object === this.#envelope && this.#field === recordsField) {
      this.#state = expect.recordOrEnd;
      return at + 1;
    }
    this.#value.begin(at, object.depth);
    this.#valueStart = at;
    this.#state = expect.inValue;
    return this.#runValue(stop);
  }

  /** Takes the `},{` that follows most values without going around the loop for each byte. */
  #runAfter(from: number, stop: number): number {
    const bytes = this.#bytes;
    if (from + 3 > stop || bytes[from] !== ascii.closeBrace || this.#object !== this.#records) return from;
    this.#closeObject();
    if (bytes[from + 1] !== ascii.comma) return from + 1;
    this.#state = expect.record;
    if (bytes[from + 2] !== ascii.openBrace) return from + 2;
    this.#openRecord();
    return from + 3;
  }

  #runValue(stop: number): number {
    const value = this.#value;
    const complete = value.run(stop);
    if (complete) {
      this.#object.value(this.#field, this.#valueStart, value.at, value);
      this.#state = expect.after;
      return this.#runAfter(value.at, stop);
    }
    return value.at;
  }
}

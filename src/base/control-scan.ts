/**
 * A control body (spec 2.1, 9.3) of any size that a body may have: validated in steps, so that none blocks the event loop
 * for long, and parsed only where a known field stands. What is unknown is skipped, however large it is; a known field
 * has a bound of its own, far above anything sensible.
 */
import { assert } from "./assert.ts";
import { type ControlObject, parseControl, refuseByteOrderMark } from "./control-json.ts";
import { invalidField } from "./errors.ts";
import { ascii, scanString, syntaxError } from "./json-bytes.ts";
import { ValueScan } from "./json-value-scan.ts";
import { maxControlBytes } from "./limits.ts";
import { FieldKeys, type FieldNames, unknownField } from "./write-fields.ts";

/** What is expected at `#at`; keys and values are where a step may end halfway. */
const expect = {
  body: 0,
  keyOrEnd: 1,
  key: 2,
  inKey: 3,
  colon: 4,
  value: 5,
  inValue: 6,
  after: 7,
  nothing: 8,
} as const;

/** Parsing as much as this takes about as long as scanning a whole step. */
const longFieldBytes = 16 * 1024;

export class ControlScan {
  readonly #bytes: Uint8Array;
  readonly #names: FieldNames;
  readonly #keys: FieldKeys;
  readonly #value: ValueScan;
  readonly #maxDepth: number;
  readonly #object = Object.create(null) as ControlObject;
  readonly #path = (): string => "";
  #at = 0;
  #stop = 0;
  #state: number = expect.body;
  #keyStart = 0;
  #field = unknownField;
  #valueStart = 0;

  constructor(bytes: Uint8Array, names: FieldNames, maxDepth: number) {
    refuseByteOrderMark(bytes);
    this.#bytes = bytes;
    this.#names = names;
    this.#keys = new FieldKeys(names);
    this.#value = new ValueScan(bytes, maxDepth);
    this.#maxDepth = maxDepth;
  }

  /** Scans at most about `budgetBytes` more. True when the body is complete and valid; throws `invalid_request`. */
  step(budgetBytes: number): boolean {
    assert(budgetBytes > 0, "a step must be able to move");
    const size = this.#bytes.length;
    this.#stop = Math.min(size, this.#at + budgetBytes);
    while (this.#at < this.#stop) this.#move();
    if (this.#at < size) return false;
    if (this.#state !== expect.nothing) throw syntaxError("an unexpected end", size);
    return true;
  }

  /** The known fields. */
  result(): ControlObject {
    assert(this.#state === expect.nothing, "the body has been scanned");
    return this.#object;
  }

  #move(): void {
    if (this.#state === expect.inKey) return this.#runKey();
    if (this.#state === expect.inValue) return this.#runValue();
    const byte = this.#bytes[this.#at];
    if (byte > ascii.space) this.#token(byte);
    else if (byte === ascii.space || byte === ascii.lf || byte === ascii.cr || byte === ascii.tab) this.#at++;
    else throw syntaxError("an unexpected character", this.#at);
  }

  #token(byte: number): void {
    const at = this.#at;
    switch (this.#state) {
      case expect.body:
        if (byte !== ascii.openBrace) throw invalidField("body", "must be a JSON object");
        return this.#next(expect.keyOrEnd);
      case expect.key:
      case expect.keyOrEnd:
        if (byte === ascii.closeBrace && this.#state === expect.keyOrEnd) return this.#next(expect.nothing);
        if (byte !== ascii.quote) throw syntaxError("a key was expected", at);
        this.#keyStart = at + 1;
        return this.#next(expect.inKey);
      case expect.colon:
        if (byte !== ascii.colon) throw syntaxError("a colon was expected", at);
        return this.#next(expect.value);
      case expect.value:
        this.#valueStart = at;
        this.#value.begin(at, 1);
        this.#state = expect.inValue;
        return;
      case expect.after:
        if (byte === ascii.comma) return this.#next(expect.key);
        if (byte !== ascii.closeBrace) throw syntaxError("a comma or } was expected", at);
        return this.#next(expect.nothing);
      default:
        throw syntaxError("something follows the body", at);
    }
  }

  #next(state: number): void {
    this.#state = state;
    this.#at++;
  }

  #runKey(): void {
    const end = scanString(this.#bytes, this.#at, this.#stop);
    if (end < 0) {
      this.#at = ~end;
      return;
    }
    this.#field = this.#keys.take(this.#bytes, this.#keyStart, end, this.#path);
    this.#at = end;
    this.#next(expect.colon);
  }

  #runValue(): void {
    const complete = this.#value.run(this.#stop);
    this.#at = this.#value.at;
    if (!complete) return;
    this.#state = expect.after;
    if (this.#field !== unknownField) this.#parse(this.#names.texts[this.#field], this.#valueStart, this.#at);
  }

  #parse(name: string, start: number, end: number): void {
    if (end - start > maxControlBytes) throw invalidField(name, `is longer than ${maxControlBytes} bytes`);
    this.#object[name] = parseControl(this.#bytes.subarray(start, end), { maxDepth: this.#maxDepth - 1, path: name });
    if (end - start > longFieldBytes) this.#stop = end;
  }
}

/** The outer object of a write body (spec 2.6) but for its records: types, limits, and what came of each field. */
import type { AppendBody, SliceLimits } from "./append-body.ts";
import { type ControlObject, parseControlObject } from "./control-json.ts";
import { type TopicsError, invalidField } from "./errors.ts";
import { ascii } from "./json-bytes.ts";
import { decodeUtf8, hasEscape, unescape } from "./json-string.ts";
import { maxControlBytes } from "./limits.ts";
import type { RecordBatch } from "./record-batch.ts";
import { FieldKeys, type FieldSink, fieldNames, unknownField } from "./write-fields.ts";

const names = fieldNames(["records", "node", "idempotency_key", "create", "config", "disable_backpressure"]);
/** The one field whose value the scan enters itself. */
export const recordsField = 0;
const node = 1;
const idempotencyKey = 2;
const create = 3;
const config = 4;
const disableBackpressure = 5;

export class WriteEnvelope implements FieldSink {
  readonly depth = 1;
  node: string | undefined;

  readonly #bytes: Uint8Array;
  readonly #limits: SliceLimits;
  readonly #keys = new FieldKeys(names);
  readonly #path = (): string => "";
  #idempotencyKey: string | undefined;
  #create: boolean | undefined;
  #config: ControlObject | undefined;
  #disableBackpressure = false;

  constructor(bytes: Uint8Array, limits: SliceLimits) {
    this.#bytes = bytes;
    this.#limits = limits;
  }

  body(batch: RecordBatch): AppendBody {
    return {
      batch,
      idempotencyKey: this.#idempotencyKey,
      create: this.#create,
      config: this.#config,
      disableBackpressure: this.#disableBackpressure,
    };
  }

  key(start: number, end: number): number {
    return this.#keys.take(this.#bytes, start, end, this.#path);
  }

  open(field: number, byte: number): void {
    if (field === unknownField || (byte === ascii.n && field !== recordsField && field !== disableBackpressure)) return;
    if (field === recordsField) {
      if (byte !== ascii.openBracket) throw this.#refuse(field, "must be an array");
    } else if (field === config) {
      if (byte !== ascii.openBrace) throw this.#refuse(field, "must be an object");
    } else if (field === create || field === disableBackpressure) {
      if (byte !== ascii.t && byte !== ascii.f) throw this.#refuse(field, "must be a boolean");
    } else if (byte !== ascii.quote) throw this.#refuse(field, "must be a string");
  }

  value(field: number, start: number, end: number): void {
    const byte = this.#bytes[start];
    if (field === unknownField || byte === ascii.n) return;
    if (field === node) this.node = this.#string(field, start + 1, end - 1, this.#limits.maxNodeBytes);
    else if (field === idempotencyKey) {
      this.#idempotencyKey = this.#string(field, start + 1, end - 1, this.#limits.maxKeyBytes);
    } else if (field === create) this.#create = byte === ascii.t;
    else if (field === disableBackpressure) this.#disableBackpressure = byte === ascii.t;
    else this.#parseConfig(start, end);
  }

  #parseConfig(start: number, end: number): void {
    if (end - start > maxControlBytes) throw this.#refuse(config, `is longer than ${maxControlBytes} bytes`);
    const maxDepth = this.#limits.maxDepth - this.depth;
    this.#config = parseControlObject(this.#bytes.subarray(start, end), { maxDepth, path: this.#keys.name(config) });
  }

  #string(field: number, start: number, end: number, maxBytes: number): string {
    if (end - start > maxBytes * longestEscape) throw this.#refuse(field, `is longer than ${maxBytes} bytes`);
    const escaped = hasEscape(this.#bytes, start, end);
    const decoded = escaped ? unescape(this.#bytes, start, end) : this.#bytes.subarray(start, end);
    if (decoded === undefined) throw this.#refuse(field, "holds a lone surrogate");
    if (decoded.length > maxBytes) throw this.#refuse(field, `is longer than ${maxBytes} bytes`);
    return decodeUtf8(decoded, 0, decoded.length);
  }

  #refuse(field: number, message: string): TopicsError {
    return invalidField(this.#keys.name(field), message);
  }
}

/** `\u0000` is one byte when decoded. */
const longestEscape = 6;

/**
 * The records of a write body on their way into slots (spec 1.1, 2.6): types and limits of `data`, `tag`, `node`, `meta`.
 * Works in the columns of one row at a time; makes no object per record.
 */
import type { SliceLimits } from "./append-body.ts";
import { TopicsError, invalidField } from "./errors.ts";
import { ascii } from "./json-bytes.ts";
import { decodeUtf8, hasEscape, unescape } from "./json-string.ts";
import { maxU64 } from "./limits.ts";
import { type RecordBatch, type RecordDelay, slot, slotFlag, slotsPerRecord } from "./record-batch.ts";
import { giveSlots, growSlots, takeSlots } from "./slot-table.ts";
import { FieldKeys, type FieldSink, type ValueShape, fieldNames, unknownField } from "./write-fields.ts";

const names = fieldNames(["data", "tag", "node", "meta", "deliver_at", "delay_ms"]);
const data = 0;
const tag = 1;
const node = 2;
const meta = 3;
const deliverAt = 4;
const delayMs = 5;
const atOnce: RecordDelay = {};

export class WriteRecords implements FieldSink {
  /** Around a record's value: the body, `records`, the record. */
  readonly depth = 3;
  count = 0;

  readonly #bytes: Uint8Array;
  readonly #limits: SliceLimits;
  readonly #keys = new FieldKeys(names);
  readonly #path = (): string => `records[${this.count}]`;
  #slots: Uint32Array = takeSlots();
  #row = 0;
  #delays: RecordDelay[] | undefined;

  constructor(bytes: Uint8Array, limits: SliceLimits) {
    this.#bytes = bytes;
    this.#limits = limits;
  }

  begin(): void {
    const { maxRecords } = this.#limits;
    if (this.count >= maxRecords) {
      const detail = { field: "records", max: maxRecords };
      throw new TopicsError("batch_too_large", `a write takes at most ${maxRecords} records`, detail);
    }
    const row = this.count * slotsPerRecord;
    if (row + slotsPerRecord > this.#slots.length) this.#slots = growSlots(this.#slots);
    for (let place = row; place < row + slotsPerRecord; place++) this.#slots[place] = 0;
    this.#row = row;
    this.#delays?.push(atOnce);
    this.#keys.clear();
  }

  end(): void {
    const slots = this.#slots;
    const row = this.#row;
    if (slots[row + slot.dataStart] === 0) throw invalidField(`${this.#path()}.data`, "is required");
    const size =
      slots[row + slot.dataEnd] - slots[row + slot.dataStart] + slots[row + slot.metaEnd] - slots[row + slot.metaStart];
    const max = this.#limits.maxRecordBytes;
    if (size > max) {
      const detail = { field: this.#path(), max };
      throw new TopicsError("record_too_large", `data and meta of a record are at most ${max} bytes`, detail);
    }
    this.count++;
  }

  batch(origin: string | undefined): RecordBatch {
    return { bytes: this.#bytes, count: this.count, slots: this.#slots, node: origin, delays: this.#delays };
  }

  /** Gives the slots back when the body is refused. */
  abandon(): void {
    giveSlots(this.#slots);
  }

  key(start: number, end: number): number {
    return this.#keys.take(this.#bytes, start, end, this.#path);
  }

  open(field: number, byte: number): void {
    if (field === deliverAt || field === delayMs) {
      if (byte < ascii.zero || byte > ascii.nine) throw this.#refuse(field, wholeNumber);
      return;
    }
    if (field === data || field === unknownField || byte === ascii.n) return;
    if (field === meta) {
      if (byte !== ascii.openBrace) throw this.#refuse(field, "must be an object");
    } else if (byte !== ascii.quote) throw this.#refuse(field, "must be a string");
  }

  value(field: number, start: number, end: number, shape: ValueShape): void {
    if (field === data) {
      this.#put(slot.dataStart, start, end);
      if (shape.spaced) this.#flag(slotFlag.dataSpaced);
    } else if (field === unknownField || this.#bytes[start] === ascii.n) return;
    else if (field === meta) this.#meta(start, end, shape);
    else if (field === deliverAt || field === delayMs) this.#delay(field, start, end);
    else if (field === tag) {
      this.#string(field, start + 1, end - 1, this.#limits.maxTagBytes, slotFlag.tagEscaped);
      this.#put(slot.tagStart, start + 1, end - 1);
    } else {
      this.#string(node, start + 1, end - 1, this.#limits.maxNodeBytes, slotFlag.nodeEscaped);
      this.#put(slot.nodeStart, start + 1, end - 1);
    }
  }

  #delay(field: number, start: number, end: number): void {
    if (end - start > maxDigits) throw this.#refuse(field, wholeNumber);
    const text = decodeUtf8(this.#bytes, start, end);
    if (!/^(0|[1-9][0-9]*)$/.test(text) || BigInt(text) > maxU64) throw this.#refuse(field, wholeNumber);
    const ms = Math.min(Number(text), maxDelayMs);
    this.#delays ??= Array.from({ length: this.count + 1 }, () => atOnce);
    const delay = field === deliverAt ? { atMs: ms } : { byMs: ms };
    if (this.#delays[this.count] !== atOnce) throw this.#refuse(field, "excludes the other of deliver_at and delay_ms");
    this.#delays[this.count] = delay;
  }

  #meta(start: number, end: number, shape: ValueShape): void {
    const { maxMetaBytes, maxMetaKeys } = this.#limits;
    if (end - start > maxMetaBytes) throw this.#refuse(meta, `is longer than ${maxMetaBytes} bytes`);
    if (shape.keys > maxMetaKeys) throw this.#refuse(meta, `has more than ${maxMetaKeys} keys`);
    this.#put(slot.metaStart, start, end);
    if (shape.spaced) this.#flag(slotFlag.metaSpaced);
  }

  #string(field: number, start: number, end: number, maxBytes: number, escaped: number): void {
    let size = end - start;
    if (size <= maxBytes * longestEscape && hasEscape(this.#bytes, start, end)) {
      const decoded = unescape(this.#bytes, start, end);
      if (decoded === undefined) throw this.#refuse(field, "holds a lone surrogate");
      size = decoded.length;
      this.#flag(escaped);
    }
    if (size > maxBytes) throw this.#refuse(field, `is longer than ${maxBytes} bytes`);
  }

  #put(place: number, start: number, end: number): void {
    this.#slots[this.#row + place] = start;
    this.#slots[this.#row + place + 1] = end;
  }

  #flag(bit: number): void {
    this.#slots[this.#row + slot.flags] |= bit;
  }

  #refuse(field: number, message: string): TopicsError {
    return invalidField(`${this.#path()}.${this.#keys.name(field)}`, message);
  }
}

const wholeNumber = "must be a whole number of milliseconds, written with digits only";
const maxDigits = 20;
/** Far beyond any time, and far from where sums of times are not exact. */
const maxDelayMs = 2 ** 52;

/** `\u0000` is one byte when decoded. */
const longestEscape = 6;

/**
 * A record as it is copied into another topic (spec 5): to the dead letters with where it comes from in `meta`, and back
 * without. Everything else keeps its bytes.
 */
import { assert } from "../base/assert.ts";
import { portableSlicer } from "../base/json-slice.ts";
import { type Member, membersOf, stringValue } from "../base/json-members.ts";
import { bodyBytesCeiling, defaultBatchLimits, maxIdempotencyKeyBytes } from "../base/limits.ts";
import type { RecordBatch } from "../base/record-batch.ts";
import type { SingleRecord } from "../topic/read-jobs.ts";

const from = "$dead_letter_from";
const deliveries = "$dead_letter_deliveries";
const srcSeq = "$dead_letter_src_seq";
const added: ReadonlySet<string> = new Set([from, deliveries, srcSeq]);

const dataKeyBytes = '"data":'.length;
const metaKeyBytes = ',"meta":'.length;

/** The record was within its limits; `meta` has to be so again, with what is added. */
const limits = { ...defaultBatchLimits, maxRecordBytes: bodyBytesCeiling, maxKeyBytes: maxIdempotencyKeyBytes };

/** Throws `invalid_request` when `meta` would be over a limit. */
export function deadLetter(record: SingleRecord, topic: string, count: number): RecordBatch {
  const notes = { [from]: topic, [deliveries]: String(count), [srcSeq]: String(record.seq) };
  const members = keptMembers(record);
  for (const [key, value] of Object.entries(notes))
    members.push(Buffer.from(`${JSON.stringify(key)}:${JSON.stringify(value)}`));
  return batchOf(record, members);
}

/** As it was before it was moved here. */
export function revived(record: SingleRecord): RecordBatch {
  return batchOf(record, keptMembers(record));
}

/** The queue that a dead letter comes from; `undefined` when it does not say. */
export function originOf(record: SingleRecord): string | undefined {
  const meta = metaOf(record);
  if (meta === undefined) return undefined;
  const member = membersOf(meta).find(({ key }) => key === from);
  return member && stringValue(meta, member);
}

function metaOf({ body, dataBytes, metaBytes }: SingleRecord): Buffer | undefined {
  if (metaBytes === 0) return undefined;
  const meta = body.subarray(dataKeyBytes + dataBytes + metaKeyBytes);
  assert(meta.length === metaBytes, "meta is the last of a record");
  return meta;
}

/** What was added on an earlier way is not. */
function keptMembers(record: SingleRecord): Buffer[] {
  const meta = metaOf(record);
  if (meta === undefined) return [];
  return membersOf(meta)
    .filter(({ key }) => !added.has(key))
    .map(({ start, end }: Member) => meta.subarray(start, end));
}

function batchOf(record: SingleRecord, members: readonly Buffer[]): RecordBatch {
  const { body, dataBytes, tag, node } = record;
  const pieces: Buffer[] = [Buffer.from('{"records":[{'), body.subarray(0, dataKeyBytes + dataBytes)];
  const text = (ascii: string): void => void pieces.push(Buffer.from(ascii));
  if (tag !== undefined) text(`,"tag":${JSON.stringify(tag)}`);
  if (node !== undefined) text(`,"node":${JSON.stringify(node)}`);
  if (members.length > 0) {
    text(',"meta":{');
    for (const [i, member] of members.entries()) {
      if (i > 0) text(",");
      pieces.push(member);
    }
    text("}");
  }
  text("}]}");
  const slicing = portableSlicer.begin(Buffer.concat(pieces), limits);
  let done = false;
  while (!done) done = slicing.step(bodyBytesCeiling);
  return slicing.result().batch;
}

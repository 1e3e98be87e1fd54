/**
 * Answers about records (spec 2.6, 2.7, 2.8), put together by hand: these are the hot ones. Names are ASCII by their
 * rule and numbers are plain, so the text needs no escaping; record bytes pass through untouched.
 */
import type { AppendResult, DeleteRecordsResult } from "../../engine/api.ts";
import type { Clock } from "../../env/env.ts";
import type { ReadResult, Tombstone } from "../../topic/read.ts";
import type { Call } from "../call.ts";
import { performanceHead, performanceText, shownMs } from "../performance.ts";
import type { Chunk, Reply } from "../reply.ts";
import { textReply } from "../reply.ts";
import { seqText } from "../seq-text.ts";

export function appendReply(result: AppendResult, returnSeqs: boolean, call: Call, clock: Clock): Reply {
  const seqs = returnSeqs ? `"seqs":[${seqText(result.firstSeq, result.count)}],` : "";
  const commit = result.deduped
    ? ""
    : `,"wal_append_ms":${shownMs(result.walAppendMs)},"fsync_ms":${shownMs(result.fsyncMs)}`;
  return textReply(
    result.created ? 201 : 200,
    `{"topic":"${call.topic}","first_seq":${result.firstSeq},"last_seq":${result.lastSeq},${seqs}` +
      `"head_seq":${result.headSeq},"count":${result.count},"created":${result.created},` +
      `"deduped":${result.deduped},${performanceHead(clock, call)}${commit}}}`,
  );
}

export function diffReply(result: ReadResult, call: Call, clock: Clock): Reply {
  const head = `{"topic":"${call.topic}","records":[`;
  const tail =
    `],"next_from_seq":${result.nextFromSeq},"head_seq":${result.headSeq},"earliest_seq":${result.earliestSeq},` +
    `"caught_up":${result.caughtUp},"tombstone":${tombstoneText(result.tombstone)},` +
    `"lag":${result.headSeq - result.nextFromSeq},` +
    `${performanceHead(clock, call)},"records_scanned":${result.recordsScanned}}}`;
  const { slices } = result;
  if (slices.length === 0) {
    result.release();
    return textReply(200, head + tail);
  }
  const chunks: Chunk[] = [head];
  let bytes = head.length + tail.length + slices.length - 1;
  for (let at = 0; at < slices.length; at++) {
    if (at > 0) chunks.push(",");
    chunks.push(slices[at]);
    bytes += slices[at].length;
  }
  chunks.push(tail);
  return { status: 200, chunks, bytes, release: () => result.release() };
}

function tombstoneText(tombstone: Tombstone | undefined): string {
  if (tombstone === undefined) return "null";
  return (
    `{"gap_from":${tombstone.gapFrom},"gap_to":${tombstone.gapTo},"reason":"${tombstone.reason}",` +
    `"missed_estimate":${tombstone.missedEstimate},"earliest_seq":${tombstone.earliestSeq},` +
    `"head_seq":${tombstone.headSeq}}`
  );
}

export function deleteRecordsReply(result: DeleteRecordsResult, call: Call, clock: Clock): Reply {
  return textReply(
    200,
    `{"topic":"${call.topic}","deleted":${result.deleted},"earliest_seq":${result.earliestSeq},` +
      `"head_seq":${result.headSeq},"count":${result.count},"bytes":${result.bytes},${performanceText(clock, call)}}`,
  );
}

/** What a WebSocket is told (spec 4.4): one JSON text message each, told apart by its `op`. */
import type { AppendResult } from "../engine/api.ts";
import type { FrameFormat, StreamFrame } from "../watch/frames.ts";
import type { Place } from "../watch/places.ts";
import { frameMembers } from "./frame-text.ts";
import { jsonText } from "./json-text.ts";
import { shownMs } from "./performance.ts";
import type { Chunk } from "./reply.ts";
import { placesText } from "./replies/watch.ts";
import { seqText } from "./seq-text.ts";

const ops = { record: "record", tombstone: "tombstone", "caught-up": "caught_up", "topic-deleted": "topic_deleted" };

export const wsFormat: FrameFormat<Buffer> = {
  name: "ws",
  withIds: false,
  encode: (frame) => (frame.kind === "error" ? errorMessage("null", frame.code, frame) : joined(frame)),
  withId: (bytes) => bytes,
};

function joined(frame: Exclude<StreamFrame, { kind: "error" }>): Buffer {
  const chunks: Chunk[] = [`{"op":"${ops[frame.kind]}",`, ...frameMembers(frame), "}"];
  return Buffer.concat(chunks.map((chunk) => (typeof chunk === "string" ? Buffer.from(chunk, "latin1") : chunk)));
}

interface Trouble {
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
  readonly topics?: readonly string[];
}

/** `requestId` is JSON, as it came. */
export function errorMessage(requestId: string, code: string, { message, retryAfterMs, topics }: Trouble): Buffer {
  const rest = jsonText({ code, message, retry_after_ms: retryAfterMs, topics }).slice(1);
  return Buffer.from(`{"op":"error","request_id":${requestId},${rest}`, "utf8");
}

export function subscribedMessage(requestId: string, places: readonly Place[]): Buffer {
  return Buffer.from(`{"op":"subscribed","request_id":${requestId},"topics":${placesText(places)}}`, "utf8");
}

export function unsubscribedMessage(requestId: string, names: readonly string[]): Buffer {
  return Buffer.from(`{"op":"unsubscribed","request_id":${requestId},"topics":${JSON.stringify(names)}}`, "utf8");
}

export function pongMessage(requestId: string): Buffer {
  return Buffer.from(`{"op":"pong","request_id":${requestId}}`, "utf8");
}

export function ackMessage(
  requestId: string,
  topic: string,
  result: AppendResult,
  returnSeqs: boolean,
  totalMs: number,
): Buffer {
  const { firstSeq, lastSeq, headSeq, count, created, deduped, walAppendMs, fsyncMs } = result;
  const seqs = returnSeqs ? `[${seqText(firstSeq, count)}]` : "null";
  const commit = deduped ? "" : `,"wal_append_ms":${shownMs(walAppendMs)},"fsync_ms":${shownMs(fsyncMs)}`;
  return Buffer.from(
    `{"op":"ack","request_id":${requestId},"topic":"${topic}","first_seq":${firstSeq},"last_seq":${lastSeq},` +
      `"seqs":${seqs},"head_seq":${headSeq},"count":${count},"created":${created},"deduped":${deduped},` +
      `"performance":{"server_total_ms":${shownMs(totalMs)}${commit}}}`,
    "utf8",
  );
}

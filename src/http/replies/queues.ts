/** Answers about jobs (spec 5), put together by hand: payloads pass through untouched, and claims are one piece of memory. */
import type {
  AckResult,
  ClaimedJob,
  ClaimResult,
  ExtendResult,
  NackResult,
  RedriveResult,
} from "../../engine/queue-api.ts";
import type { Clock } from "../../env/env.ts";
import type { Call } from "../call.ts";
import { performanceHead, performanceText, shownMs } from "../performance.ts";
import type { Chunk, Reply } from "../reply.ts";
import { textReply } from "../reply.ts";

export function claimReply(result: ClaimResult, call: Call, clock: Clock): Reply {
  const { claimed, ready } = result;
  const tail = `],"count":${claimed.length},"ready":${ready},${performanceText(clock, call)}}`;
  const head = `{"topic":"${call.topic}","claimed":[`;
  if (claimed.length === 0) return textReply(200, head + tail);
  const pieces: Chunk[] = [head];
  for (const [i, job] of claimed.entries()) {
    if (i > 0) pieces.push(",");
    pushJob(pieces, job, "");
  }
  pieces.push(tail);
  const bytes = joined(pieces);
  return { status: 200, chunks: [bytes], bytes: bytes.length };
}

/** The data of a `job` event: the job, and which topic it is from. */
export function jobPieces(job: ClaimedJob, topic: string): Chunk[] {
  const pieces: Chunk[] = [];
  pushJob(pieces, job, `"topic":"${topic}",`);
  return pieces;
}

function pushJob(pieces: Chunk[], job: ClaimedJob, first: string): void {
  const { seq, leaseId, deadlineMs, ts, tag, deliveries, body } = job;
  const start = `{${first}"$seq":${seq},"lease_id":"${leaseId}","deadline":${deadlineMs},"$ts":${ts}`;
  const count = `,"deliveries":${deliveries},`;
  if (tag === undefined) pieces.push(start + count);
  else pieces.push(`${start},"$tag":`, Buffer.from(JSON.stringify(tag), "utf8"), count);
  pieces.push(body, "}");
}

export function ackReply(result: AckResult, call: Call, clock: Clock): Reply {
  const { acked, skipped, ready, inFlight, fsyncMs, fsyncGated } = result;
  const fsync = fsyncGated ? `,"fsync_ms":${shownMs(fsyncMs)}` : "";
  return textReply(
    200,
    `{"topic":"${call.topic}","acked":${acked},"skipped":[${skipped.join(",")}],"ready":${ready},` +
      `"in_flight":${inFlight},${performanceHead(clock, call)}${fsync}}}`,
  );
}

export function nackReply(result: NackResult, call: Call, clock: Clock): Reply {
  const { nacked, skipped, ready, inFlight } = result;
  return textReply(
    200,
    `{"topic":"${call.topic}","nacked":${nacked},"skipped":[${skipped.join(",")}],"ready":${ready},` +
      `"in_flight":${inFlight},${performanceText(clock, call)}}`,
  );
}

export function extendReply(result: ExtendResult, call: Call, clock: Clock): Reply {
  const deadlines = result.deadlines.map(({ seq, deadlineMs }) => `"${seq}":${deadlineMs}`).join(",");
  return textReply(
    200,
    `{"topic":"${call.topic}","extended":${result.extended},"skipped":[${result.skipped.join(",")}],` +
      `"deadlines":{${deadlines}},${performanceText(clock, call)}}`,
  );
}

export function redriveReply({ redriven, left }: RedriveResult, call: Call, clock: Clock): Reply {
  const text = `"redriven":${redriven},"left":${left}`;
  return textReply(200, `{"topic":"${call.topic}",${text},${performanceText(clock, call)}}`);
}

function joined(pieces: readonly Chunk[]): Buffer {
  let bytes = 0;
  for (const piece of pieces) bytes += piece.length;
  const whole = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === "string") at += whole.write(piece, at, "latin1");
    else {
      whole.set(piece, at);
      at += piece.length;
    }
  }
  return whole;
}

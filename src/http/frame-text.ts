/** The members of frames as the wire spells them (spec 4.2, 4.4); SSE and WebSocket put their own envelope around them. */
import type { ErrorFrame, RecordFrame, StreamFrame } from "../watch/frames.ts";
import { jsonText } from "./json-text.ts";
import type { Chunk } from "./reply.ts";

/** Without the braces. */
export function frameMembers(frame: Exclude<StreamFrame, ErrorFrame>): readonly Chunk[] {
  switch (frame.kind) {
    case "record":
      return recordMembers(frame);
    case "tombstone":
      return [
        `"topic":"${frame.topic}","reason":"${frame.reason}","gap_from":${frame.gapFrom},"gap_to":${frame.gapTo},` +
          `"earliest_seq":${frame.earliestSeq},"head_seq":${frame.headSeq}`,
      ];
    case "caught-up":
      return [`"topic":"${frame.topic}","head_seq":${frame.headSeq}`];
    case "topic-deleted":
      return [`"topic":"${frame.topic}","head_seq":${frame.headSeq},"reason":"deleted"`];
  }
}

/** What a socket or stream is told of an error, for people and for programs. */
export function errorText({ status, code, message, retryAfterMs, topics }: ErrorFrame): string {
  return jsonText({ code: status, error: code, message, retry_after_ms: retryAfterMs, topics });
}

function recordMembers({ topic, page, fromSeq, toSeq, headSeq }: RecordFrame): readonly Chunk[] {
  const chunks: Chunk[] = [`"topic":"${topic}","records":[`];
  for (const slice of page.slices) {
    if (chunks.length > 1) chunks.push(",");
    chunks.push(slice);
  }
  chunks.push(`],"from_seq":${fromSeq},"to_seq":${toSeq},"head_seq":${headSeq}`);
  return chunks;
}

/** The answer to a new watch session (spec 4.1). Names are ASCII by their rule. */
import { sessionTtlMs } from "../../base/limits.ts";
import type { Clock } from "../../env/env.ts";
import type { Place } from "../../watch/places.ts";
import type { OpenedSession } from "../../watch/watch.ts";
import type { Call } from "../call.ts";
import { performanceText } from "../performance.ts";
import { type Reply, textReply } from "../reply.ts";

export function sessionReply({ wid, topics }: OpenedSession, call: Call, clock: Clock): Reply {
  return textReply(
    200,
    `{"wid":"${wid}","stream_url":"/v0/watch/${wid}","session_ttl_ms":${sessionTtlMs},` +
      `"topics":${placesText(topics)},${performanceText(clock, call)}}`,
  );
}

export function placesText(places: readonly Place[]): string {
  const members = places.map(
    ({ name, fromSeq, headSeq, earliestSeq }) =>
      `"${name}":{"from_seq":${fromSeq},"head_seq":${headSeq},"earliest_seq":${earliestSeq}}`,
  );
  return `{${members.join(",")}}`;
}

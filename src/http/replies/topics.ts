/** Answers about topics (spec 2.5). All of it is ASCII: names by their rule, the rest by being ours. */
import type { ConfigureResult, DeleteTopicResult, TopicPage, TopicState } from "../../engine/api.ts";
import type { Clock } from "../../env/env.ts";
import type { Call } from "../call.ts";
import { performanceText } from "../performance.ts";
import type { Reply } from "../reply.ts";
import { textReply } from "../reply.ts";
import { cursorAfter } from "../shapes/cursor.ts";
import { configText } from "../shapes/topic-config.ts";

export function configureReply(result: ConfigureResult, call: Call, clock: Clock): Reply {
  return textReply(
    result.created ? 201 : 200,
    `{"topic":"${call.topic}","created":${result.created},"config":${configText(result.config)},` +
      `${performanceText(clock, call)}}`,
  );
}

export function stateReply(state: TopicState, call: Call, clock: Clock): Reply {
  return textReply(
    200,
    `{"topic":"${state.topic}","type":"${state.config.type}","head_seq":${state.headSeq},` +
      `"earliest_seq":${state.earliestSeq},"next_seq":${state.nextSeq},"count":${state.count},` +
      `"bytes":${state.bytes},"config":${configText(state.config)},` +
      `"effective_priority":${state.effectivePriority},"last_write_ts":${state.lastWriteTs ?? null},` +
      `"last_read_ts":${state.lastReadTs ?? null},${queueText(state.queue)}${performanceText(clock, call)}}`,
  );
}

function queueText(queue: TopicState["queue"]): string {
  if (queue === undefined) return "";
  const { ready, inFlight, deadLettered } = queue;
  return `"queue":{"ready":${ready},"in_flight":${inFlight},"dead_lettered":${deadLettered}},`;
}

export function listReply(page: TopicPage, call: Call, clock: Clock): Reply {
  const next = page.next === undefined ? "" : `"next_cursor":"${cursorAfter(page.next)}",`;
  return textReply(
    200,
    `{"topics":[${page.topics.map(listedTopic).join(",")}],${next}${performanceText(clock, call)}}`,
  );
}

function listedTopic(state: TopicState): string {
  const { type, durability } = state.config;
  return (
    `{"topic":"${state.topic}","head_seq":${state.headSeq},"earliest_seq":${state.earliestSeq},` +
    `"count":${state.count},"bytes":${state.bytes},"durable":${durability === "fsync"},` +
    `"effective_priority":${state.effectivePriority},"type":"${type}","durability":"${durability}"}`
  );
}

export function deleteTopicReply(result: DeleteTopicResult, call: Call, clock: Clock): Reply {
  const routers = result.routersRemoved
    .filter((name) => call.grant.covers(name))
    .map((name) => `"${name}"`)
    .join(",");
  return textReply(
    200,
    `{"topic":"${call.topic}","deleted":${result.deleted},"routers_removed":[${routers}],` +
      `${performanceText(clock, call)}}`,
  );
}

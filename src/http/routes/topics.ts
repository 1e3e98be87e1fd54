/** Configure, state, list and delete of topics (spec 2.5). */
import { parseControl } from "../../base/control-json.ts";
import { defaultPageSize, maxPageSize } from "../../base/limits.ts";
import type { TopicConfigPatch } from "../../topic/config.ts";
import { missingBody, orEmptyObject } from "../body.ts";
import type { Call, Handler } from "../call.ts";
import { controlBodyBytes } from "../config.ts";
import type { HttpDeps } from "../deps.ts";
import { Query } from "../query.ts";
import { configureReply, deleteTopicReply, listReply, stateReply } from "../replies/topics.ts";
import { nameFromCursor } from "../shapes/cursor.ts";
import { statedConfig, topicConfigShape, wholeConfig } from "../shapes/topic-config.ts";

export function putTopic(deps: HttpDeps): Handler {
  const { engine, clock } = deps;
  return async (call) => {
    const whole = wholeConfig(await readConfig(deps, call, orEmptyObject));
    return configureReply(await call.inOrder(() => engine.configureTopic(call.topic, whole, "put")), call, clock);
  };
}

export function patchTopic(deps: HttpDeps): Handler {
  const { engine, clock } = deps;
  return async (call) => {
    const stated = await readConfig(deps, call, orRefused);
    return configureReply(await call.inOrder(() => engine.configureTopic(call.topic, stated, "patch")), call, clock);
  };
}

async function readConfig(
  { config }: HttpDeps,
  call: Call,
  whenEmpty: (body: Uint8Array) => Uint8Array,
): Promise<TopicConfigPatch> {
  const body = whenEmpty(await call.body(controlBodyBytes(config)));
  const value = parseControl(body, { maxDepth: config.limits.maxDepth });
  return statedConfig(topicConfigShape.parse(value), call.topic);
}

function orRefused(body: Uint8Array): Uint8Array {
  if (body.length === 0) throw missingBody();
  return body;
}

export function getTopic({ engine, clock }: HttpDeps): Handler {
  return (call) => {
    const touch = new Query(call.query, ["touch"]).flag("touch", true);
    return call.afterChanges(() => stateReply(engine.topicState(call.topic, touch), call, clock));
  };
}

export function listTopics({ engine, clock }: HttpDeps): Handler {
  return (call) => {
    const query = new Query(call.query, ["prefix", "page_size", "cursor", "touch"]);
    const prefix = query.text("prefix") ?? "";
    const pageSize = Math.min(Math.max(query.integer("page_size", defaultPageSize), 1), maxPageSize);
    const after = nameFromCursor(query.text("cursor"));
    const touch = query.flag("touch", false);
    return call.afterChanges(() => listReply(engine.listTopics(prefix, after, pageSize, touch), call, clock));
  };
}

export function deleteTopic({ engine, clock }: HttpDeps): Handler {
  return async (call) => {
    const ifEmpty = new Query(call.query, ["if_empty"]).flag("if_empty", false);
    return deleteTopicReply(await call.inOrder(() => engine.deleteTopic(call.topic, ifEmpty)), call, clock);
  };
}

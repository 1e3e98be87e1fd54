/** Configure, state, list and delete of topics (spec 2.5). */
import { defaultPageSize, maxPageSize } from "../../base/limits.ts";
import type { TopicConfigPatch } from "../../topic/config.ts";
import type { TopicState } from "../../engine/api.ts";
import { type Page, pageWithin, type Wish } from "../auth/page.ts";
import type { Call, Handler } from "../call.ts";
import { readControl } from "../control-body.ts";
import type { HttpDeps } from "../deps.ts";
import { Query } from "../query.ts";
import { configureReply, deleteTopicReply, listReply, stateReply } from "../replies/topics.ts";
import type { Reply } from "../reply.ts";
import { nameFromCursor } from "../shapes/cursor.ts";
import { demandConfigNames, statedConfig, topicConfigShape, wholeConfig } from "../shapes/topic-config.ts";

export function putTopic(deps: HttpDeps): Handler {
  const { engine, clock } = deps;
  return async (call) => {
    const whole = wholeConfig(await readConfig(deps, call, "empty object"));
    return configureReply(await call.inOrder(() => engine.configureTopic(call.topic, whole, "put")), call, clock);
  };
}

export function patchTopic(deps: HttpDeps): Handler {
  const { engine, clock } = deps;
  return async (call) => {
    const stated = await readConfig(deps, call, "refused");
    return configureReply(await call.inOrder(() => engine.configureTopic(call.topic, stated, "patch")), call, clock);
  };
}

async function readConfig(deps: HttpDeps, call: Call, empty: "empty object" | "refused"): Promise<TopicConfigPatch> {
  const value = await readControl(call, topicConfigShape.fields, empty, deps);
  const config = statedConfig(topicConfigShape.parse(value), call.topic);
  demandConfigNames(call.grant, config, "dead_letter");
  return config;
}

export function getTopic({ engine, clock }: HttpDeps): Handler {
  return (call) => {
    const touch = new Query(call.query, ["touch"]).flag("touch", true);
    return call.afterChanges(() => {
      const state = (): Reply => stateReply(engine.topicState(call.topic, touch), call, clock);
      const behind = engine.caughtUp(call.topic);
      return behind === undefined ? state() : behind.then(state);
    });
  };
}

export function listTopics({ engine, clock }: HttpDeps): Handler {
  return (call) => {
    const query = new Query(call.query, ["prefix", "page_size", "cursor", "touch"]);
    const prefix = query.text("prefix") ?? "";
    const pageSize = Math.min(Math.max(query.integer("page_size", defaultPageSize), 1), maxPageSize);
    const after = nameFromCursor(query.text("cursor"));
    const touch = query.flag("touch", false);
    const list = (wish: Wish): Page<TopicState> => {
      const { topics, next } = engine.listTopics(wish.prefix, wish.after, wish.size, touch && !wish.peek);
      return { items: topics, next };
    };
    return call.afterChanges(() => {
      const { items, next } = pageWithin(call.grant, { prefix, after, size: pageSize }, list, ({ topic }) => topic);
      return listReply({ topics: items, next }, call, clock);
    });
  };
}

export function deleteTopic({ engine, clock }: HttpDeps): Handler {
  return async (call) => {
    const ifEmpty = new Query(call.query, ["if_empty"]).flag("if_empty", false);
    return deleteTopicReply(await call.inOrder(() => engine.deleteTopic(call.topic, ifEmpty)), call, clock);
  };
}

/** Answers of the server as values of the engine's interface, and configurations as requests: the other half of src/http. */
import { type ErrorCode, errorStatus, TopicsError } from "../../src/base/errors.ts";
import type { Predicate } from "../../src/base/predicate.ts";
import type { TopicState } from "../../src/engine/api.ts";
import type { TopicConfig, TopicConfigPatch } from "../../src/topic/config.ts";
import type { ReadRequest, ReadResult, Tombstone } from "../../src/topic/read.ts";
import { Violation } from "../oracle/oracle.ts";
import type { Response } from "./connection.ts";

export type Json = Readonly<Record<string, unknown>>;

/** Throws what the engine would throw; an internal error is a violation. */
export function bodyOf({ status, body }: Response): Json {
  const json = JSON.parse(body) as Json;
  if (status < 400) return json;
  const { code, message, detail } = json["error"] as { code: ErrorCode; message: string; detail?: Json };
  if (errorStatus[code] !== status || code === "internal")
    throw new Violation("9.4/10", `an answer of status ${status}: ${body}`);
  throw new TopicsError(code, message, detail);
}

/** `limit` → `max_batch_bytes` and so on; names that are the same but for their spelling. */
export function snake(value: object): Json {
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      field,
    ]),
  );
}

function camel(value: Json): Json {
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      field,
    ]),
  );
}

export function configBody(patch: TopicConfigPatch): string {
  return JSON.stringify(snake(patch));
}

export function configFrom(wire: Json): TopicConfig {
  const { durable, ...config } = camel(wire);
  if (durable !== (config["durability"] === "fsync"))
    throw new Violation("2.4", `durable is ${String(durable)}, durability ${String(config["durability"])}`);
  return config as unknown as TopicConfig;
}

export function stateFrom(wire: Json): TopicState {
  const { lastWriteTs, lastReadTs, ...state } = camel(wire);
  return {
    ...state,
    config: configFrom(wire["config"] as Json),
    lastWriteTs: lastWriteTs ?? undefined,
    lastReadTs: lastReadTs ?? undefined,
  } as unknown as TopicState;
}

export function readBody({ fromSeq, limit, maxBytes, nodes, match, waitMs, ...include }: ReadRequest): string {
  return JSON.stringify({
    from_seq: fromSeq,
    limit,
    max_batch_bytes: maxBytes,
    ...(nodes.length === 0 ? {} : { node: nodes }),
    include_tags: include.includeTags,
    include_meta: include.includeMeta,
    include_data: include.includeData,
    ...(match === undefined ? {} : { match: predicateTuple(match) }),
    wait_ms: waitMs,
  });
}

export function readResult(response: Response): ReadResult {
  const wire = bodyOf(response);
  const records = wire["records"] as unknown[];
  const tombstone = wire["tombstone"] as Json | null;
  // Payloads come back word for word, so they are cut out of the text.
  const text = records.length === 0 ? [] : [Buffer.from(recordsText(response.body))];
  return {
    ...(camel(wire) as unknown as ReadResult),
    slices: text,
    count: records.length,
    tombstone: tombstone === null ? undefined : (camel(tombstone) as unknown as Tombstone),
    release: () => undefined,
  };
}

function recordsText(body: string): string {
  return body.slice(body.indexOf("[") + 1, body.lastIndexOf('],"next_from_seq":'));
}

export function predicateTuple(match: Predicate): readonly string[] {
  return match.op === "Eq" ? ["tag", "Eq", match.value] : ["tag", "Glob", `${match.prefix}*`];
}

export function camelResult(response: Response): unknown {
  return camel(bodyOf(response));
}

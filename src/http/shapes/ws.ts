/**
 * Messages from a WebSocket (spec 4.4). Whatever else a message holds, its envelope is found first, so that a refusal can
 * carry the request's id.
 */
import { Array as array, Boolean as boolean, Object as object, Optional, String as string, Union } from "typebox";
import { type ControlObject, type ControlValue, isControlObject, NotAnInteger } from "../../base/control-json.ts";
import { defaultBatchBytes, defaultSocketFrameRecords } from "../../base/limits.ts";
import type { Wanted } from "../../watch/places.ts";
import type { ReadOptions } from "../../watch/read-options.ts";
import type { HttpConfig } from "../config.ts";
import { flag, saturated, u64 } from "./fields.ts";
import { Shape } from "./shape.ts";
import { checkTopicName, optionsFrom, subscriptionFields, wantedFrom } from "./watch.ts";

export const subscribeShape = new Shape(
  object(
    {
      ...subscriptionFields,
      topic: Optional(string({ description: "a string" })),
      from_seq: u64(),
      tail: flag(),
      lenient: flag(),
    },
    { description: "an object" },
  ),
);

export const unsubscribeShape = new Shape(
  object(
    {
      topic: Optional(string({ description: "a string" })),
      topics: Optional(array(string(), { description: "an array of strings" })),
    },
    { description: "an object" },
  ),
);

/** Of a publish all but the body of 2.6, which the scanner reads. */
export const publishShape = new Shape(
  object(
    {
      topic: string({ description: "a string" }),
      return_seqs: Optional(Union([boolean()], { description: "true or false" })),
    },
    { description: "an object" },
  ),
);

export const knownFields: readonly string[] = [
  ...new Set([
    "op",
    "request_id",
    ...[subscribeShape, unsubscribeShape, publishShape].flatMap(({ schema }) => Object.keys(schema.properties ?? {})),
  ]),
];

/** A message that says what the contract asks of none: `invalid_json`. */
export class Unintelligible extends Error {
  override readonly name = "Unintelligible";
}

export interface Subscribe {
  readonly wanted: readonly Wanted[];
  readonly options: ReadOptions;
  readonly lenient: boolean;
}

export function subscribeFrom(
  value: ControlObject,
  config: Pick<HttpConfig, "limits" | "maxLimit" | "maxWatchTopics">,
): Subscribe {
  const wire = typed(() => subscribeShape.parse(value));
  const { topic, topics, from_seq: fromSeq = 0, tail = false, lenient = false } = wire;
  if (topics !== undefined && !isControlObject(topics as ControlValue))
    throw new Unintelligible("topics must be an object");
  const wanted = new Map<string, Wanted>();
  if (topic !== undefined) {
    checkTopicName(topic, "topic");
    wanted.set(topic, { name: topic, fromSeq: saturated(fromSeq), tail });
  }
  for (const want of wantedFrom(topics, config.maxWatchTopics)) wanted.set(want.name, want);
  if (wanted.size === 0) throw new Unintelligible("subscribe needs topic or topics");
  const options = optionsFrom(wire, config, {
    limit: defaultSocketFrameRecords,
    maxBytes: defaultBatchBytes,
    strong: false,
  });
  return { wanted: [...wanted.values()], options, lenient };
}

export function unsubscribeFrom(
  value: ControlObject,
  { maxWatchTopics }: Pick<HttpConfig, "maxWatchTopics">,
): readonly string[] {
  const { topic, topics } = typed(() => unsubscribeShape.parse(value));
  if (topic === undefined && topics === undefined) throw new Unintelligible("unsubscribe needs topic or topics");
  const names = [...new Set([...(topic === undefined ? [] : [topic]), ...(topics ?? [])])];
  if (names.length > maxWatchTopics + 1) throw new Unintelligible(`unsubscribe names at most ${maxWatchTopics} topics`);
  for (const name of names) checkTopicName(name, "topics");
  return names;
}

export function publishFrom(value: ControlObject): { readonly topic: string; readonly returnSeqs: boolean } {
  const { topic, return_seqs: returnSeqs = true } = typed(() => publishShape.parse(value));
  checkTopicName(topic, "topic");
  return { topic, returnSeqs };
}

/** A value as it came, but for white space. */
export function textOf(value: ControlValue | undefined): string {
  if (value === undefined) return "null";
  if (value instanceof NotAnInteger) return value.text;
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return `[${value.map(textOf).join(",")}]`;
  if (isControlObject(value)) {
    const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${textOf(member)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}

/** A field that is missing, or of another type. */
function typed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new Unintelligible(error instanceof Error ? error.message : "not as it should be", { cause: error });
  }
}

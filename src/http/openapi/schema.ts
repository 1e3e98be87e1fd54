/**
 * JSON Schema as the published description uses it (spec 2.3), and how the request shapes become part of it: a field that
 * takes a number or a bigint is one integer on the wire.
 */
import type { TSchema } from "typebox";

export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

export function text(description?: string): JsonSchema {
  return described({ type: "string" }, description);
}

export function integer(description?: string): JsonSchema {
  return described({ type: "integer", minimum: 0 }, description);
}

export function signed(): JsonSchema {
  return { type: "integer" };
}

export function number(description?: string): JsonSchema {
  return described({ type: "number", minimum: 0 }, description);
}

export function flag(description?: string): JsonSchema {
  return described({ type: "boolean" }, description);
}

export function oneOf(...words: readonly string[]): JsonSchema {
  return { type: "string", enum: words };
}

export function list(items: JsonSchema): JsonSchema {
  return { type: "array", items };
}

export function map(values: JsonSchema): JsonSchema {
  return { type: "object", additionalProperties: values };
}

export function orNull(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: "null" }] };
}

/** Members that are always there, and those that may be; clients ignore any others (2.1). */
export function object(
  required: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  const names = Object.keys(required);
  return {
    type: "object",
    properties: { ...required, ...optional },
    ...(names.length === 0 ? {} : { required: names }),
  };
}

function described(schema: JsonSchema, description: string | undefined): JsonSchema {
  return description === undefined ? schema : { ...schema, description };
}

/** What a request shape accepts, as published. */
export function published(shape: TSchema): JsonSchema {
  return convert(shape) as JsonSchema;
}

/** With what a handler asks for beyond the shape: fields that it cannot do without, and what the shape leaves open. */
export function refined(
  schema: JsonSchema,
  required: readonly string[],
  properties: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  const given = schema["properties"] as Readonly<Record<string, JsonSchema>>;
  return {
    ...schema,
    properties: { ...given, ...properties },
    ...(required.length === 0 ? {} : { required }),
  };
}

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== "object" || value === null) return value;
  const schema = value as JsonSchema;
  const members = schema["anyOf"];
  if (Array.isArray(members)) return convertUnion(schema, members as readonly JsonSchema[]);
  const converted: Record<string, unknown> = {};
  for (const [keyword, part] of Object.entries(schema)) {
    if (keyword.startsWith("~")) continue;
    // A tuple of 2020-12: its items are `prefixItems`, and there are no others.
    if (keyword === "items" && Array.isArray(part)) {
      converted["prefixItems"] = convert(part);
      converted["items"] = false;
    } else if (keyword !== "additionalItems") converted[keyword] = convert(part);
  }
  return converted;
}

function convertUnion(schema: JsonSchema, members: readonly JsonSchema[]): JsonSchema {
  const isBig = members.some(({ type }) => type === "bigint");
  const kept = members
    .filter(({ type }) => type !== "bigint")
    .map((member) =>
      isBig && member["type"] === "integer"
        ? { type: "integer", minimum: 0, format: "uint64" }
        : (convert(member) as JsonSchema),
    );
  const { description } = schema;
  const rest = description === undefined ? {} : { description };
  const words = kept.map((member) => member["const"]);
  if (words.every((word) => typeof word === "string")) return { type: "string", enum: words, ...rest };
  return kept.length === 1 ? { ...kept[0], ...rest } : { anyOf: kept, ...rest };
}

/**
 * A value held against a JSON Schema, as far as the description of an API uses it (spec 2.3). A keyword that is not known
 * here is refused: what is not checked must not look as if it were.
 */
import { inspect, isDeepStrictEqual } from "node:util";

export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

const annotations = new Set(["description", "title", "format", "default", "examples", "deprecated", "$comment"]);
/** Of requests; nothing that a server answers is held against them. */
const others = new Set(["maxLength", "minLength", "pattern"]);

type Check = (
  argument: unknown,
  value: unknown,
  at: string,
  judge: SchemaJudge,
  schema: JsonSchema,
) => string | undefined;

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
};

const isObject = types["object"] as (value: unknown) => value is Readonly<Record<string, unknown>>;
const show = (value: unknown): string => inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 60 });

const checks: Readonly<Record<string, Check>> = {
  $ref: (argument, value, at, judge) => judge.fault(judge.resolve(argument as string), value, at),
  type: (argument, value, at) => {
    const allowed = [argument].flat() as string[];
    if (allowed.some((name) => types[name]?.(value) === true)) return undefined;
    return `${at} is ${show(value)}, not of type ${allowed.join(" or ")}`;
  },
  enum: (argument, value, at) =>
    (argument as unknown[]).some((one) => isDeepStrictEqual(one, value))
      ? undefined
      : `${at} is ${show(value)}, none of ${show(argument)}`,
  const: (argument, value, at) =>
    isDeepStrictEqual(argument, value) ? undefined : `${at} is ${show(value)}, not ${show(argument)}`,
  anyOf: (argument, value, at, judge) => {
    const faults = (argument as JsonSchema[]).map((one) => judge.fault(one, value, at));
    return faults.includes(undefined) ? undefined : faults.join("; or ");
  },
  minimum: (argument, value, at) =>
    typeof value === "number" && value < (argument as number)
      ? `${at} is ${value}, below ${show(argument)}`
      : undefined,
  maximum: (argument, value, at) =>
    typeof value === "number" && value > (argument as number)
      ? `${at} is ${value}, above ${show(argument)}`
      : undefined,
  minItems: (argument, value, at) =>
    Array.isArray(value) && value.length < (argument as number) ? `${at} has ${value.length} items` : undefined,
  required: (argument, value, at) => {
    if (!isObject(value)) return undefined;
    const missing = (argument as string[]).filter((name) => !(name in value));
    return missing.length === 0 ? undefined : `${at} lacks ${missing.join(", ")}`;
  },
  properties: (argument, value, at, judge) => {
    if (!isObject(value)) return undefined;
    return first(Object.entries(argument as Record<string, JsonSchema>), ([name, part]) =>
      name in value ? judge.fault(part, value[name], `${at}.${name}`) : undefined,
    );
  },
  additionalProperties: (argument, value, at, judge, schema) => {
    if (!isObject(value)) return undefined;
    const known = (schema["properties"] ?? {}) as Readonly<Record<string, unknown>>;
    return first(Object.entries(value), ([name, part]) =>
      name in known ? undefined : judge.fault(argument as JsonSchema | boolean, part, `${at}.${name}`),
    );
  },
  prefixItems: (argument, value, at, judge) =>
    Array.isArray(value)
      ? first([...(argument as JsonSchema[]).entries()], ([index, part]) =>
          index < value.length ? judge.fault(part, value[index], `${at}[${index}]`) : undefined,
        )
      : undefined,
  items: (argument, value, at, judge, schema) => {
    if (!Array.isArray(value)) return undefined;
    const before = ((schema["prefixItems"] ?? []) as unknown[]).length;
    return first([...value.entries()].slice(before), ([index, part]) =>
      judge.fault(argument as JsonSchema | boolean, part, `${at}[${index}]`),
    );
  },
};

function first<T>(items: readonly T[], fault: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = fault(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

export class SchemaJudge {
  readonly #document: JsonSchema;

  /** References are into this document. */
  constructor(document: JsonSchema) {
    this.#document = document;
  }

  /** What is wrong with the value; `undefined` when nothing is. */
  fault(schema: JsonSchema | boolean, value: unknown, at: string): string | undefined {
    if (typeof schema === "boolean") return schema ? undefined : `${at} should not be there`;
    return first(Object.entries(schema), ([keyword, argument]) => {
      const check = checks[keyword];
      if (check !== undefined) return check(argument, value, at, this, schema);
      if (annotations.has(keyword) || others.has(keyword)) return undefined;
      throw new Error(`the description uses "${keyword}", which is not known here`);
    });
  }

  resolve(reference: string): JsonSchema {
    if (!reference.startsWith("#/")) throw new Error(`${reference} points out of the description`);
    let found: unknown = this.#document;
    for (const part of reference.slice(2).split("/")) {
      const name = part.replace(/~1/g, "/").replace(/~0/g, "~");
      found = isObject(found) ? found[name] : undefined;
    }
    if (!isObject(found)) throw new Error(`${reference} is not in the description`);
    return found;
  }
}

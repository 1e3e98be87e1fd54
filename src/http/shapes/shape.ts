/**
 * A request shape: one TypeBox schema that is type, validator and, later, the published description of an endpoint
 * (spec 2.1). A refusal names the field and says what it takes, from the schema's own `description`.
 */
import type { Static, TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { TopicsError } from "../../base/errors.ts";
import { invalidField } from "../../base/errors.ts";

export class Shape<S extends TSchema> {
  readonly schema: S;
  readonly #accepts: (value: unknown) => value is Static<S>;
  readonly #firstFault: (value: unknown) => readonly string[];

  constructor(schema: S) {
    const compiled = Compile(schema);
    this.schema = schema;
    this.#accepts = (value): value is Static<S> => compiled.Check(value);
    this.#firstFault = (value) => deepest(compiled.Errors(value).map((error) => error.instancePath));
  }

  /** `within` is where the value sits in the body, for the refusal. */
  parse(value: unknown, within?: string): Static<S> {
    if (this.#accepts(value)) return value;
    throw refusal(this.schema, value, this.#firstFault(value), within);
  }
}

/** The most telling of several places: a wrong member rather than the object around it; of equals, the first. */
function deepest(paths: readonly string[]): readonly string[] {
  let best: readonly string[] = [];
  for (const path of paths) {
    const segments = path
      .split("/")
      .slice(1)
      .filter((segment) => !/^[0-9]+$/.test(segment));
    if (segments.length > best.length) best = segments;
  }
  return best;
}

function refusal(schema: unknown, value: unknown, path: readonly string[], within: string | undefined): TopicsError {
  let part = schema;
  let found = value;
  for (const segment of path) {
    part = property(part, segment);
    found = (found as Record<string, unknown> | undefined)?.[segment];
  }
  const field = (within === undefined ? path : [within, ...path]).join(".");
  const expected = description(part);
  if (field === "") return invalidField("body", `The body must be ${expected}, not ${kindOf(found)}.`);
  return invalidField(field, `${field} must be ${expected}, not ${kindOf(found)}.`);
}

interface SchemaPart {
  readonly properties?: Record<string, unknown>;
  readonly anyOf?: readonly unknown[];
  readonly description?: string;
}

function property(schema: unknown, name: string): unknown {
  const part = schema as SchemaPart | undefined;
  if (part?.properties !== undefined) return part.properties[name];
  return part?.anyOf?.map((member) => property(member, name)).find((member) => member !== undefined);
}

function description(schema: unknown): string {
  return (schema as SchemaPart | undefined)?.description ?? "an object";
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "this array";
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return `${value}`;
  if (typeof value === "string") return "this string";
  return "this value";
}

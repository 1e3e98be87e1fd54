/**
 * A request shape: one TypeBox schema that is type, validator and the published description of an endpoint
 * (spec 2.1). A refusal names the field and says what it takes, from the schema's own `description`.
 */
import type { Static, TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { Check } from "typebox/value";
import type { TopicsError } from "../../base/errors.ts";
import { invalidField } from "../../base/errors.ts";
import type { FieldNames } from "../../base/write-fields.ts";
import { fieldNames } from "../../base/write-fields.ts";

interface SchemaPart {
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly description?: string;
}

export class Shape<S extends TSchema> {
  /** What an object of this shape may hold. */
  readonly fields: FieldNames;
  /** For the published description. */
  readonly schema: S & SchemaPart;
  readonly #accepts: (value: unknown) => value is Static<S>;

  constructor(schema: S) {
    const compiled = Compile(schema);
    this.schema = schema;
    this.#accepts = (value): value is Static<S> => compiled.Check(value);
    this.fields = fieldNames(Object.keys(this.schema.properties ?? {}));
  }

  /** `within` is where the value sits in the body, for the refusal. */
  parse(value: unknown, within?: string): Static<S> {
    if (this.#accepts(value)) return value;
    throw this.#refusal(value, within);
  }

  /** The first field at fault, found without a list of all that is wrong: a hostile body could make that a long one. */
  #refusal(value: unknown, within: string | undefined): TopicsError {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [name, part] of Object.entries(this.schema.properties ?? {})) {
        const found = (value as Record<string, unknown>)[name];
        if (found === undefined || Check(part, found)) continue;
        return wrong(within === undefined ? name : `${within}.${name}`, part, found);
      }
    }
    return wrong(within ?? "body", this.schema, value);
  }
}

function wrong(field: string, part: SchemaPart, found: unknown): TopicsError {
  return invalidField(field, `${field} must be ${part.description ?? "an object"}, not ${kindOf(found)}.`);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "this array";
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return `${value}`;
  if (typeof value === "string") return "this string";
  return "this value";
}

/** How a route is described: what it is for, where the contract has it, what it takes and answers. */
import type { ErrorCode } from "../../base/errors.ts";
import type { JsonSchema } from "./schema.ts";

export interface Parameter {
  readonly name: string;
  readonly in: "query" | "header";
  readonly description: string;
  readonly schema: JsonSchema;
  readonly required?: true;
}

export interface Answer {
  readonly description: string;
  /** `undefined`: no body that a schema could describe. */
  readonly schema?: JsonSchema;
  /** JSON where nothing else is said. */
  readonly mediaType?: string;
}

export interface Operation {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  /** As the route table has it. */
  readonly path: string;
  readonly id: string;
  readonly tag: "topics" | "records" | "queues" | "routers" | "live" | "metrics" | "service";
  readonly summary: string;
  readonly section: string;
  readonly parameters?: readonly Parameter[];
  readonly body?: { readonly schema: JsonSchema; readonly required: boolean };
  /** By status. */
  readonly answers: Readonly<Record<string, Answer>>;
  /** Beside those that any request can meet. */
  readonly errors: readonly ErrorCode[];
  /** Answered without a key, and whatever state the engine is in. */
  readonly open?: true;
}

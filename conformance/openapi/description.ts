/**
 * The description that a server publishes of itself (spec 2.3), and every answer of a run held against it: its status is one
 * that the operation may answer, and its body fits.
 */
import { fail } from "../expect.ts";
import type { Reply } from "../transport/reply.ts";
import { type JsonSchema, SchemaJudge } from "./schema.ts";

interface Answer {
  readonly content?: Readonly<Record<string, { readonly schema?: JsonSchema }>>;
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly pattern: RegExp;
  readonly answers: Readonly<Record<string, Answer>>;
}

/** Answered before anybody knows what a request is for: a broken target, a method or path that nobody has. */
const beforeRouting = new Set([400, 401, 403, 404, 405, 429, 431, 501, 503, 505]);

export class Description {
  readonly #operations: readonly Operation[];
  readonly #judge: SchemaJudge;
  readonly #seen = new Set<string>();

  constructor(document: JsonSchema) {
    this.#judge = new SchemaJudge(document);
    this.#operations = Object.entries(document["paths"] as Record<string, Record<string, JsonSchema>>).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({
          method: method.toUpperCase(),
          path,
          pattern: new RegExp(`^${path.replace(/[.]/g, "\\.").replace(/\{\w+\}/g, "[^/]+")}$`),
          answers: operation["responses"] as Readonly<Record<string, Answer>>,
        })),
    );
  }

  /** `GET /v0/topics → 200`, of all answers so far. */
  get seen(): ReadonlySet<string> {
    return this.#seen;
  }

  get operations(): readonly string[] {
    return this.#operations.map(({ method, path }) => `${method} ${path}`);
  }

  /** Fails when the answer is none that the description has. */
  check(method: string, target: string, reply: Reply): void {
    const path = target.split("?")[0];
    const asked = method === "HEAD" ? "GET" : method;
    const operation = this.#operations.find((one) => one.method === asked && one.pattern.test(path));
    const { status } = reply;
    if (operation === undefined) {
      if (!beforeRouting.has(status)) fail(`${method} ${path} is described nowhere, and answered ${status}`);
      return;
    }
    const name = `${operation.method} ${operation.path}`;
    this.#seen.add(`${name} → ${status}`);
    const answer = operation.answers[String(status)];
    if (answer === undefined) {
      if (beforeRouting.has(status)) return;
      fail(`${name} is not described as answering ${status}: ${reply.text.slice(0, 200)}`);
    }
    const schema = answer.content?.["application/json"]?.schema;
    const { "content-type": type = "", "content-encoding": encoding } = reply.headers;
    const isPlainJson = type.startsWith("application/json") && encoding === undefined;
    if (schema === undefined || !isPlainJson || method === "HEAD") return;
    const fault = this.#judge.fault(schema, reply.json, "body");
    if (fault !== undefined) fail(`${name} answered ${status} with what its description has not: ${fault}`);
  }
}

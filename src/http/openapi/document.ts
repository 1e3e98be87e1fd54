/**
 * The API as an OpenAPI 3.1 document (spec 2.3), made of the route table and of what is said of each route: a route without
 * a description is a mistake.
 */
import { assert } from "../../base/assert.ts";
import { type ErrorCode, errorStatus } from "../../base/errors.ts";
import { components } from "./components.ts";
import type { Operation, Parameter } from "./operation.ts";
import { liveOperations } from "./operations/live.ts";
import { queueOperations } from "./operations/queues.ts";
import { recordOperations } from "./operations/records.ts";
import { routerOperations } from "./operations/routers.ts";
import { serviceOperations } from "./operations/service.ts";
import { topicOperations } from "./operations/topics.ts";
import { type JsonSchema, ref, text } from "./schema.ts";

/** Every operation of the contract. */
export const described: readonly Operation[] = [
  ...topicOperations,
  ...recordOperations,
  ...queueOperations,
  ...routerOperations,
  ...liveOperations,
  ...serviceOperations,
];

export interface DescribedRoute {
  readonly method: string;
  readonly path: string;
}

export function openApiDocument(routes: readonly DescribedRoute[], version: string): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  const byRoute = new Map(described.map((operation) => [`${operation.method} ${operation.path}`, operation]));
  for (const { method, path } of routes) {
    const operation = byRoute.get(`${method} ${path}`);
    assert(operation !== undefined, `${method} ${path} is described nowhere: src/http/openapi/operations/`);
    const published = path.replace(/:(\w+)/g, "{$1}");
    (paths[published] ??= {})[method.toLowerCase()] = described31(operation);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "topics",
      version,
      description: "A persistent, append-only event log: one process, one directory, one machine, over HTTP.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{}, { key: [] }],
    tags: [...new Set(described.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: components,
      securitySchemes: { key: { type: "http", scheme: "bearer", description: "a key of TOPICS_API_KEYS" } },
    },
  };
}

/** What any request can meet, whatever it is for. */
const anywhere: readonly ErrorCode[] = ["invalid_request", "internal"];
const guarded: readonly ErrorCode[] = ["unauthorized", "forbidden", "throttled", "not_ready", "shutting_down"];
const withBody: readonly ErrorCode[] = ["payload_too_large", "unsupported_media_type"];

function described31(operation: Operation): JsonSchema {
  const { id, tag, summary, section, body, answers, open } = operation;
  const errors = new Set<ErrorCode>([
    ...anywhere,
    ...(open === true ? (["unauthorized", "not_ready", "shutting_down", "wal_unavailable"] as const) : guarded),
    ...(body === undefined ? [] : withBody),
    ...operation.errors,
  ]);
  const parameters = [...pathParameters(operation.path), ...(operation.parameters ?? []).map(parameterObject)];
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: `Section ${section} of the contract.`,
    ...(open === true ? { security: [{}] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: body.required, content: { "application/json": { schema: body.schema } } } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, { description, schema, mediaType = "application/json" }]) => [
          status,
          { description, ...(schema === undefined ? {} : { content: { [mediaType]: { schema } } }) },
        ]),
      ),
      ...errorAnswers([...errors]),
    },
  };
}

function errorAnswers(codes: readonly ErrorCode[]): Record<string, JsonSchema> {
  const byStatus = new Map<number, string[]>();
  for (const code of codes) byStatus.set(errorStatus[code], [...(byStatus.get(errorStatus[code]) ?? []), code]);
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      String(status),
      { description: names.join(", "), content: { "application/json": { schema: ref("Error") } } },
    ]),
  );
}

function pathParameters(path: string): JsonSchema[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    description: names[name],
    schema: text(),
  }));
}

const names: Readonly<Record<string, string>> = {
  topic: "name of a topic: 1 to 255 of A-Z a-z 0-9 . _ : -, the first a letter or digit",
  router: "name of a router: as of a topic, and > is allowed",
  wid: "what POST /v0/watch answered",
};

function parameterObject({ required, ...rest }: Parameter): JsonSchema {
  return { ...rest, ...(required === true ? { required } : {}) };
}

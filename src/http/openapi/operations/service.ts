/** Probes, backup, and this description itself (spec 7.4, 6.7, 2.3). */
import { backupShape } from "../../shapes/backup.ts";
import type { Operation } from "../operation.ts";
import { integer, list, object, oneOf, published, ref, text } from "../schema.ts";

const health = object({ status: oneOf("ok"), version: text(), uptime_ms: integer() });
const ready = object(
  { status: oneOf("ready"), wal_replay_complete: { const: true }, topics: integer() },
  { read_only: list(integer()) },
);

function probe(path: string, id: string, summary: string, description: string, schema: typeof health): Operation {
  return {
    method: "GET",
    path,
    id,
    tag: "service",
    summary,
    section: "7.4",
    answers: { 200: { description, schema } },
    errors: [],
    open: true,
  };
}

const alive = ["Whether the process lives", "It does"] as const;
const serving = ["Whether requests are served", "They are"] as const;

export const serviceOperations: readonly Operation[] = [
  probe("/v0/health", "health", ...alive, health),
  probe("/healthz", "healthAlias", ...alive, health),
  probe("/v0/ready", "ready", ...serving, ready),
  probe("/readyz", "readyAlias", ...serving, ready),
  {
    method: "GET",
    path: "/v0/metrics",
    id: "metrics",
    tag: "metrics",
    summary: "Metrics for Prometheus, or as JSON",
    section: "7.4",
    answers: { 200: { description: "The text format of Prometheus", schema: text(), mediaType: "text/plain" } },
    errors: [],
  },
  {
    method: "POST",
    path: "/v0/backup",
    id: "backup",
    tag: "service",
    summary: "Make a backup of the running server",
    section: "6.7",
    body: { schema: published(backupShape.schema), required: true },
    answers: {
      200: {
        description: "It is there, whole",
        schema: object({
          name: text(),
          bytes: integer(),
          files: integer(),
          topics: integer(),
          performance: ref("Performance"),
        }),
      },
    },
    errors: ["not_found", "backup_exists", "wal_unavailable"],
  },
  {
    method: "GET",
    path: "/v0/openapi.json",
    id: "openapi",
    tag: "service",
    summary: "This document",
    section: "2.3",
    answers: { 200: { description: "OpenAPI 3.1", schema: { type: "object" } } },
    errors: [],
  },
];

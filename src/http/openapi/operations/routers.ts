/** Routers (spec 3.1). */
import { routerShape } from "../../shapes/router.ts";
import type { Operation } from "../operation.ts";
import { flag, integer, list, object, published, ref, text } from "../schema.ts";

const router = "/v0/routers/:router";

export const routerOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/v0/routers",
    id: "listRouters",
    tag: "routers",
    summary: "List routers by name",
    section: "3.1",
    parameters: [
      { name: "prefix", in: "query", description: "names that begin so", schema: text() },
      { name: "source", in: "query", description: "from this topic", schema: text() },
      { name: "dest", in: "query", description: "into this topic", schema: text() },
      { name: "page_size", in: "query", description: "100; at most 1000", schema: integer() },
      { name: "cursor", in: "query", description: "next_cursor of the page before", schema: text() },
    ],
    answers: {
      200: {
        description: "Routers",
        schema: object(
          {
            routers: list(
              object({ router: text(), source: text(), dest: text(), guarantee: text(), forwarded_total: integer() }),
            ),
            performance: ref("Performance"),
          },
          { next_cursor: text() },
        ),
      },
    },
    errors: [],
  },
  {
    method: "GET",
    path: router,
    id: "getRouter",
    tag: "routers",
    summary: "A router, and how far it has come",
    section: "3.1",
    answers: { 200: { description: "Its state", schema: ref("Router") } },
    errors: ["router_not_found"],
  },
  {
    method: "PUT",
    path: router,
    id: "putRouter",
    tag: "routers",
    summary: "Create a router, or change its options",
    section: "3.1",
    body: { schema: published(routerShape.schema), required: true },
    answers: {
      200: { description: "It was there", schema: ref("Router") },
      201: { description: "It was created", schema: ref("Router") },
    },
    errors: ["topic_not_found", "topic_exists_incompatible", "router_cycle", "throttled", "wal_unavailable"],
  },
  {
    method: "DELETE",
    path: router,
    id: "deleteRouter",
    tag: "routers",
    summary: "Delete a router; its copies stay",
    section: "3.1",
    answers: {
      200: {
        description: "It is not there any more, or never was",
        schema: object({ router: text(), deleted: flag(), performance: ref("Performance") }),
      },
    },
    errors: ["wal_unavailable"],
  },
];

/** The table of endpoints has every route that the server publishes (spec 2.3), and no other. */
import assert from "node:assert/strict";
import { openApiDocument } from "../src/http/openapi/document.ts";
import { everyRoute } from "../src/http/testing/routes.ts";
import { bodyOf, endpoints } from "./endpoints.ts";

interface Operation {
  readonly requestBody?: unknown;
}

describe("the table of endpoints", () => {
  const { paths } = openApiDocument(everyRoute(), "1") as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };

  it("has every route of the description, and none beside", () => {
    const published = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const rows = endpoints.map(({ method, route }) => `${method} ${route}`);
    assert.deepEqual([...new Set(rows)].sort(), published.sort());
  });

  it("has a body where the description has one, and a name of its own for each row", () => {
    assert.equal(new Set(endpoints.map(({ name }) => name)).size, endpoints.length);
    for (const endpoint of endpoints) {
      const { name, method, route, kind } = endpoint;
      if (kind === "part") continue;
      const hasBody = paths[route]?.[method.toLowerCase()]?.requestBody !== undefined;
      assert.equal(bodyOf(endpoint, "t") !== undefined, hasBody, name);
    }
  });
});

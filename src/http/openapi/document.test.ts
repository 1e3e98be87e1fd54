/** The published description, the routes and the shapes are one thing (spec 2.3). */
import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { errorStatus } from "../../base/errors.ts";
import { at, Harness } from "../testing/harness.ts";
import { everyRoute } from "../testing/routes.ts";
import { described, openApiDocument } from "./document.ts";

describe("the OpenAPI document", () => {
  let http: Harness;
  before(async () => {
    http = await Harness.start();
  });
  after(() => http.stop());

  it("is served, and is OpenAPI 3.1", async () => {
    const answer = await http.request("GET", "/v0/openapi.json");
    assert.equal(answer.status, 200);
    assert.equal(at(answer.json, "openapi"), "3.1.0");
    assert.equal(at(answer.json, "info.version"), "9.9.9");
    const verdict = await new Validator().validate(JSON.parse(answer.text) as Record<string, unknown>);
    assert.deepEqual(verdict, { valid: true });
  });

  it("has every route, and describes none that is not there", () => {
    const routes = everyRoute();
    const there = new Set(routes.map(({ method, path }) => `${method} ${path}`));
    assert.equal(there.size, routes.length);
    const document = openApiDocument(routes, "1") as { readonly paths: Readonly<Record<string, object>> };
    const published = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`),
    );
    assert.deepEqual(new Set(published), there);
    const begun = new Set(described.filter(({ method, path }) => there.has(`${method} ${path}`)).map(({ tag }) => tag));
    const missing = described.filter(({ tag, method, path }) => begun.has(tag) && !there.has(`${method} ${path}`));
    assert.deepEqual(
      missing.map(({ id }) => id),
      [],
    );
  });

  it("refuses a route that nobody has described", () => {
    assert.throws(
      () => openApiDocument([{ method: "GET", path: "/v0/news" }], "1"),
      /GET \/v0\/news is described nowhere/,
    );
  });

  it("names each operation once, with errors that exist", () => {
    assert.equal(new Set(described.map(({ id }) => id)).size, described.length);
    for (const { errors } of described) for (const code of errors) assert.ok(code in errorStatus);
  });

  it("publishes fields of 64 bits as one integer, and no bigint", () => {
    const text = JSON.stringify(openApiDocument(everyRoute(), "1"));
    assert.ok(text.includes('"type":"integer","minimum":0,"format":"uint64"'));
    assert.ok(!text.includes("bigint"));
  });
});

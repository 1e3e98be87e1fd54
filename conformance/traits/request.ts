/** What every endpoint with a body demands of it: content type, JSON, types, in that order (spec 2.1, 2.2). */
import type { Suite } from "../case.ts";
import { absentTopic, bodyOf, pathOf, sampleTopic, unchanged } from "../endpoints.ts";
import type { Endpoint } from "../endpoints.ts";
import type { Fields } from "../topic.ts";
import { equal, error, invalid, ok, status } from "../expect.ts";

const otherTypes = ["text/plain", "application/x-www-form-urlencoded", "application/jsonl", "text/json", "*/*"];
const brokenTexts = ["{", "{}}", "{} x", "{'a':1}", '{"a":1,}', "{a:1}", "[1,2", "nope", "{} {}"];
const otherShapes = ["[]", '"x"', "5", "true", "null", "[{}]"];

export function requestTrait(cases: Suite, endpoint: Endpoint): void {
  const { method, body } = endpoint;
  if (body === undefined) return;
  const path = (topic: string): string => pathOf(endpoint, topic);
  const add = endpoint.profile === "core" ? cases.core : cases.beyond;

  add(
    "other-content-type",
    "a body of another content type is 415",
    async (context) => {
      const topic = await sampleTopic(context, endpoint);
      for (const type of otherTypes) {
        const reply = await context.http.send(method, path(topic.name), body(topic.name), {
          headers: { "content-type": type },
        });
        error(reply, 415, "unsupported_media_type");
      }
      await unchanged(context, endpoint, topic);
    },
    { section: "2.1" },
  );

  add(
    "no-content-type",
    "a body without a content type is 415",
    async (context) => {
      const topic = await sampleTopic(context, endpoint);
      const reply = await context.http.send(method, path(topic.name), body(topic.name), {
        headers: { "content-type": null },
      });
      error(reply, 415, "unsupported_media_type");
    },
    { section: "2.1" },
  );

  add(
    "content-type-parameters",
    "parameters of the content type are allowed",
    async (context) => {
      const topic = await sampleTopic(context, endpoint);
      const headers = { "content-type": "application/json; charset=utf-8" };
      ok(await context.http.send(method, path(topic.name), body(topic.name), { headers }), 200, 201);
    },
    { section: "2.1" },
  );

  add(
    "broken-json",
    "a body that is no JSON is 400, changes nothing, and leaves the connection usable",
    async (context) => {
      const topic = await sampleTopic(context, endpoint);
      for (const text of brokenTexts) invalid(await context.http.send(method, path(topic.name), text));
      ok(await context.http.send(method, path(topic.name), body(topic.name)), 200, 201);
    },
    { section: "2.2" },
  );

  add(
    "other-shape",
    "a body that is JSON but no object is 400",
    async (context) => {
      const topic = await sampleTopic(context, endpoint);
      for (const text of otherShapes) invalid(await context.http.send(method, path(topic.name), text));
      await unchanged(context, endpoint, topic);
    },
    { section: "2.1" },
  );

  add(
    "unknown-fields",
    "unknown request fields are ignored",
    async (context) => {
      const topic = await sampleTopic(context, endpoint);
      const extra = { ...body(topic.name), x_unknown: { deep: [null] }, performance: 1, error: "none" };
      ok(await context.http.send(method, path(topic.name), extra), 200, 201);
    },
    { section: "2.1" },
  );

  add(
    "body-before-existence",
    "a bad body is judged before the topic is looked up",
    async (context) => {
      const topic = absentTopic(context);
      invalid(await context.http.send(method, path(topic.name), "{"));
      status(await topic.get(), 404);
    },
    { section: "2.2" },
  );

  cases.beyond(
    "duplicate-field",
    "a control field that is named twice is 400",
    async (context) => {
      const topic = await sampleTopic(context, endpoint);
      const [[field, value] = ["", 0]] = Object.entries(body(topic.name));
      const member = `${JSON.stringify(field)}:${JSON.stringify(value)}`;
      invalid(await context.http.send(method, path(topic.name), `{${member},${member}}`));
      await unchanged(context, endpoint, topic);
    },
    { section: "9.3" },
  );

  cases.beyond(
    "prototype-fields",
    "__proto__ and constructor are unknown fields like any other",
    async (context) => {
      const topic = await sampleTopic(context, endpoint);
      const text = `{"__proto__":{"create":5,"limit":"x"},"constructor":{"prototype":{"x":1}},${JSON.stringify(body(topic.name)).slice(1)}`;
      ok(await context.http.send(method, path(topic.name), text), 200, 201);
      ok(await context.http.send(method, path(topic.name), body(topic.name)), 200, 201);
    },
    { section: "9.3" },
  );
}

/** One case per field that refuses something, and one [beyond] for the name in the detail. */
export function fieldsTrait(cases: Suite, endpoint: Endpoint): void {
  const wrap = (field: string, value: unknown, topic: string): Fields =>
    endpoint.wrap?.(field, value) ?? { ...bodyOf(endpoint, topic), [field]: value };
  const add = endpoint.profile === "core" ? cases.core : cases.beyond;
  for (const [field, values] of Object.entries(endpoint.wrong)) {
    add(
      `wrong-${field.replaceAll("_", "-")}`,
      `a wrong type or value of ${field} is 400 and changes nothing`,
      async (context) => {
        const topic = await sampleTopic(context, endpoint);
        const before = (await topic.state()).config;
        for (const value of values) {
          invalid(
            await context.http.send(endpoint.method, pathOf(endpoint, topic.name), wrap(field, value, topic.name)),
          );
        }
        await unchanged(context, endpoint, topic);
        equal((await topic.state()).config, before, "configuration after refusals");
      },
      { section: "2.1" },
    );
  }
  if (Object.keys(endpoint.wrong).length === 0) return;
  cases.beyond(
    "detail-names-the-field",
    "detail.field of a wrong type names the field",
    async (context) => {
      const topic = await sampleTopic(context, endpoint);
      for (const [field, values] of Object.entries(endpoint.wrong)) {
        const body = wrap(field, values.includes("true") ? 5 : true, topic.name);
        const reply = await context.http.send(endpoint.method, pathOf(endpoint, topic.name), body);
        const named = String(invalid(reply)["field"]);
        // The name may come with the path to it: records[1].tag, config.ttl_ms.
        equal(named.split(/[.\]]/).at(-1), field, `detail.field of ${reply.text}`);
      }
    },
    { section: "2.1" },
  );
}

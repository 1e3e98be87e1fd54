/** What holds for the answer of every endpoint: performance, content type, envelope, names in errors (spec 2.1, 2.2). */
import type { Suite } from "../case.ts";
import type { Context } from "../context.ts";
import { sampleTopic } from "../endpoints.ts";
import type { Endpoint } from "../endpoints.ts";
import { asObject, envelope, equal, error, finite, ok, status, truth } from "../expect.ts";

function badNames(context: Context): string[] {
  const { prefix } = context;
  const names = [
    ...["-", ".", "_", ":"].map((first) => first + prefix),
    ...["%20b", "%7Cb", "%C3%A9", "%23b", "*"].map((rest) => prefix + rest),
    prefix.padEnd(256, "x"),
  ];
  return names.map((name) => context.hostile(name));
}

export function answerTrait(cases: Suite, endpoint: Endpoint): void {
  const { method, path, body } = endpoint;
  const add = endpoint.profile === "core" ? cases.core : cases.beyond;

  add(
    "performance",
    "a success is JSON and carries performance.server_total_ms",
    async (context) => {
      const topic = await sampleTopic(context, endpoint);
      const reply = await context.http.send(method, path(topic.name), body);
      const { performance } = ok<{ performance: unknown }>(reply, 200, 201);
      finite(asObject(performance, "performance")["server_total_ms"], "performance.server_total_ms");
      const type = reply.headers["content-type"] ?? "";
      truth(type.startsWith("application/json"), `content type of a success is JSON, not ${type}`);
    },
    { section: "2.1" },
  );

  if (endpoint.named) nameTraits(cases, endpoint);
}

function nameTraits(cases: Suite, endpoint: Endpoint): void {
  const { method, path, body, whenAbsent } = endpoint;
  const add = endpoint.profile === "core" ? cases.core : cases.beyond;
  const creates = whenAbsent === 201;

  add(
    "bad-name",
    creates ? "a bad topic name is 400" : "a bad topic name is 400, or absent",
    async (context) => {
      for (const name of badNames(context)) {
        const reply = await context.http.send(method, path(name), body);
        if (reply.status === 200 && method === "DELETE") {
          equal(ok<{ deleted: boolean }>(reply).deleted, false, "deleted, for a name that can't be");
        } else if (reply.status === 404 && !creates) envelope(reply);
        else error(reply, 400, "invalid_request");
      }
    },
    { section: "1.2" },
  );

  cases.beyond(
    "bad-name-exact",
    "a bad topic name is 400 wherever it stands",
    async (context) => {
      for (const name of badNames(context))
        error(await context.http.send(method, path(name), body), 400, "invalid_request");
    },
    { section: "2.2" },
  );

  if (whenAbsent !== 404) return;
  add(
    "absent-topic",
    "an absent topic is 404 with its name in the detail, and is not created",
    async (context) => {
      const topic = context.absent();
      const detail = error(await context.http.send(method, path(topic.name), body), 404, "topic_not_found");
      equal(detail["topic"], topic.name, "detail.topic");
      status(await topic.get(), 404);
    },
    { section: "2.2" },
  );
}

/** Authentication comes first. */
export function authTrait(cases: Suite, endpoint: Endpoint): void {
  const { method, path, body } = endpoint;
  const add = endpoint.profile === "core" ? cases.core : cases.beyond;
  add(
    "unauthorized",
    "without a key, or with an unknown one, the answer is 401 whatever the request",
    async (context) => {
      const topic = await sampleTopic(context, endpoint);
      for (const authorization of [null, "Bearer no-such-key", "Basic eDp5", "Bearer"]) {
        const headers = { authorization };
        error(await context.http.send(method, path(topic.name), body, { headers }), 401, "unauthorized");
        if (body !== undefined) {
          error(await context.http.send(method, path(topic.name), "{", { headers }), 401, "unauthorized");
        }
      }
    },
    {
      section: "7.2",
      needs: ({ target }) => (target.token === undefined ? "the server runs without auth" : undefined),
    },
  );
}

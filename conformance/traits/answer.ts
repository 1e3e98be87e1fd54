/** What holds for the answer of every endpoint: performance, content type, envelope, names in errors (spec 2.1, 2.2). */
import type { Suite } from "../case.ts";
import type { Context } from "../context.ts";
import { absentTopic, bodyOf, nounOf, pathOf, sampleTopic } from "../endpoints.ts";
import type { Endpoint } from "../endpoints.ts";
import type { Reply } from "../transport/reply.ts";
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
  const { method } = endpoint;
  const add = endpoint.profile === "core" ? cases.core : cases.beyond;

  add(
    "performance",
    "a success is JSON and carries performance.server_total_ms",
    async (context) => {
      const topic = await sampleTopic(context, endpoint);
      const reply = await context.http.send(method, pathOf(endpoint, topic.name), bodyOf(endpoint, topic.name));
      const { performance } = ok<{ performance: unknown }>(reply, 200, 201);
      finite(asObject(performance, "performance")["server_total_ms"], "performance.server_total_ms");
      const type = reply.headers["content-type"] ?? "";
      truth(type.startsWith("application/json"), `content type of a success is JSON, not ${type}`);
    },
    { section: "2.1" },
  );

  if (nounOf(endpoint) !== undefined) nameTraits(cases, endpoint);
}

function nameTraits(cases: Suite, endpoint: Endpoint): void {
  const { method, whenAbsent } = endpoint;
  const add = endpoint.profile === "core" ? cases.core : cases.beyond;
  const creates = whenAbsent === 201;
  const noun = nounOf(endpoint) ?? "topic";
  const named = (context: Context, name: string): Promise<Reply> => {
    const topic = absentTopic(context).name;
    return context.http.send(method, pathOf(endpoint, topic, name), bodyOf(endpoint, topic));
  };

  add(
    "bad-name",
    creates ? `a bad name of a ${noun} is 400` : `a bad name of a ${noun} is 400, or absent`,
    async (context) => {
      for (const name of badNames(context)) {
        const reply = await named(context, name);
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
    `a bad name of a ${noun} is 400 wherever it stands`,
    async (context) => {
      for (const name of badNames(context)) error(await named(context, name), 400, "invalid_request");
    },
    { section: "2.2" },
  );

  if (whenAbsent !== 404) return;
  add(
    "absent-topic",
    `an absent ${noun} is 404 with its name in the detail, and is not created`,
    async (context) => {
      const topic = absentTopic(context);
      const path = pathOf(endpoint, topic.name);
      const detail = error(
        await context.http.send(method, path, bodyOf(endpoint, topic.name)),
        404,
        `${noun}_not_found`,
      );
      const name = noun === "topic" ? topic.name : decodeURIComponent(path.split("/")[3]);
      equal(detail[noun], name, `detail.${noun}`);
      status(await topic.get(), 404);
    },
    { section: "2.2" },
  );
}

/** Authentication comes first. */
export function authTrait(cases: Suite, endpoint: Endpoint): void {
  const { method, scopes } = endpoint;
  if (scopes === undefined) return;
  const add = endpoint.profile === "core" ? cases.core : cases.beyond;
  add(
    "unauthorized",
    "without a key, or with an unknown one, the answer is 401 whatever the request",
    async (context) => {
      const topic = await sampleTopic(context, endpoint);
      for (const authorization of [null, "Bearer no-such-key", "Basic eDp5", "Bearer"]) {
        const headers = { authorization };
        const path = pathOf(endpoint, topic.name);
        const body = bodyOf(endpoint, topic.name);
        error(await context.http.send(method, path, body, { headers }), 401, "unauthorized");
        if (body !== undefined) error(await context.http.send(method, path, "{", { headers }), 401, "unauthorized");
      }
    },
    {
      section: "7.2",
      needs: ({ target }) => (target.token === undefined ? "the server runs without auth" : undefined),
    },
  );
}

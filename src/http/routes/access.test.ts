/**
 * Who may do what (spec 7.2, 9.3): every key × scope × prefix × route × name in a body, made from the table of routes.
 * The engine is told to fail with 409 at its next call: an answer of 409 says that a call got through to it, and a
 * failure that is still waiting says that nothing was asked of it.
 */
import assert from "node:assert/strict";
import { TopicsError } from "../../base/errors.ts";
import { parseApiKeys } from "../auth/api-keys.ts";
import { scopes } from "../auth/scope.ts";
import {
  type Answer,
  answerOf,
  at,
  Harness,
  type Json,
  type RequestOptions,
  requestBytes,
} from "../testing/harness.ts";
import type { RawClient } from "../testing/raw-client.ts";
import { type RouteSample, routeSamples } from "../testing/route-samples.ts";
import { everyRoute } from "../testing/routes.ts";
import type { Route } from "./table.ts";

const within = "in.a";
const outside = "out.a";
const places = ["", "in.", "zz|in."] as const;

const scopeSets = Array.from({ length: 15 }, (_, bits) => scopes.filter((_scope, at) => ((bits + 1) >> at) & 1));
const keyOf = (held: readonly string[], prefixes: string): string =>
  `k-${held.map((scope) => scope[0]).join("")}-${places.indexOf(prefixes as "")}`;
const allKeys = places.flatMap((prefixes) =>
  scopeSets.map((held) => `${keyOf(held, prefixes)}:${held.join("+")}:${prefixes}`),
);

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;
const isNamed = ({ path }: Route): boolean => /\/:(topic|router)/.test(path);

function sampleOf(route: Route): RouteSample {
  const sample = routeSamples[nameOf(route)];
  assert.ok(sample, `${nameOf(route)} has no sample in src/http/testing/route-samples.ts`);
  return sample;
}

function targetOf(route: Route, name: string): string {
  return sampleOf(route).path ?? route.path.replace(/:(topic|router)/, name);
}

/** Nothing, or one name at each place of the body in turn. */
function bodiesOf(route: Route): { readonly body: unknown; readonly name: string | undefined }[] {
  const { body } = sampleOf(route);
  if (body === undefined) return [{ body: undefined, name: undefined }];
  const named = (route.access.bodyNames ?? []).flatMap((place) =>
    ["in.b", "out.b"].map((name) => ({ body: body({ [place]: name }), name })),
  );
  return [{ body: body({}), name: undefined }, ...named];
}

describe("access to every route", () => {
  let harness: Harness;
  let client: RawClient;

  before(async () => {
    harness = await Harness.start({
      keys: parseApiKeys([...allKeys, "probe"].join(",")),
      probeAuth: true,
      backups: true,
    });
    client = await harness.connect();
  });
  after(() => harness.stop());

  async function ask(method: string, target: string, key: string | undefined, body?: unknown): Promise<Answer> {
    harness.engine.failure = new TopicsError("backup_exists", "the engine was asked");
    const options: RequestOptions = {
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    };
    client.send(requestBytes(method, target, options));
    return answerOf(await client.response(method));
  }

  function refused(answer: Answer, status: number, cell: string): void {
    assert.equal(answer.status, status, cell);
    assert.ok(harness.engine.failure, `${cell}: nothing was asked of the engine`);
  }

  for (const route of everyRoute()) {
    it(`${nameOf(route)} is as its entry says, for every key and every name`, async () => {
      const { access } = route;
      const passed = sampleOf(route).passed ?? 409;
      for (const prefixes of places)
        for (const held of scopeSets) {
          const key = keyOf(held, prefixes);
          const covers = (name: string | undefined): boolean =>
            name === undefined || prefixes === "" || name.startsWith("in.");
          for (const name of isNamed(route) ? [within, outside] : [undefined])
            for (const { body, name: inBody } of bodiesOf(route)) {
              const may = access.scopes.every((scope) => held.includes(scope)) && covers(name) && covers(inBody);
              const target = targetOf(route, name ?? "");
              const cell = `${key} ${prefixes} ${route.method} ${target} ${JSON.stringify(body)}`;
              const answer = await ask(route.method, target, key, body);
              if (!may) refused(answer, 403, cell);
              else assert.equal(answer.status, passed, cell);
            }
        }
    });

    it(`${nameOf(route)} takes no unknown key, none at all, and none in the query unless it is a stream`, async () => {
      const target = targetOf(route, within);
      const { body } = bodiesOf(route)[0];
      refused(await ask(route.method, target, undefined, body), 401, "without a key");
      for (const key of ["probe ", "prob", "probe2", "PROBE", `probe:${scopes.join("+")}`]) {
        if (key.trim() !== "probe") refused(await ask(route.method, target, key, body), 401, key);
      }
      const answer = await ask(
        route.method,
        `${target}${target.includes("?") ? "&" : "?"}token=probe`,
        undefined,
        body,
      );
      if (route.access.queryToken === true) assert.notEqual(answer.status, 401);
      else refused(answer, 401, "token in the query");
    });

    if (route.method !== "GET") continue;
    it(`${nameOf(route)} asks the same of HEAD`, async () => {
      for (const [key, expected] of [
        [keyOf(["delete"], ""), route.access.scopes.length === 0 ? undefined : 403],
        [keyOf(scopeSets[14], "in."), isNamed(route) ? 403 : undefined],
      ] as const) {
        const answer = await ask("HEAD", targetOf(route, outside), key);
        if (expected === undefined)
          assert.ok(answer.status !== 401 && answer.status !== 403, `${key}: ${answer.status}`);
        else refused(answer, expected, key);
      }
    });
  }

  it("asks for a key before it says that there is no such path or method", async () => {
    for (const target of ["/", "/v0/nothing", "/v0/topics/in.a/nothing", "/v0/topics/in.a#x"]) {
      refused(await ask("GET", target, undefined), 401, target);
    }
    refused(await ask("PUT", "/v0/topics", undefined), 401, "method");
    refused(await ask("GET", "/v0/nothing", "probe"), 404, "path");
    refused(await ask("PUT", "/v0/topics", "probe"), 405, "method");
  });

  it("looks at the prefix before the method", async () => {
    const key = keyOf(scopeSets[14], "in.");
    refused(await ask("OPTIONS", `/v0/topics/${outside}`, key), 403, "outside");
    refused(await ask("OPTIONS", `/v0/topics/${within}`, key), 405, "within");
  });

  it("decides on the decoded name, whichever way it is written", async () => {
    const key = keyOf(scopeSets[14], "in.");
    for (const spelled of ["%6fut.a", "o%75t.a", "out%2Ea", "%6F%75%74%2E%61"])
      refused(await ask("GET", `/v0/topics/${spelled}`, key), 403, spelled);
    for (const spelled of ["%69n.a", "i%6e%2Ea"])
      assert.equal((await ask("GET", `/v0/topics/${spelled}`, key)).status, 409, spelled);
    for (const spelled of ["in.%2f..%2fout.a", "in.%00", "in.a/../out.a", "in.a%2Fdiff"]) {
      const { status } = await ask("GET", `/v0/topics/${spelled}`, key);
      assert.ok(status === 400 || status === 404, `${spelled}: ${status}`);
    }
  });

  it("answers 401 with the scheme, and never with the key", async () => {
    const answer = await ask("GET", "/v0/topics", "s3cret");
    assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    assert.doesNotMatch(answer.text, /s3cret/);
  });

  it("takes the scheme in any case, and no other scheme", async () => {
    const status = async (authorization: string): Promise<number> => {
      client.send(requestBytes("GET", "/v0/health", { headers: { authorization } }));
      return (await client.response()).status;
    };
    for (const good of ["Bearer probe", "bearer probe", "BEARER  probe"]) assert.equal(await status(good), 200, good);
    for (const bad of ["probe", "Basic probe", "Bearer", "Bearerprobe", "Bearer probe x", "Bearer\tprobe"])
      assert.equal(await status(bad), 401, bad);
    assert.equal(await status("Bearer probe, Bearer probe"), 400);
  });
});

describe("access without looking at one route at a time", () => {
  let harness: Harness;

  const start = async (keys: string, probeAuth = false): Promise<void> => {
    harness = await Harness.start({ keys: parseApiKeys(keys), probeAuth });
  };
  const as = (key: string, method: string, target: string, body?: unknown): Promise<Answer> =>
    harness.request(method, target, {
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { authorization: `Bearer ${key}` },
    });
  afterEach(() => harness.stop());

  it("leaves probes open unless it is told to ask", async () => {
    await start("k:r");
    for (const path of ["/v0/health", "/healthz", "/v0/ready", "/readyz"])
      assert.equal((await harness.request("GET", path)).status, 200, path);
    assert.equal((await as("wrong", "GET", "/v0/health")).status, 200);
    assert.equal((await harness.request("GET", "/v0/topics")).status, 401);
  });

  it("asks for the key before it says that the server is not ready", async () => {
    await start("k:r");
    harness.engine.current = { state: "recovering", replayProgress: 0.5 };
    assert.equal((await harness.request("GET", "/v0/topics")).status, 401);
    assert.equal((await as("k", "GET", "/v0/topics")).status, 503);
  });

  it("lists what the key is for, page by page, and no more", async () => {
    await start("all,some:r:b.|d,none:r:zz");
    for (const name of ["a", "b", "b.1", "b.2", "c", "d", "d.1", "e"]) await as("all", "PUT", `/v0/topics/${name}`);
    const list = async (key: string, query: string): Promise<{ names: Json[]; next: string }> => {
      const { json } = await as(key, "GET", `/v0/topics?${query}`);
      const names = (at(json, "topics") as Json[]).map((topic) => at(topic, "topic")!);
      return { names, next: (at(json, "next_cursor") as string | undefined) ?? "" };
    };
    assert.deepEqual((await list("some", "")).names, ["b.1", "b.2", "d", "d.1"]);
    assert.deepEqual((await list("some", "prefix=d.")).names, ["d.1"]);
    assert.deepEqual((await list("some", "prefix=a")).names, []);
    assert.deepEqual((await list("none", "")).names, []);
    const first = await list("some", "page_size=2");
    assert.deepEqual(first.names, ["b.1", "b.2"]);
    const second = await list("some", `page_size=2&cursor=${first.next}`);
    assert.deepEqual(second, { names: ["d", "d.1"], next: "" });
    const foreign = await list("all", "page_size=1");
    assert.deepEqual((await list("some", `cursor=${foreign.next}`)).names, ["b.1", "b.2", "d", "d.1"]);
  });

  it("refuses a name outside in the same words whether or not there is such a topic", async () => {
    await start("all,some::b.");
    await as("all", "PUT", "/v0/topics/x-1");
    const [there, absent] = await Promise.all(["x-1", "x-2"].map((name) => as("some", "GET", `/v0/topics/${name}`)));
    assert.equal(there.text.replaceAll("x-1", "x-2"), absent.text);
    assert.equal(there.status, 403);
  });

  it("asks for admin where a write would make a topic with a config of its own", async () => {
    await start("writer:w,admin:w+a");
    const append = (key: string, topic: string, body: object): Promise<Answer> =>
      as(key, "POST", `/v0/topics/${topic}`, { records: [{ data: 1 }], ...body });
    assert.equal((await append("writer", "t", { config: {} })).status, 403);
    assert.equal(harness.engine.topics.size, 0);
    assert.equal((await append("writer", "u", {})).status, 201);
    assert.equal((await append("writer", "u", { config: { ttl_ms: 5 } })).status, 200);
    assert.equal((await append("writer", "v", { config: null })).status, 201);
    assert.equal((await append("admin", "t", { config: {} })).status, 201);
  });

  it("does everything for everybody where there are no keys, whatever they show", async () => {
    await start("");
    assert.equal((await as("anything", "PUT", "/v0/topics/t")).status, 201);
    assert.equal((await harness.request("GET", "/v0/topics?token=x")).status, 200);
  });
});

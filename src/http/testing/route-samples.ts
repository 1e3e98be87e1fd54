/**
 * One request per route that would succeed, for the tests that go over all of them. A route that has no sample here fails
 * those tests: a new route brings its own.
 */
export interface RouteSample {
  /** For `:wid` and the like; names of topics and routers are the test's affair. */
  readonly path?: string;
  /** `names`: what stands at the places that the route's access lists in `bodyNames`; those left out are left out. */
  readonly body?: (names: Readonly<Record<string, string>>) => unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** What a call answers that has passed every check when the engine's next call fails with 409; else 409. */
  readonly passed?: number;
}

const config = (names: Readonly<Record<string, string>>, place: string): Readonly<Record<string, unknown>> =>
  names[place] === undefined ? {} : { dead_letter: names[place] };

/** By `METHOD path`, as the table of routes has them. */
export const routeSamples: Readonly<Record<string, RouteSample>> = {
  "GET /v0/topics": {},
  "GET /v0/topics/:topic": {},
  "PUT /v0/topics/:topic": { body: (names) => config(names, "dead_letter") },
  "PATCH /v0/topics/:topic": { body: (names) => config(names, "dead_letter") },
  "DELETE /v0/topics/:topic": {},
  "POST /v0/topics/:topic": {
    body: (names) => ({ records: [{ data: 1 }], config: config(names, "config.dead_letter") }),
  },
  "POST /v0/topics/:topic/diff": { body: () => ({}) },
  "GET /v0/topics/:topic/diff": {},
  "POST /v0/topics/:topic/delete": { body: () => ({ before_seq: 1 }) },
  "POST /v0/topics/:topic/claim": { body: () => ({ node: "w" }) },
  "POST /v0/topics/:topic/ack": { body: () => ({ node: "w", seqs: [1] }) },
  "POST /v0/topics/:topic/nack": { body: () => ({ node: "w", seqs: [1] }) },
  "POST /v0/topics/:topic/extend": { body: () => ({ node: "w", seqs: [1], lease_ms: 1000 }) },
  "GET /v0/topics/:topic/work": {},
  "GET /v0/routers": {},
  "GET /v0/routers/:router": {},
  "PUT /v0/routers/:router": { body: (names) => ({ source: "in.s", dest: "in.d", ...names }) },
  "DELETE /v0/routers/:router": {},
  "POST /v0/topics/:topic/redrive": { body: ({ to }) => (to === undefined ? {} : { to }) },
  "POST /v0/backup": { body: () => ({ name: "b" }) },
  "GET /v0/metrics": {},
  "POST /v0/watch": {
    body: ({ topics = "in.t", "prefixes[]": prefix }) => ({
      topics: { [topics]: {} },
      ...(prefix === undefined ? {} : { prefixes: [prefix] }),
    }),
  },
  "GET /v0/watch/:wid": { path: "/v0/watch/wid_none" },
  "GET /v0/ws": { passed: 400 },
  "GET /v0/health": { passed: 200 },
  "GET /healthz": { passed: 200 },
  "GET /v0/ready": { passed: 200 },
  "GET /readyz": { passed: 200 },
  "GET /v0/openapi.json": { passed: 200 },
};

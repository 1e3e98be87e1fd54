/** Making, changing, listing and removing routers, and every refusal (spec 3.1, 3.2). */
import { suite } from "../../case.ts";
import type { Context } from "../../context.ts";
import { equal, error, finite, invalid, members, ok } from "../../expect.ts";
import { type DeleteRouterAnswer, Router, type RouterAnswer, type RouterListAnswer } from "../../router.ts";
import type { Topic } from "../../topic.ts";
import type { DeleteTopicAnswer } from "../../wire.ts";

const made = suite("routers", "3.1");
export const cases = made.cases;
const { core, beyond } = made;

interface Pair {
  readonly source: Topic;
  readonly dest: Topic;
  readonly router: Router;
  readonly ends: { readonly source: string; readonly dest: string };
}

/** Two names, and a router that could be between them. */
function pairOf(context: Context): Pair {
  const source = context.absent("s");
  const dest = context.absent("d");
  return pairBetween(context, source, dest);
}

function pairBetween(context: Context, source: Topic, dest: Topic): Pair {
  const router = Router.between(source, dest, context.http);
  return { source, dest, router, ends: { source: source.name, dest: dest.name } };
}

core("create", "PUT makes a router and both topics, and says how it is set", async (context) => {
  const { router, ends, source, dest } = pairOf(context);
  const answer = await router.made(ends);
  const settings = { preserve_node: true, preserve_tag: true, filter: null, allow_cycle: false };
  members(answer, { router: router.name, created: true, ...ends, ...settings, guarantee: "at_least_once" }, "answer");
  await source.untouched();
  await dest.untouched();
});

core("repeat", "the same PUT again is 200 and not created", async (context) => {
  const { router, ends } = pairOf(context);
  await router.made(ends);
  members(ok<RouterAnswer>(await router.put(ends), 200), { created: false, ...ends }, "answer");
});

core("change", "a PUT with other settings changes them", async (context) => {
  const { router, ends } = pairOf(context);
  await router.made(ends);
  const changed = { preserve_node: false, preserve_tag: false, guarantee: "exactly_once" };
  members(ok<RouterAnswer>(await router.put({ ...ends, ...changed }), 200), { created: false, ...changed }, "answer");
  members(await router.state(), { ...ends, ...changed }, "GET");
});

core("filter-tuple", "a filter is reported in tuple form", async (context) => {
  const { router, ends } = pairOf(context);
  equal((await router.made({ ...ends, filter: "a*" })).filter, ["tag", "Glob", "a*"], "filter");
  const answer = ok<RouterAnswer>(await router.put({ ...ends, filter: ["tag", "Eq", "b"] }), 200);
  equal(answer.filter, ["tag", "Eq", "b"], "filter after the change");
  equal(ok<RouterAnswer>(await router.put({ ...ends, filter: null }), 200).filter, null, "filter taken away");
});

core("get", "GET has the settings and how many were forwarded", async (context) => {
  const { router, ends, source, dest } = pairOf(context);
  await router.made(ends);
  await source.appendedNumbers(3);
  await dest.readAll();
  members(await router.state(), { router: router.name, ...ends, forwarded_total: 3 }, "GET");
});

beyond("get-health", "GET has the lag, the last error and the reason of a pause", async (context) => {
  const { router, ends } = pairOf(context);
  await router.made(ends);
  members(await router.state(), { lag: 0, last_error: null, paused_by: null }, "GET");
});

beyond("get-lag-filtered", "what a filter keeps back is no lag", async (context) => {
  const { router, ends, source, dest } = pairOf(context);
  await router.made({ ...ends, filter: "kept" });
  await source.appended([{ data: 1, tag: "kept" }]);
  equal((await dest.readAll()).length, 1, "copies");
  await source.appended([{ data: 2 }, { data: 3, tag: "else" }]);
  equal((await dest.readAll()).length, 1, "copies");
  members(await router.state(), { lag: 0, forwarded_total: 1 }, "GET");
});

core("get-absent", "GET of a router that is not there is 404 router_not_found", async (context) => {
  error(await pairOf(context).router.get(), 404, "router_not_found");
});

core("delete", "DELETE removes the router, leaves its copies alone, and can be repeated", async (context) => {
  const { router, ends, source, dest } = pairOf(context);
  await router.made(ends);
  await source.appendedNumbers(2);
  await dest.readAll();
  members(ok<DeleteRouterAnswer>(await router.drop()), { router: router.name, deleted: true }, "first");
  await source.appendedNumbers(1);
  equal((await dest.readAll()).length, 2, "copies afterwards");
  members(ok<DeleteRouterAnswer>(await router.drop()), { router: router.name, deleted: false }, "second");
  error(await router.get(), 404, "router_not_found");
});

core("list", "routers are listed by name, by source and by dest, a page at a time", async (context) => {
  const [source, other] = [context.absent("s"), context.absent("o")];
  const dests = [0, 1, 2].map((n) => context.absent(`d${n}`));
  const routers: Router[] = [];
  for (const dest of dests) {
    const { router, ends } = pairBetween(context, source, dest);
    await router.made(ends);
    routers.push(router);
  }
  const { router: far, ends } = pairBetween(context, dests[0], other);
  await far.made(ends);
  const list = async (query: string): Promise<RouterListAnswer> =>
    ok<RouterListAnswer>(await context.http.send("GET", `/v0/routers?${query}`));
  const names = (answer: RouterListAnswer): string[] => answer.routers.map(({ router }) => router);
  const all = [...routers, far].map(({ name }) => name).sort();
  equal(names(await list(`prefix=${context.prefix}`)), all, "by prefix");
  equal(names(await list(`source=${source.name}`)), routers.map(({ name }) => name).sort(), "by source");
  equal(names(await list(`prefix=${context.prefix}&dest=${other.name}`)), [far.name], "by dest");
  const first = await list(`prefix=${context.prefix}&page_size=3`);
  equal(names(first), all.slice(0, 3), "first page");
  const second = await list(
    `prefix=${context.prefix}&page_size=3&cursor=${encodeURIComponent(first.next_cursor ?? "")}`,
  );
  equal([names(second), second.next_cursor], [all.slice(3), undefined], "second page");
  const [listed] = (await list(`dest=${other.name}`)).routers;
  members(listed, { router: far.name, ...ends, guarantee: "at_least_once", forwarded_total: 0 }, "entry");
});

core("same-topic", "source and dest are different topics, or nothing is made", async (context) => {
  const topic = context.absent();
  const router = new Router(`${topic.name}->x`, context.http);
  invalid(await router.put({ source: topic.name, dest: topic.name }));
  error(await topic.get(), 404, "topic_not_found");
});

core("required", "source and dest are required, and names of topics", async (context) => {
  const { router, ends } = pairOf(context);
  for (const body of [
    {},
    { source: ends.source },
    { dest: ends.dest },
    { ...ends, source: "no/name" },
    { ...ends, dest: "" },
  ])
    invalid(await router.put(body));
  error(await router.get(), 404, "router_not_found");
});

beyond("wrong-types", "a field of a wrong type is named", async (context) => {
  const { router, ends } = pairOf(context);
  const wrong = { source: 1, dest: null, preserve_node: 1, preserve_tag: "yes", create_dest: null, filter: 1 };
  for (const [field, value] of Object.entries({ ...wrong, allow_cycle: 0, guarantee: "once" }))
    equal(invalid(await router.put({ ...ends, [field]: value }))["field"], field, "detail.field");
  invalid(await router.put({ ...ends, filter: ["tag", "Glob", "a*b*"] }));
});

core("create-dest-false", "create_dest: false and no dest is 404, and leaves no source behind", async (context) => {
  const { router, ends, source } = pairOf(context);
  error(await router.put({ ...ends, create_dest: false }), 404, "topic_not_found");
  error(await source.get(), 404, "topic_not_found");
});

core("repoint", "another source or dest is 409, with the reason and the ones that are there", async (context) => {
  const { router, ends } = pairOf(context);
  await router.made(ends);
  const third = context.absent("third");
  for (const body of [
    { ...ends, dest: third.name },
    { ...ends, source: third.name },
  ]) {
    const detail = error(await router.put(body), 409, "topic_exists_incompatible");
    const existing = { existing_source: ends.source, existing_dest: ends.dest };
    members(detail, { router: router.name, reason: "router_repoint_forbidden", ...existing }, "detail");
  }
  error(await third.get(), 404, "topic_not_found");
});

core("fan-in", "a second source into one dest is 409, and is not made", async (context) => {
  const { router, ends, dest } = pairOf(context);
  await router.made(ends);
  const second = context.absent("second");
  const other = Router.between(second, dest, context.http);
  const detail = error(await other.put({ source: second.name, dest: dest.name }), 409, "topic_exists_incompatible");
  equal(detail["reason"], "router_dest_fan_in", "detail.reason");
  error(await second.get(), 404, "topic_not_found");
  error(await other.get(), 404, "router_not_found");
});

core("fan-in-again", "when the first source is gone another one may take its place", async (context) => {
  const { router, ends, dest } = pairOf(context);
  await router.made(ends);
  ok(await router.drop());
  const second = context.absent("second");
  await Router.between(second, dest, context.http).made({ source: second.name, dest: dest.name });
  await second.appendedNumbers(2);
  equal((await dest.readAll()).length, 2, "copies");
});

core("cycle", "a cycle is refused with its path", async (context) => {
  const topics = [0, 1, 2].map((n) => context.absent(`t${n}`));
  const [a, b, c] = topics.map(({ name }) => name);
  await Router.between(topics[0], topics[1], context.http).made({ source: a, dest: b });
  await Router.between(topics[1], topics[2], context.http).made({ source: b, dest: c });
  const closing = Router.between(topics[2], topics[0], context.http);
  equal(error(await closing.put({ source: c, dest: a }), 409, "router_cycle")["cycle"], [c, a, b, c], "detail.cycle");
  error(await closing.get(), 404, "router_not_found");
});

core("cycle-at-once", "of two routers that close a cycle together at most one is made", async (context) => {
  const [a, b] = [context.absent("a"), context.absent("b")];
  const one = Router.between(a, b, context.http);
  const other = Router.between(b, a, context.http);
  const replies = await Promise.all([
    one.put({ source: a.name, dest: b.name }),
    other.put({ source: b.name, dest: a.name }),
  ]);
  equal(replies.map((reply) => reply.status).sort(), [201, 409], "statuses");
});

core("allow-cycle", "an allowed cycle ends", async (context) => {
  const [a, b] = [context.absent("a"), context.absent("b")];
  await Router.between(a, b, context.http).made({ source: a.name, dest: b.name, allow_cycle: true });
  await Router.between(b, a, context.http).made({ source: b.name, dest: a.name, allow_cycle: true });
  await a.appendedNumbers(1);
  let before = -1;
  let heads = 0;
  for (let still = 0, round = 0; still < 20 && round < 2000; round++) {
    before = heads;
    heads = (await a.state()).head_seq + (await b.state()).head_seq;
    still = heads === before ? still + 1 : 0;
  }
  finite(heads, "head_seq");
  equal([heads === before, heads <= 9], [true, true], "copies of one record stand still, at no more than eight");
});

core("cascade", "deleting a topic deletes its routers and names them", async (context) => {
  const [a, b, c] = ["a", "b", "c"].map((label) => context.absent(label));
  const into = Router.between(a, b, context.http);
  const out = Router.between(b, c, context.http);
  await into.made({ source: a.name, dest: b.name });
  await out.made({ source: b.name, dest: c.name });
  const answer = ok<DeleteTopicAnswer>(await b.drop());
  equal([...answer.routers_removed].sort(), [into.name, out.name].sort(), "routers_removed");
  for (const router of [into, out]) error(await router.get(), 404, "router_not_found");
  equal(ok<DeleteTopicAnswer>(await a.drop()).routers_removed, [], "routers_removed of the source");
});

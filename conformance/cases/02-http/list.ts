/** The list of topics: prefix, pages, cursor, members (spec 2.1, 2.5). */
import { suite } from "../../case.ts";
import type { Context } from "../../context.ts";
import { equal, error, invalid, members, ok, truth, whole } from "../../expect.ts";
import type { ListAnswer } from "../../wire.ts";

const made = suite("list", "2.5");
export const cases = made.cases;
const { core, beyond } = made;

async function list(context: Context, query = ""): Promise<ListAnswer> {
  return ok<ListAnswer>(await context.http.send("GET", `/v0/topics?prefix=${context.prefix}${query}`));
}

function names(answer: ListAnswer): string[] {
  return answer.topics.map((entry) => entry.topic);
}

async function createAll(context: Context, labels: readonly string[]): Promise<string[]> {
  const made: string[] = [];
  for (const label of labels) made.push((await context.topic({}, label)).name);
  return made;
}

/** Every page from the first to the last. */
async function pages(context: Context, pageSize: number): Promise<string[][]> {
  const found: string[][] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined;) {
    const page: ListAnswer = await list(context, `&page_size=${pageSize}&cursor=${encodeURIComponent(cursor)}`);
    found.push(names(page));
    cursor = page.next_cursor;
    truth(found.length < 100, "the pages come to an end");
  }
  return found;
}

core("sorted", "the list is sorted by name", async (context) => {
  const made = await createAll(context, ["b", "a", "C", "10", "9", "a.b", "a-b", "a:b", "a_b"]);
  equal(names(await list(context)), [...made].sort(), "names");
});

core("prefix", "a prefix selects, byte for byte", async (context) => {
  await createAll(context, ["ab1", "ab2", "ac", "AB3"]);
  const found = ok<ListAnswer>(await context.http.send("GET", `/v0/topics?prefix=${context.prefix}ab`));
  equal(names(found), [`${context.prefix}ab1`, `${context.prefix}ab2`], "names");
  const none = ok<ListAnswer>(await context.http.send("GET", `/v0/topics?prefix=${context.prefix}zz`));
  equal({ topics: none.topics, next: none.next_cursor }, { topics: [], next: undefined }, "list of nothing");
});

core("prefix-is-itself", "a name is a prefix of itself", async (context) => {
  const [name = ""] = await createAll(context, ["whole"]);
  equal(names(ok<ListAnswer>(await context.http.send("GET", `/v0/topics?prefix=${name}`))), [name], "names");
});

core("entry", "an entry has the state of its topic", async (context) => {
  const topic = await context.topic({ durable: true, priority: 3, cap_records: 2 });
  await topic.appended([{ data: "ab" }, { data: "abc" }, { data: 1, meta: { k: 1 } }]);
  const [entry] = (await list(context)).topics;
  const expected = { topic: topic.name, head_seq: 3, earliest_seq: 2, count: 2, bytes: 13, durable: true };
  members(entry, { ...expected, effective_priority: 3 }, "entry");
});

beyond("entry-class", "an entry has type and durability", async (context) => {
  await context.topic({ type: "queue", durability: "memory" });
  members((await list(context)).topics[0], { type: "queue", durability: "memory", durable: false }, "entry");
});

for (const size of [1, 2, 3, 5, 6]) {
  core(`pages-of-${size}`, `pages of ${size} give every topic once, in order`, async (context) => {
    const made = (await createAll(context, ["a", "b", "c", "d", "e"])).sort();
    const found = await pages(context, size);
    equal(found.flat(), made, "names over all pages");
    for (const page of found.slice(0, -1)) equal(page.length, size, "topics on a page that has a next one");
    equal(found.length, Math.ceil(made.length / size), "pages: next_cursor is there only when there is more");
  });
}

core("page-size-zero", "page_size 0 is 1", async (context) => {
  await createAll(context, ["a", "b"]);
  const page = await list(context, "&page_size=0");
  equal(page.topics.length, 1, "topics on the page");
  truth(typeof page.next_cursor === "string" && page.next_cursor !== "", "there is a next page");
});

core("page-size-clamped", "a page_size over the maximum is clamped, not refused", async (context) => {
  const made = await createAll(context, ["a", "b"]);
  equal(names(await list(context, "&page_size=1001")), made, "names");
  equal(names(await list(context, "&page_size=1000000")), made, "names");
});

core("empty-cursor", "an empty cursor is the first page", async (context) => {
  const made = await createAll(context, ["a", "b"]);
  equal(names(await list(context, "&cursor=")), made, "names");
});

core("corrupt-cursor", "a corrupt cursor is 400", async (context) => {
  const path = `/v0/topics?prefix=${context.prefix}&cursor=`;
  for (const cursor of ["!!!", "%00", "%FF", "a%20b", "%7B%7D"]) {
    invalid(await context.http.send("GET", path + cursor));
  }
});

core("cursor-survives", "a cursor goes on behind its place though topics come and go", async (context) => {
  await createAll(context, ["b", "d", "f", "h"]);
  const first = await list(context, "&page_size=2");
  equal(names(first), [`${context.prefix}b`, `${context.prefix}d`], "first page");
  await createAll(context, ["a", "e"]);
  ok(await context.http.send("DELETE", `/v0/topics/${context.prefix}d`));
  ok(await context.http.send("DELETE", `/v0/topics/${context.prefix}f`));
  const second = await list(context, `&page_size=10&cursor=${encodeURIComponent(first.next_cursor ?? "")}`);
  equal(names(second), [`${context.prefix}e`, `${context.prefix}h`], "second page");
});

core("dropped", "a deleted topic is not listed", async (context) => {
  const [, kept] = await createAll(context, ["a", "b"]);
  ok(await context.http.send("DELETE", `/v0/topics/${context.prefix}a`));
  equal(names(await list(context)), [kept], "names");
});

core("no-touch", "listing does not touch unless asked to", async (context) => {
  const topic = await context.topic();
  await list(context);
  await list(context, "&touch=false");
  equal((await topic.state()).last_read_ts, null, "last_read_ts");
  await list(context, "&touch=true");
  whole((await topic.state()).last_read_ts, "last_read_ts");
});

beyond("malformed-query", "malformed query values are 400", async (context) => {
  for (const query of ["page_size=x", "page_size=-1", "page_size=1.5", "page_size=1e2", "page_size=", "touch=maybe"]) {
    error(await context.http.send("GET", `/v0/topics?prefix=${context.prefix}&${query}`), 400, "invalid_request");
  }
});

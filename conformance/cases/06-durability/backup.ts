/** Online backup (spec 6.7), on servers that have a place for them. What is made stays there: nothing over HTTP removes it. */
import { Skipped, suite } from "../../case.ts";
import type { Context } from "../../context.ts";
import { equal, error, invalid, ok, status, truth, whole } from "../../expect.ts";
import type { Reply } from "../../transport/reply.ts";

const made = suite("backup", "6.7");
export const cases = made.cases;
const { beyond } = made;

const path = "/v0/backup";
/** The server may have something to copy. */
const timeoutMs = 30_000;

interface Made {
  readonly name: string;
  readonly bytes: number;
  readonly files: number;
  readonly topics: number;
  readonly performance: Readonly<Record<string, unknown>>;
}

/** Skips the case where there is no place for backups. */
async function asked(context: Context, body: unknown): Promise<Reply> {
  const reply = await context.http.send("POST", path, body as Record<string, unknown>, { timeoutMs });
  if (reply.status === 404) {
    error(reply, 404, "not_found");
    throw new Skipped("the server has no place for backups (TOPICS_BACKUP_DIR)");
  }
  return reply;
}

beyond("made", "a backup is answered with its name, files, bytes and topics", async (context) => {
  await (await context.topic()).appendedNumbers(3);
  const name = `${context.prefix}a`;
  const answer = ok<Made>(await asked(context, { name }));
  equal(answer.name, name, "name");
  truth(whole(answer.bytes, "bytes") > 0 && whole(answer.files, "files") > 0, "there is something in it");
  truth(whole(answer.topics, "topics") >= 1, "this case's topic is in it");
  truth("server_total_ms" in answer.performance, "performance says how long it took");
});

beyond("exists", "a name is given once", async (context) => {
  const name = `${context.prefix}a`;
  ok(await asked(context, { name }));
  error(await asked(context, { name }), 409, "backup_exists");
  ok(await asked(context, { name: `${name}.b` }));
});

beyond("together", "of several that are asked for at once by one name, one is made", async (context) => {
  const name = `${context.prefix}a`;
  await asked(context, { name: `${name}.first` });
  const replies = await Promise.all([1, 2, 3].map(() => asked(context, { name })));
  equal(replies.map((reply) => reply.status).sort(), [200, 409, 409], "statuses");
});

beyond("writes-go-on", "writes and reads are answered while a backup is made", async (context) => {
  const topic = await context.topic();
  const backup = asked(context, { name: `${context.prefix}a` });
  const written = Promise.all(Array.from({ length: 20 }, () => topic.appendedNumbers(2)));
  const [reply] = await Promise.all([backup, written]);
  ok(reply);
  equal((await topic.state())["count"], 40, "count");
});

beyond("names", "a name that is no plain path segment is 400", async (context) => {
  const own = context.prefix;
  const names = [
    "",
    ".",
    "..",
    `.${own}`,
    `${own}/a`,
    `../${own}`,
    `/${own}`,
    `${own}\\a`,
    `${own}\u0000`,
    "x".repeat(129),
  ];
  for (const name of names) invalid(await asked(context, { name }));
  ok(await asked(context, { name: own + "y".repeat(128 - own.length) }));
});

beyond("wrong-name", "a name that is missing or no string is 400, and detail.field says so", async (context) => {
  for (const body of [{}, { name: null }, { name: 5 }, { name: ["a"] }, { name: {} }]) {
    equal(invalid(await asked(context, body))["field"], "name", "detail.field");
  }
  invalid(await asked(context, []));
});

beyond("methods", "there is nothing else that the path can do", async (context) => {
  await asked(context, {});
  for (const method of ["GET", "PUT", "DELETE"]) {
    const reply = await context.http.send(method, path);
    error(reply, 405, "method_not_allowed");
    equal(reply.headers["allow"], "POST", "Allow");
  }
  const plain = { headers: { "content-type": "text/plain" } };
  status(await context.http.send("POST", path, { name: `${context.prefix}b` }, plain), 415);
});

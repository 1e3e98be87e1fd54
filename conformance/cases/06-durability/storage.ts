/** Logs of many files, checkpoints and sealed segments, killed on the way (spec 6.2, 6.3, 6.4). */
import { readdir, rename } from "node:fs/promises";
import { Skipped, suite } from "../../case.ts";
import { equal, members, truth } from "../../expect.ts";
import { everything, numbers, whole } from "../../managed/readings.ts";
import type { Settings } from "../../managed/managed-server.ts";

const made = suite("storage", "6.2");
export const cases = made.cases;
const { managed } = made;

const padding = "x".repeat(1000);
const padded = (from: number, to: number): string[] => numbers(from, to).map((number) => `${number} ${padding}`);
const records = (from: number, to: number): { readonly data: string; readonly tag: string }[] =>
  padded(from, to).map((data, at) => ({ data, tag: `t:${(from + at) % 10}` }));

/** Files so short, and thresholds so low, that everything that storage does happens within a few hundred records. */
const small: Settings = {
  TOPICS_WAL_SHARDS: "1",
  TOPICS_WAL_FILE_BYTES: "65536",
  TOPICS_CHECKPOINT_BYTES: "65536",
  TOPICS_SEGMENT_MAX_EVENTS: "40",
};

managed("many-files", "a log of more than ten files is replayed in order", async (context) => {
  const server = await context.server({ TOPICS_WAL_SHARDS: "1", TOPICS_WAL_FILE_BYTES: "65536" });
  const topic = server.topic("long");
  for (let from = 1; from < 900; from += 30) await topic.appended(records(from, from + 29));
  for (let round = 0; round < 2; round++) {
    await server.restarted();
    await whole(topic, padded(1, 900));
  }
});

managed(
  "idle-topic",
  "what an idle topic has is not given up when a busy one drives the log on",
  async (context) => {
    const server = await context.server(small);
    const [idle, busy] = [server.topic("idle"), server.topic("busy")];
    await idle.appended([{ data: "first" }], { idempotency_key: "once" });
    for (let from = 1; from < 900; from += 30) await busy.appended(records(from, from + 29));
    for (let round = 0; round < 2; round++) {
      await server.restarted();
      await whole(idle, ["first"]);
      await whole(busy, padded(1, 900));
      const again = await idle.appended([{ data: "first" }], { idempotency_key: "once" });
      equal(again.deduped, true, "deduped, long after");
    }
  },
  { section: "6.4" },
);

managed(
  "sealed-deletes",
  "deletes of sealed records stay done when the log that had them is gone",
  async (context) => {
    const server = await context.server(small);
    const topic = server.topic("pruned");
    for (let from = 1; from <= 300; from += 50) await topic.appended(records(from, from + 49));
    equal((await topic.deleted({ match: ["tag", "Eq", "t:3"] })).deleted, 30, "deleted by tag");
    equal((await topic.deleted({ before_seq: 101 })).deleted, 90, "deleted by seq");
    for (let from = 301; from <= 900; from += 50) await topic.appended(records(from, from + 49));
    const left = padded(101, 900).filter((_, at) => at >= 200 || (101 + at) % 10 !== 3);
    for (let round = 0; round < 2; round++) {
      await server.restarted();
      await whole(topic, left);
      members(await topic.state(), { count: left.length, earliest_seq: 101, head_seq: 900 }, "state");
    }
  },
  { section: "6.3" },
);

managed(
  "delete-beside-writes",
  "what came while a delete by tag was under way is there, and stays there over a kill",
  async (context) => {
    const sizes = { TOPICS_WAL_FILE_BYTES: "1048576", TOPICS_CHECKPOINT_BYTES: "67108864", TOPICS_CACHE_BYTES: "0" };
    const server = await context.server({ ...small, ...sizes });
    const topic = server.topic("pruned");
    for (let from = 1; from <= 600; from += 60) await topic.appended(records(from, from + 59));
    await server.stop();
    await server.start();
    for (let tag = 0; tag < 10; tag++) {
      // The delete looks into many segments; writes with its tag arrive meanwhile.
      const removal = topic.deleted({ match: `t:${tag}` });
      const writes = numbers(1, 12).map((data) => topic.appended([{ data, tag: `t:${tag}` }, { data }]));
      const [{ deleted }] = await Promise.all([removal, ...writes]);
      truth(deleted >= 60, `deleted: ${deleted}`);
    }
    const before = await everything(topic);
    truth(before.records.length >= 120, "what has no tag is there");
    await server.restarted();
    equal(await everything(topic), before, "what is read after a kill");
  },
  { section: "1.7" },
);

managed(
  "sealed-reads",
  "sealed records are read from anywhere, both ways of matching, with the same bytes",
  async (context) => {
    const server = await context.server({ ...small, TOPICS_CACHE_BYTES: "0" });
    const topic = server.topic("sealed");
    for (let from = 1; from <= 600; from += 60) await topic.appended(records(from, from + 59));
    const before = (await everything(topic)).records;
    await server.stop();
    await server.start();
    equal((await everything(topic)).records, before, "all records");
    for (const from of [0, 39, 40, 41, 299, 599]) {
      const answer = await topic.read({ from_seq: from, limit: 5 });
      equal(
        answer.records.map(({ $seq }) => $seq),
        numbers(from + 1, Math.min(from + 5, 600)),
        `seqs after ${from}`,
      );
    }
    const matching = await topic.readAll({ match: ["tag", "Eq", "t:7"], limit: 7 });
    equal(
      matching.map(({ $seq }) => $seq),
      numbers(1, 600).filter((seq) => seq % 10 === 7),
      "seqs of a tag",
    );
  },
  { section: "6.3" },
);

managed(
  "recreated-sealed",
  "a topic deleted with sealed records leaves nothing to its successor",
  async (context) => {
    const server = await context.server(small);
    const topic = server.topic("twice");
    for (let from = 1; from <= 400; from += 50) await topic.appended(records(from, from + 49));
    equal((await topic.drop()).status, 200, "status of the delete");
    await topic.appendedNumbers(3);
    for (let round = 0; round < 2; round++) {
      await server.restarted();
      await whole(topic, [1, 2, 3]);
    }
  },
  { section: "6.3" },
);

managed("other-shards", "another number of shards finds everything", async (context) => {
  const server = await context.server({ TOPICS_WAL_SHARDS: "2" });
  const names = numbers(1, 8).map((number) => `topic-${number}`);
  for (const name of names) await server.topic(name).appendedNumbers(10);
  for (const shards of ["3", "1"]) {
    await server.restarted({ TOPICS_WAL_SHARDS: shards });
    for (const name of names) {
      await whole(server.topic(name), numbers(1, 10));
    }
  }
  for (const name of names) equal((await server.topic(name).appendedNumbers(1)).first_seq, 11, `next seq of ${name}`);
});

managed(
  "cold",
  "records that moved to the cold directory are read like any others",
  async (context) => {
    const server = await context.preparedServer({ ...small, TOPICS_HOT_RETAIN_SEGMENTS: "1" });
    await server.start({ TOPICS_COLD_DIR: server.path("cold") });
    const topic = server.topic("old");
    for (let from = 1; from <= 600; from += 50) await topic.appended(records(from, from + 49));
    await topic.deleted({ match: ["tag", "Eq", "t:0"] });
    const left = padded(1, 600).filter((_, at) => (at + 1) % 10 !== 0);
    for (let round = 0; round < 2; round++) {
      await whole(topic, left);
      await server.restarted();
    }
    await whole(topic, left);
  },
  { section: "6.3" },
);

managed(
  "missing-log",
  "a file of the log that is gone is missed: it does not start without it",
  async (context) => {
    const server = await context.server({ TOPICS_WAL_SHARDS: "1", TOPICS_WAL_FILE_BYTES: "65536" });
    const topic = server.topic("long");
    for (let from = 1; from <= 300; from += 30) await topic.appended(records(from, from + 29));
    await server.kill();
    const names = await readdir(server.directory);
    const logs = names.filter((name) => /log|wal/i.test(name)).sort();
    if (logs.length < 3) throw new Skipped("the files of its log are not to be told by their names");
    const [from, to] = [`${server.directory}/${logs[1]}`, server.path("taken")];
    await rename(from, to);
    const { code } = await server.refused();
    truth(code !== 0, "the start is refused");
    await rename(to, from);
    await server.start();
    await whole(topic, padded(1, 300));
  },
  { section: "6.6" },
);

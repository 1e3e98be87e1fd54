/** What is there after a kill and after a stop, by class, and what is not is announced (spec 6.1, 6.5, 1.10). */
import { suite } from "../../case.ts";
import { equal, members, ok, truth } from "../../expect.ts";
import { announced, everything, numbers, whole } from "../../managed/readings.ts";
import type { ManagedServer } from "../../managed/managed-server.ts";

const made = suite("restart", "6.1");
export const cases = made.cases;
const { managed } = made;

async function killed(server: ManagedServer): Promise<void> {
  await server.restarted();
}

async function stopped(server: ManagedServer): Promise<void> {
  equal(await server.stop(), { code: 0, signal: null }, "how SIGTERM ends it");
  await server.start();
}

for (const durability of ["disk", "fsync"]) {
  managed(
    `${durability}-kill`,
    `what was acked to a ${durability} topic is there after SIGKILL, unannounced`,
    async (context) => {
      const server = await context.server();
      const topic = server.topic("kept");
      await topic.configured({ durability });
      await topic.appendedNumbers(50);
      const raw = '{"records":[{"data":{ "b":1e400,"a":-0,"a":"\\u00e9" },"tag":"t","node":"n","meta":{"k":"v"}}]}';
      ok(await topic.append(raw));
      const before = (await topic.diff({ from_seq: 50 })).text.replace(/"performance".*/s, "");
      await killed(server);
      equal((await topic.diff({ from_seq: 50 })).text.replace(/"performance".*/s, ""), before, "the record's bytes");
      const { records, gaps } = await everything(topic);
      equal([records.length, gaps], [51, []], "records and gaps");
    },
  );
}

managed("memory-kill", "after SIGKILL a memory topic has what it had, or announces it", async (context) => {
  const server = await context.server();
  const topic = server.topic("quick");
  await topic.configured({ durability: "memory" });
  await topic.appendedNumbers(200);
  await killed(server);
  const reading = await everything(topic);
  announced(reading, new Map(numbers(1, 200).map((seq) => [seq, seq])));
  const next = await topic.appendedNumbers(1);
  truth(next.first_seq > Math.max(200, reading.headSeq), `no seq is used twice: ${next.first_seq}`);
});

managed(
  "ephemeral-kill",
  "an ephemeral topic keeps its configuration and its seqs, and announces the rest",
  async (context) => {
    const server = await context.server();
    const topic = server.topic("passing");
    await topic.configured({ durability: "ephemeral", cap_records: 500 });
    await topic.appendedNumbers(20);
    await killed(server);
    members((await topic.state()).config, { durability: "ephemeral", cap_records: 500 }, "config");
    const reading = await everything(topic);
    equal(reading.records, [], "records");
    announced(reading, new Map(numbers(1, 20).map((seq) => [seq, seq])));
    truth((await topic.appendedNumbers(1)).first_seq > 20, "no seq is used twice");
  },
);

managed(
  "crash-reason",
  "a hole that a crash made has the reason crash, and no record behind it waits for anything",
  async (context) => {
    const server = await context.server();
    const topic = server.topic("passing");
    await topic.configured({ durability: "ephemeral" });
    await topic.appendedNumbers(3);
    await killed(server);
    const { first_seq } = await topic.appendedNumbers(2);
    const { gaps, records } = await everything(topic);
    equal(gaps, [{ from: 1, to: first_seq - 1, reason: "crash" }], "gaps");
    equal(
      records.map(({ data }) => data),
      [1, 2],
      "data behind the hole",
    );
  },
  { section: "1.5" },
);

managed(
  "holes-stay",
  "a hole is announced after every later start, and what lies behind it is replayed",
  async (context) => {
    const server = await context.server();
    const topic = server.topic("scarred");
    await topic.configured({ durability: "ephemeral" });
    await topic.appendedNumbers(5);
    await killed(server);
    await topic.configured({ durability: "disk" });
    const { first_seq } = await topic.appendedNumbers(3);
    for (const again of [killed, stopped, killed]) {
      await again(server);
      const { gaps, records } = await everything(topic);
      equal(gaps, [{ from: 1, to: first_seq - 1, reason: "crash" }], "gaps");
      equal(
        records.map(({ $seq }) => $seq),
        numbers(first_seq, first_seq + 2),
        "seqs behind the hole",
      );
    }
  },
  { section: "1.5" },
);

managed("stop", "after a clean stop nothing is missing but what only memory held", async (context) => {
  const server = await context.server();
  for (const durability of ["memory", "disk", "fsync"]) {
    await server.topic(durability).configured({ durability });
    await server.topic(durability).appendedNumbers(30);
  }
  await stopped(server);
  for (const durability of ["memory", "disk", "fsync"]) {
    const topic = server.topic(durability);
    await whole(topic, numbers(1, 30));
    equal((await topic.appendedNumbers(1)).first_seq, 31, `next seq of ${durability}`);
  }
});

managed("config", "every field of a configuration is there after SIGKILL", async (context) => {
  const server = await context.server();
  const topic = server.topic("tuned");
  await topic.configured({
    durability: "fsync",
    ttl_ms: 3_600_000,
    cap_records: 7,
    cap_bytes: 5000,
    discard: "reject",
  });
  await topic.configured({ durability: "disk", ttl_ms: 7_200_000, cap_records: 9, cap_bytes: 5001 });
  const before = (await topic.state()).config;
  await killed(server);
  equal((await topic.state()).config, before, "config");
});

managed(
  "deleted-topic",
  "a deleted topic stays away, and its successor has nothing of it",
  async (context) => {
    const server = await context.server();
    const [gone, again] = [server.topic("gone"), server.topic("again")];
    for (const topic of [gone, again]) {
      await topic.configured({});
      await topic.appended([{ data: "old", tag: "old" }], { idempotency_key: "one" });
      await topic.appendedNumbers(5);
      ok(await topic.drop());
    }
    await again.configured({});
    const written = await again.appended([{ data: "new" }], { idempotency_key: "one" });
    members(written, { first_seq: 1, deduped: false }, "the first write to the successor");
    for (let round = 0; round < 2; round++) {
      await killed(server);
      equal((await gone.get()).status, 404, "status of the deleted topic");
      await whole(again, ["new"]);
    }
  },
  { section: "1.10" },
);

managed(
  "deletes",
  "records that were deleted stay away, and a delete takes nothing that came after it",
  async (context) => {
    const server = await context.server();
    const topic = server.topic("pruned");
    await topic.configured({});
    await topic.appended(numbers(1, 20).map((data) => ({ data, tag: data % 2 === 0 ? "even" : "odd" })));
    equal((await topic.deleted({ before_seq: 5 })).deleted, 4, "deleted by seq");
    equal((await topic.deleted({ match: ["tag", "Eq", "even"] })).deleted, 8, "deleted by tag");
    await topic.appended([{ data: 22, tag: "even" }]);
    const expected = [5, 7, 9, 11, 13, 15, 17, 19, 22];
    await whole(topic, expected);
    for (const again of [killed, stopped, killed]) {
      await again(server);
      await whole(topic, expected);
      members(await topic.state(), { count: 9, head_seq: 21, earliest_seq: 5 }, "state");
    }
  },
  { section: "1.10" },
);

managed(
  "head-of-nothing",
  "seqs go on where they were when everything has been deleted",
  async (context) => {
    const server = await context.server();
    const topic = server.topic("empty");
    await topic.configured({});
    await topic.appendedNumbers(9);
    await topic.deleted({ before_seq: 10 });
    await killed(server);
    members(await topic.state(), { head_seq: 9, count: 0, bytes: 0 }, "state");
    await whole(topic, []);
    equal((await topic.appendedNumbers(1)).first_seq, 10, "next seq");
  },
  { section: "1.10" },
);

managed(
  "evicted",
  "what a cap took stays away, and is announced as before",
  async (context) => {
    const server = await context.server();
    const topic = server.topic("capped");
    await topic.configured({ cap_records: 3 });
    for (let batch = 0; batch < 5; batch++) await topic.appendedNumbers(4);
    const before = await everything(topic);
    equal(before.gaps, [{ from: 1, to: 17, reason: "cap" }], "gaps");
    await topic.configured({ cap_records: 0 });
    for (const again of [killed, stopped]) {
      await again(server);
      equal(await everything(topic), before, "all that a reader is given");
    }
  },
  { section: "1.10" },
);

managed(
  "idempotency",
  "a key is remembered over SIGKILL with its batch",
  async (context) => {
    const server = await context.server();
    const topic = server.topic("once");
    await topic.configured({});
    const batch = [{ data: 1 }, { data: 2 }];
    const first = await topic.appended(batch, { idempotency_key: "k" });
    await topic.appendedNumbers(1);
    for (const again of [killed, stopped]) {
      await again(server);
      const second = await topic.appended(batch, { idempotency_key: "k" });
      members(second, { deduped: true, first_seq: first.first_seq, last_seq: first.last_seq }, "the repeated write");
    }
    equal((await topic.state()).count, 3, "count");
  },
  { section: "1.9" },
);

managed(
  "time",
  "$ts never goes back over a restart",
  async (context) => {
    const server = await context.server();
    const topic = server.topic("clocked");
    for (let round = 0; round < 3; round++) {
      await topic.appendedNumbers(3);
      await killed(server);
    }
    const stamps = (await everything(topic)).records.map(({ $ts }) => $ts);
    equal(stamps.length, 9, "records");
    equal(
      [...stamps].sort((a, b) => a - b),
      stamps,
      "$ts in order",
    );
  },
  { section: "1.6" },
);

managed(
  "becomes-durable",
  "what an ephemeral topic has when it becomes a disk topic is there after SIGKILL",
  async (context) => {
    const server = await context.server();
    const topic = server.topic("promoted");
    await topic.configured({ durability: "ephemeral" });
    await topic.appendedNumbers(10);
    await topic.deleted({ before_seq: 3 });
    await topic.configured({ durability: "disk" });
    await topic.appendedNumbers(2);
    await killed(server);
    await whole(topic, [3, 4, 5, 6, 7, 8, 9, 10, 1, 2]);
  },
);

managed(
  "second-process",
  "a second server on the same directory refuses to start, and the first goes on",
  async (context) => {
    const server = await context.server();
    const topic = server.topic("mine");
    await topic.appendedNumbers(3);
    const { code, signal } = await server.refused();
    truth(signal === null && code !== 0, `exit code of the second server: ${code}`);
    await topic.appendedNumbers(1);
    await killed(server);
    await whole(topic, [1, 2, 3, 1]);
  },
  { section: "6.6" },
);

/** What queue calls refuse (spec 5, 2.2), and that a refusal changes nothing. */
import { suite } from "../../case.ts";
import { equal, error, invalid, members } from "../../expect.ts";
import { Queue } from "../../queue.ts";
import type { Fields } from "../../topic.ts";

const made = suite("queue-refusals", "5");
export const cases = made.cases;
const { core, beyond } = made;

const bodies: Readonly<Record<string, Fields>> = {
  claim: { node: "w" },
  ack: { node: "w", seqs: [1] },
  nack: { node: "w", seqs: [1] },
  extend: { node: "w", seqs: [1], lease_ms: 1000 },
};

for (const [verb, body] of Object.entries(bodies)) {
  core(`${verb}-on-log`, `${verb} on a log is 409 not_a_queue`, async (context) => {
    const log = await context.topic();
    const detail = error(await new Queue(log, context.http).send(verb, body), 409, "not_a_queue");
    equal(detail?.["topic"], log.name, "detail.topic");
  });

  core(`${verb}-absent`, `${verb} on an absent topic is 404, and creates nothing`, async (context) => {
    const absent = context.absent();
    error(await new Queue(absent, context.http).send(verb, body), 404, "topic_not_found");
    error(await absent.get(), 404, "topic_not_found");
  });

  core(`${verb}-node`, `${verb} needs a node that is a string and not empty`, async (context) => {
    const queue = await Queue.made(context);
    const rest = Object.fromEntries(Object.entries(body).filter(([field]) => field !== "node"));
    for (const wrong of [rest, { ...rest, node: "" }, { ...rest, node: 5 }, { ...rest, node: [] }])
      invalid(await queue.send(verb, wrong));
  });

  beyond(
    `${verb}-node-null`,
    `${verb} takes no null for a node, nor one that no record could carry`,
    async (context) => {
      const queue = await Queue.made(context);
      for (const node of [null, "x".repeat(129)])
        equal(invalid(await queue.send(verb, { ...body, node }))?.["field"], "node", "detail.field");
    },
  );

  if (verb === "claim") continue;
  core(`${verb}-seqs`, `${verb} needs seqs that are whole numbers`, async (context) => {
    const queue = await Queue.made(context);
    for (const seqs of ["1", 1, {}, ["1"], [-1], [1.5], [null], [[1]], [true]])
      invalid(await queue.send(verb, { ...body, seqs }));
  });

  core(`${verb}-tokens`, `${verb} refuses tokens of another number, or that are none`, async (context) => {
    const queue = await Queue.made(context);
    await queue.produced(1);
    await queue.seqs("w");
    for (const tokens of [["lease_00", "lease_00"], ["lease_"], ["00"], ["lease_xyz"], [5], "lease_00", [null]])
      invalid(await queue.send(verb, { ...body, lease_ids: tokens }));
    members(await queue.counts(), { ready: 0, in_flight: 1 }, "queue");
  });

  core(`${verb}-too-many`, `${verb} refuses more seqs than a call may name`, async (context) => {
    const queue = await Queue.made(context);
    const seqs = Array.from({ length: 1001 }, (_, i) => i + 1);
    error(await queue.send(verb, { ...body, seqs }), 400, "batch_too_large");
  });
}

core("extend-lease-ms", "extend needs lease_ms", async (context) => {
  const queue = await Queue.made(context);
  for (const more of [{}, { lease_ms: null }, { lease_ms: "5" }, { lease_ms: -1 }])
    invalid(await queue.send("extend", { node: "w", seqs: [1], ...more }));
});

core("claim-fields", "max and lease_ms are whole numbers, and a null lease_ms is absent", async (context) => {
  const queue = await Queue.made(context);
  for (const more of [{ max: "1" }, { max: -1 }, { max: null }, { max: 1.5 }, { lease_ms: "5" }, { lease_ms: -1 }])
    invalid(await queue.send("claim", { node: "w", ...more }));
  equal((await queue.claimed("w", 1, { lease_ms: null })).count, 0, "count");
});

core("nack-delay", "delay_ms is a whole number", async (context) => {
  const queue = await Queue.made(context);
  for (const delay of ["5", -1, 1.5, null]) invalid(await queue.send("nack", { ...bodies["nack"], delay_ms: delay }));
});

beyond("delay-fields", "deliver_at and delay_ms are whole numbers, and exclude each other", async (context) => {
  const queue = await Queue.made(context);
  for (const wrong of [
    { delay_ms: "5" },
    { delay_ms: -1 },
    { delay_ms: 1.5 },
    { delay_ms: null },
    { deliver_at: "tomorrow" },
    { deliver_at: 1, delay_ms: 1 },
  ])
    invalid(await queue.topic.append({ records: [{ data: 1, ...wrong }] }));
  await queue.topic.untouched();
});

beyond("delay-on-log", "on a log deliver_at and delay_ms are inert", async (context) => {
  const log = await context.topic();
  await log.appended([{ data: 1, delay_ms: 100_000 }]);
  equal((await log.read()).records.length, 1, "records");
});

core("work-refusals", "a work stream of an absent topic is 404, of a log 409, and wants a node", async (context) => {
  error(await context.http.send("GET", `${context.absent().path}/work?node=w`), 404, "topic_not_found");
  const log = await context.topic();
  error(await context.http.send("GET", `${log.path}/work?node=w`), 409, "not_a_queue");
  const queue = await Queue.made(context);
  const work = `${queue.topic.path}/work`;
  for (const query of ["", "?node=", "?max=1"]) invalid(await context.http.send("GET", work + query));
});

core("work-accept", "a work stream is 406 where Accept excludes it", async (context) => {
  const queue = await Queue.made(context);
  const reply = await context.http.send("GET", `${queue.topic.path}/work?node=w`, undefined, {
    headers: { accept: "application/json" },
  });
  error(reply, 406, "not_acceptable");
});

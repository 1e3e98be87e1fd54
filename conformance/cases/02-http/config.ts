/** Topic configuration: defaults, round trips, clamps, the alias of durability, the immutable type (spec 2.4). */
import { suite } from "../../case.ts";
import { contains, equal, error, invalid, members, ok } from "../../expect.ts";
import type { Fields } from "../../topic.ts";
import type { ConfigureAnswer } from "../../wire.ts";

const made = suite("config", "2.4");
export const cases = made.cases;
const { core, beyond } = made;

const defaults: Fields = {
  type: "log",
  ttl_ms: 0,
  cap_records: 0,
  cap_bytes: 0,
  discard: "old",
  durability: "disk",
  durable: false,
  priority: null,
  auto_priority: true,
  auto_create: true,
  idempotency_window_ms: 120000,
  dedupe_node: true,
  lease_ms: 30000,
  claim_jitter_ms: 0,
  max_deliveries: 0,
  dead_letter: null,
  leases_durable: false,
};

core("defaults", "a topic created without configuration has every default", async (context) => {
  const topic = context.absent();
  const answer = ok<ConfigureAnswer>(await topic.put({}), 201);
  members(answer.config, defaults, "config");
});

core("defaults-by-append", "a topic created by a write has every default", async (context) => {
  const topic = context.absent();
  await topic.appended([{ data: 1 }]);
  members((await topic.state()).config, defaults, "config");
});

const samples: Fields = {
  ttl_ms: 86400000,
  cap_records: 1000,
  cap_bytes: 1048576,
  discard: "reject",
  durability: "memory",
  priority: -7,
  auto_priority: false,
  auto_create: false,
  idempotency_window_ms: 5000,
  dedupe_node: false,
  lease_ms: 1000,
  claim_jitter_ms: 50,
  max_deliveries: 3,
  dead_letter: "some-other-topic",
  leases_durable: true,
};

for (const [field, value] of Object.entries(samples)) {
  core(`round-trip-${field.replaceAll("_", "-")}`, `${field} comes back as it was given`, async (context) => {
    const topic = context.absent();
    const config = { [field]: value };
    const expected = { ...defaults, ...config };
    members(ok<ConfigureAnswer>(await topic.put(config), 201).config, expected, "config of PUT");
    members((await topic.state()).config, expected, "config of GET");
  });
}

core("round-trip-together", "all fields together come back, by PUT and by a write that creates", async (context) => {
  const expected = { ...defaults, ...samples };
  members((await (await context.topic(samples)).state()).config, expected, "config after PUT");
  const written = context.absent();
  await written.appended([{ data: 1 }], { config: samples, create: true });
  members((await written.state()).config, expected, "config after a write");
});

const classes: readonly {
  given: { durability?: string | null; durable?: boolean };
  durability: string;
  durable: boolean;
}[] = [
  { given: {}, durability: "disk", durable: false },
  { given: { durable: false }, durability: "disk", durable: false },
  { given: { durable: true }, durability: "fsync", durable: true },
  { given: { durability: "ephemeral" }, durability: "ephemeral", durable: false },
  { given: { durability: "memory" }, durability: "memory", durable: false },
  { given: { durability: "disk" }, durability: "disk", durable: false },
  { given: { durability: "fsync" }, durability: "fsync", durable: true },
  { given: { durability: "ephemeral", durable: true }, durability: "ephemeral", durable: false },
  { given: { durability: "memory", durable: true }, durability: "memory", durable: false },
  { given: { durability: "disk", durable: true }, durability: "disk", durable: false },
  { given: { durability: "fsync", durable: false }, durability: "fsync", durable: true },
  { given: { durability: null, durable: true }, durability: "fsync", durable: true },
  { given: { durability: null }, durability: "disk", durable: false },
];

for (const { given, durability, durable } of classes) {
  const what = [given.durability, given.durable].map((each) => (each === undefined ? "absent" : String(each)));
  const title = `durability ${what.join(" and durable ")} make ${durability}`;
  core(`class-${what.join("-")}`, title, async (context) => {
    const topic = context.absent();
    const { config } = ok<ConfigureAnswer>(await topic.put(given), 201);
    members(config, { durability, durable }, "config");
    const { performance } = await topic.appended([{ data: 1 }]);
    if (durability !== "fsync") equal(performance.fsync_ms, 0, "performance.fsync_ms");
    equal((await topic.read()).records.length, 1, "records that are readable after the ack");
  });
}

const clamps: readonly { field: string; given: number; kept: number }[] = [
  { field: "lease_ms", given: 0, kept: 100 },
  { field: "lease_ms", given: 99, kept: 100 },
  { field: "lease_ms", given: 100, kept: 100 },
  { field: "lease_ms", given: 86400000, kept: 86400000 },
  { field: "lease_ms", given: 86400001, kept: 86400000 },
  { field: "claim_jitter_ms", given: 5000, kept: 5000 },
  { field: "claim_jitter_ms", given: 5001, kept: 5000 },
];

for (const { field, given, kept } of clamps) {
  core(`clamp-${field.replaceAll("_", "-")}-${given}`, `${field} ${given} is kept as ${kept}`, async (context) => {
    const answer = await context.absent().configured({ [field]: given });
    members(answer.config, { [field]: kept }, "config");
  });
}

core("priority-range", "priority takes the whole range of an i32 and reports it as given", async (context) => {
  const topic = await context.topic();
  for (const priority of [2147483647, -2147483648, 0, 1000, -1000]) {
    members((await topic.configured({ priority })).config, { priority }, "config");
  }
});

core("priority-effect", "the effect of a priority is clamped to ±1000", async (context) => {
  const topic = await context.topic();
  for (const [priority, effect] of [
    [5000, 1000],
    [-5000, -1000],
    [17, 17],
  ]) {
    await topic.configured({ priority });
    equal((await topic.state()).effective_priority, effect, `effective_priority of priority ${priority}`);
  }
});

core("null-is-absent", "null counts as absent for durability, dead_letter and priority", async (context) => {
  const { config } = await context.absent().configured({ durability: null, dead_letter: null, priority: null });
  members(config, defaults, "config");
});

core("dead-letter-self", "a topic can't be its own dead letter", async (context) => {
  const topic = context.absent();
  invalid(await topic.put({ dead_letter: topic.name }));
  error(await topic.get(), 404, "topic_not_found");
});

core("type-change", "changing the type is 409 with both types in the detail", async (context) => {
  const topic = await context.topic({ type: "log" });
  const detail = error(await topic.put({ type: "queue" }), 409, "topic_exists_incompatible");
  members(detail, { existing_type: "log", requested_type: "queue", topic: topic.name }, "detail");
  equal((await topic.state()).type, "log", "type afterwards");
});

core("type-queue", "a queue is created, keeps its type, and refuses to become a log", async (context) => {
  const topic = await context.topic({ type: "queue" });
  equal((await topic.state()).type, "queue", "type of GET");
  const detail = error(await topic.put({ type: "log" }), 409, "topic_exists_incompatible");
  members(detail, { existing_type: "queue", requested_type: "log" }, "detail");
});

beyond("type-absent", "a PUT without type leaves a queue a queue", async (context) => {
  const topic = await context.topic({ type: "queue" });
  const answer = ok<ConfigureAnswer>(await topic.put({ ttl_ms: 7 }), 200);
  members(answer.config, { type: "queue", ttl_ms: 7 }, "config");
});

core("u64-overflow", "a number above u64 is refused", async (context) => {
  const topic = context.absent();
  for (const field of ["ttl_ms", "cap_records", "cap_bytes", "idempotency_window_ms", "max_deliveries"]) {
    invalid(await topic.put(`{"${field}":18446744073709551616}`));
  }
});

beyond("u64-max", "the largest u64 comes back with every digit", async (context) => {
  for (const field of ["ttl_ms", "cap_records", "cap_bytes", "idempotency_window_ms", "max_deliveries"]) {
    const topic = context.absent();
    const reply = await topic.put(`{"${field}":18446744073709551615}`);
    ok(reply, 201);
    for (const text of [reply.text, (await topic.get()).text]) {
      contains(text.replaceAll(" ", ""), `"${field}":18446744073709551615`, `config of ${field}`);
    }
    await topic.appended([{ data: 1 }]);
    equal((await topic.state()).count, 1, `count with the largest ${field}`);
  }
});

for (const [name, text] of [
  ["decimal", "1.0"],
  ["exponent", "1e3"],
  ["minus-zero", "-0"],
]) {
  beyond(
    `strict-integer-${name}`,
    `${text} is no integer in a control field`,
    async (context) => {
      const topic = await context.topic();
      for (const field of ["ttl_ms", "cap_records", "lease_ms", "priority"]) {
        invalid(await topic.put(`{"${field}":${text}}`));
      }
    },
    { section: "9.3" },
  );
}

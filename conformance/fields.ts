/** Values that each request field of section 2 refuses: a wrong type, or out of range (spec 2.1, 2.4, 2.6 to 2.8). */

/** By field; the values are JSON. */
export type WrongValues = Readonly<Record<string, readonly unknown[]>>;

const unsigned: readonly unknown[] = ["5", -1, 1.5, true, null, [], {}];
const flag: readonly unknown[] = ["true", 1, 0, null, [], {}];
/** A string for which null counts as absent. */
const optionalText: readonly unknown[] = [5, true, [], {}];

export const configFields: WrongValues = {
  type: ["stream", "LOG", "", 5, null, []],
  ttl_ms: unsigned,
  cap_records: unsigned,
  cap_bytes: unsigned,
  discard: ["new", "", 5, null, true],
  durability: ["sync", "DISK", "", 5, true, []],
  durable: flag,
  priority: ["1", 1.5, 2147483648, -2147483649, true, []],
  auto_priority: flag,
  auto_create: flag,
  idempotency_window_ms: unsigned,
  dedupe_node: flag,
  lease_ms: unsigned,
  claim_jitter_ms: unsigned,
  max_deliveries: unsigned,
  dead_letter: ["", "no blanks", "-dash", 5, true, []],
  leases_durable: flag,
};

export const appendFields: WrongValues = {
  records: ["x", 5, null, true, {}, [], [5], [null], ["x"], [[]], [{}], [{ tag: "a" }]],
  node: optionalText,
  idempotency_key: optionalText,
  create: ["true", 1, 0, [], {}],
  config: ["x", 5, true, []],
  disable_backpressure: flag,
};

export const recordFields: WrongValues = { tag: optionalText, node: optionalText };

export const diffFields: WrongValues = {
  from_seq: unsigned,
  limit: unsigned,
  node: [5, true, {}, [5], [null], ["a", 5]],
  include_tags: flag,
  include_meta: flag,
  wait_ms: unsigned,
  max_batch_bytes: unsigned,
};

export const deleteFields: WrongValues = {
  before_seq: ["5", -1, 1.5, true, [], {}],
  match: [
    5,
    true,
    {},
    [],
    ["tag"],
    ["tag", "Eq"],
    ["tag", "Eq", 5],
    ["tag", "Eq", null],
    ["tag", "Eq", "x", "y"],
    ["tag", "Like", "x"],
    ["tag", "eq", "x"],
    ["node", "Eq", "x"],
    ["tag", "Glob", "x"],
    ["tag", "Glob", ""],
    ["tag", "Glob", "*x"],
    ["tag", "Glob", "a*b*"],
    [["tag", "Eq", "x"]],
  ],
};

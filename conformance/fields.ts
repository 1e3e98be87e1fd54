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

/** Of 5. A node is required, and no empty one is any. */
const node: readonly unknown[] = [5, true, null, [], {}, ""];
const seqs: readonly unknown[] = ["1", 5, true, null, {}, ["1"], [-1], [1.5], [null]];
const leaseIds: readonly unknown[] = ["x", 5, true, {}, [5], [null]];

export const claimFields: WrongValues = { node, max: unsigned, lease_ms: ["5", -1, 1.5, true, [], {}] };
export const ackFields: WrongValues = { node, seqs, lease_ids: leaseIds };
export const nackFields: WrongValues = { node, seqs, lease_ids: leaseIds, delay_ms: unsigned };
export const extendFields: WrongValues = { node, seqs, lease_ids: leaseIds, lease_ms: unsigned };
export const redriveFields: WrongValues = { to: [5, true, [], {}, "no blanks"], limit: unsigned };

export const routerFields: WrongValues = {
  source: [5, true, null, [], {}, "", "no/name"],
  dest: [5, true, null, [], {}, "", "no/name"],
  preserve_node: flag,
  preserve_tag: flag,
  create_dest: flag,
  allow_cycle: flag,
  filter: deleteFields["match"],
  guarantee: ["once", "", 5, null, true],
};

export const watchFields: WrongValues = {
  topics: ["x", 5, true, null, ["a"]],
  node: [5, true, {}, [5], [null], ["a", 5]],
  limit: unsigned,
  max_batch_bytes: unsigned,
  heartbeat_ms: unsigned,
  include_meta: flag,
  include_tags: flag,
  include_data: flag,
  consistency: ["weak", "", 5, null, true],
};

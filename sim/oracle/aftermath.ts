/**
 * The states in which a topic may be found after a crash (spec 6.1, 9.4/1): of what was issued since the last start a
 * prefix in operation order, at least as long as was promised; without what only memory held; and, where the class
 * allows it, with a hole behind it that ends where the topic is found to end.
 */
import { type Crash, keepsAcked, mayLeaveHole } from "./crash.ts";
import { applied, isControl, type Issued, recordsOf, type TopicHistory } from "./history.ts";
import type { ModelTopic } from "./model.ts";
import type { SeenTopic } from "./observation.ts";

/** The longest prefix comes first. */
export function* possibleStates(
  given: TopicHistory,
  crash: Crash,
  seen: SeenTopic | undefined,
  nowMs: number,
): Generator<ModelTopic | undefined> {
  const history = crash === "none" ? given : withOvertakers(given, seen);
  const { acked, ackedLate } = history;
  const isLate = crash !== "none" && ackedLate.some((issued, at) => issued !== acked[at]);
  for (const order of isLate ? [acked, ackedLate] : [acked]) {
    yield* statesOf(history, order, crash, seen, nowMs);
    for (const when of lateDeletes(order, nowMs)) yield* statesOf(history, when, crash, seen, nowMs);
    const without = order.filter(({ change }) => change.kind !== "logRetained");
    if (without.length < order.length) yield* statesOf(history, without, crash, seen, nowMs);
  }
}

/**
 * An append that nobody answered came before one that was acked, where its records are found in front of that one's, or
 * where there is room for what was evicted again.
 */
function withOvertakers(history: TopicHistory, seen: SeenTopic | undefined): TopicHistory {
  const { acked, open } = history;
  const last = acked.findLast(({ change }) => change.kind === "append");
  const unanswered = open.filter(({ instance, change }) => instance === last?.instance && change.kind === "append");
  if (last === undefined || seen === undefined || unanswered.length === 0) return history;
  const copy = history.clone();
  const wanted = new Set(unanswered.flatMap((issued) => recordsOf(issued)).map(({ data }) => data));
  for (const record of seen.records) if (record.seq < last.firstSeq! && wanted.has(record.data)) copy.showed(record);
  const before = copy.acked.slice(
    0,
    copy.acked.findIndex(({ number }) => number === last.number),
  );
  let head = before.reduce(applied, copy.base)?.head ?? 0;
  const left = copy.open.filter(({ number }) => unanswered.some((issued) => issued.number === number));
  const [evicted = []] = choicesOf(left, last.firstSeq! - 1 - head);
  for (const issued of evicted) {
    const [{ data }] = recordsOf(issued);
    copy.showed({ seq: head + 1, ts: issued.atMs, data });
    head += recordsOf(issued).length;
  }
  return copy;
}

/** Whether what it deleted had expired by then depends on when it took effect. */
function isBetween({ change, untilMs, atMs }: Issued): boolean {
  return change.kind === "deleteRecords" && untilMs !== undefined && untilMs > atMs;
}

/** All of the deletes took effect late, or of the latest ones any. */
function* lateDeletes(order: readonly Issued[], nowMs: number): Generator<Issued[]> {
  const between = order.filter(isBetween);
  if (between.length === 0) return;
  yield order.map((issued) => late(issued, nowMs));
  const latest = between.slice(-mostLate);
  for (let choice = 1; choice < (1 << latest.length) - 1; choice++) {
    const chosen = new Set(latest.filter((_, at) => (choice & (1 << at)) !== 0));
    yield order.map((issued) => (chosen.has(issued) ? late(issued, nowMs) : issued));
  }
}

function late(issued: Issued, nowMs: number): Issued {
  return issued.change.kind === "deleteRecords" ? { ...issued, atMs: issued.untilMs ?? nowMs } : issued;
}

function* statesOf(
  history: TopicHistory,
  acked: readonly Issued[],
  crash: Crash,
  seen: SeenTopic | undefined,
  nowMs: number,
): Generator<ModelTopic | undefined> {
  const least = promised(history, acked, crash);
  const head = acked.reduce(applied, history.base)?.head ?? 0;
  const orders = crash === "none" ? [[]] : openOrders(history.open, seen, head);
  for (const open of orders) {
    const sequence = [...acked, ...open];
    for (let length = sequence.length; length >= least; length--) {
      const topic = sequence.slice(0, length).reduce(applied, history.base);
      yield found(topic, crash, seen, nowMs);
      if (crash !== "none" && topic?.isEphemeral === true) {
        yield found(expired(topic, seen?.nowMs ?? nowMs), crash, seen, nowMs);
        const logged = sequence.slice(0, length).filter(({ change }) => change.kind !== "append");
        yield found(logged.reduce(applied, history.base), crash, seen, nowMs);
      }
      if (crash !== "none" && topic !== undefined && becomesDurable(topic, sequence[length]))
        yield found(logged(topic), crash, seen, nowMs);
    }
  }
}

/** How many of the acked changes must be there: all up to the last one that must. */
export function promised(history: TopicHistory, acked: readonly Issued[], crash: Crash): number {
  let least = 0;
  let topic = history.base;
  acked.forEach((issued, index) => {
    const before = topic;
    topic = applied(topic, issued);
    if (issued.settled || mustSurvive(issued, before, crash)) least = index + 1;
  });
  return least;
}

/** By its own class alone. */
export function mustSurvive(issued: Issued, topic: ModelTopic | undefined, crash: Crash): boolean {
  return isControl(issued) || keepsAcked(crash, topic?.config.durability ?? "fsync");
}

/**
 * What was not answered may have taken effect in the order of the calls, or in the one that the records found show; and of
 * the deletes, which may have to look for something first, any may be late.
 */
function openOrders(open: readonly Issued[], seen: SeenTopic | undefined, head: number): Issued[][] {
  if (open.length < 2) return [[...open]];
  const found = new Map(seen?.records.map(({ data, seq }) => [data, seq]));
  // The first of its records may have been evicted.
  const placeOf = (issued: Issued): number =>
    issued.firstSeq ??
    Math.min(Infinity, ...recordsOf(issued).map(({ data }, at) => (found.get(data) ?? Infinity) - at));
  const byPlace = (a: Issued, b: Issued): number => (placeOf(a) === placeOf(b) ? 0 : placeOf(a) - placeOf(b));
  const first = open.filter(({ change }) => change.kind === "create");
  const isFound = (issued: Issued): boolean => found.has(recordsOf(issued)[0]?.data ?? "");
  const then = open.filter(isFound).sort(byPlace);
  // Calls that overtook each other on their way, and what lay between them did not move.
  const isAppend = ({ change }: Issued): boolean => change.kind === "append";
  const overtaken = (appends: readonly Issued[]): Issued[] => {
    const left = [...appends];
    return open.map((issued) => (isAppend(issued) ? left.shift()! : issued));
  };
  const known = open.filter((issued) => isAppend(issued) && isFound(issued)).sort(byPlace);
  const orders = [
    [...open],
    [...new Set([...first, ...then, ...open])],
    overtaken(open.filter(isAppend).sort(byPlace)),
    overtaken([...new Set([...known, ...open.filter(isAppend)])]),
  ];
  // What is not found comes last: it had not happened yet.
  orders.push([...new Set([...first, ...then, ...open.filter((issued) => !isAppend(issued)), ...open])]);
  // What was evicted again at once came before what is found, and filled the seqs in front of it.
  const missing = Math.min(...known.map(placeOf)) - 1 - head;
  const evicted = open.filter((issued) => isAppend(issued) && !isFound(issued) && placeOf(issued) === Infinity);
  for (const ahead of choicesOf(evicted, missing)) orders.push([...new Set([...first, ...ahead, ...then, ...open])]);
  // What was waiting for room comes behind everything else, or not at all.
  const waits = ({ change, order, number }: Issued): boolean => change.kind === "append" && order === number;
  if (open.some(waits)) orders.push([...open.filter((issued) => !waits(issued)), ...open.filter(waits)]);
  const deletes = open.filter(({ change }) => change.kind === "deleteRecords").slice(0, mostLate);
  for (let choice = 1; choice < 1 << deletes.length; choice++) {
    const late = new Set(deletes.filter((_, at) => (choice & (1 << at)) !== 0));
    orders.push(...orders.slice(0, 5).map((order) => [...order.filter((issued) => !late.has(issued)), ...late]));
  }
  return orders;
}

/** Of a few appends those that have so many records together. */
function* choicesOf(appends: readonly Issued[], records: number): Generator<Issued[]> {
  if (appends.length > mostChosen || !(records > 0) || records === Infinity) return;
  for (let choice = 1; choice < 1 << appends.length; choice++) {
    const chosen = appends.filter((_, at) => (choice & (1 << at)) !== 0);
    if (chosen.reduce((sum, issued) => sum + recordsOf(issued).length, 0) === records) yield chosen;
  }
}

/** So many appends are told apart of which nothing is left. */
const mostChosen = 6;

/** So many deletes that are in flight at once are told apart. */
const mostLate = 4;

function becomesDurable({ isEphemeral }: ModelTopic, next: Issued | undefined): boolean {
  return isEphemeral && next?.change.kind === "configure" && next.change.config.durability !== "ephemeral";
}

/**
 * Records that only memory held had expired before they were lost: the floor had passed what lies before them. Or nothing that
 * is in the log tells of them.
 */
function expired(topic: ModelTopic, nowMs: number): ModelTopic {
  const state = topic.clone();
  state.expire(nowMs);
  return state;
}

/** Everything that the topic retains is in the log; the change of class, which comes behind it, is not. */
function logged(topic: ModelTopic): ModelTopic {
  const state = topic.clone();
  state.logAll();
  return state;
}

function found(
  topic: ModelTopic | undefined,
  crash: Crash,
  seen: SeenTopic | undefined,
  nowMs: number,
): ModelTopic | undefined {
  if (topic === undefined) return undefined;
  const state = topic.clone();
  if (crash !== "none") state.restart();
  state.correctTimes(new Map(seen?.records.map(({ seq, ts }) => [seq, ts])));
  state.expire(seen?.nowMs ?? nowMs);
  const missing = seen !== undefined && seen.head > state.head;
  if (missing && mayLeaveHole(crash, state.config.durability))
    state.addHole(seen.head, crash === "restored" ? "restored" : "crash");
  return state;
}

/**
 * The disk that a power loss leaves: the durable state and the survivors among the pending operations (spec 8.1, 9.1).
 * Directory entries survive each by itself, so a name may lead to a file without data, a file may lose its name, and an
 * un-synced directory takes its subtree along. The state given is left as it was.
 */
import { unreachable } from "../../src/base/assert.ts";
import { Prng } from "../prng.ts";
import { DiskState, rootId } from "./disk-state.ts";
import type { DiskNode } from "./node.ts";
import { pagesFor } from "./node.ts";
import type { PendingOperation, PendingWrite, Reach } from "./pending.ts";
import { applyEntry, applyWrite, isData, sectorBytes, sectorCount, wholly } from "./pending.ts";
import type { Survival, TearPattern } from "./survival.ts";

/** `undefined`: the operation is lost altogether. */
type Choice = (operation: PendingOperation, index: number) => Reach | undefined;

const lengthOnly: Reach = { sector: () => false, length: true };

export function crashImage(state: DiskState, survival: Survival): DiskState {
  const { pending } = state;
  const choose = choiceOf(survival, pending.length);
  const image = new DiskState(state);
  for (const node of state.nodes.values()) image.adopt(durableCopy(node));
  pending.forEach((operation, index) => {
    const reach = choose(operation, index);
    if (reach === undefined) return;
    if (!isData(operation)) {
      applyEntry(image.directory(operation.directory).durable, operation);
      return;
    }
    const file = image.node(operation.file);
    if (file.kind !== "file") return;
    const content = image.durableForChange(file);
    if (operation.kind === "write") applyWrite(content, operation, reach);
    else content.resize(operation.length);
  });
  startFromDurable(image);
  return image;
}

/** The same machine with its cache and everything pending, and no process on it. */
export function copyOfState(state: DiskState): DiskState {
  const copy = new DiskState(state, state.pending);
  for (const node of state.nodes.values()) {
    copy.adopt(
      node.kind === "file"
        ? {
            ...node,
            cache: node.cache.freeze(),
            durable: node.durable.freeze(),
            handles: 0,
            lockedBy: undefined,
            sharedBy: new Set(),
          }
        : { ...node, cache: new Map(node.cache), durable: new Map(node.durable) },
    );
  }
  copy.prune();
  return copy;
}

function durableCopy(node: DiskNode): DiskNode {
  if (node.kind === "directory") return { ...node, cache: new Map(), durable: new Map(node.durable) };
  const durable = node.durable.freeze();
  return {
    ...node,
    cache: durable,
    durable,
    links: 0,
    handles: 0,
    allocatedPages: 0,
    lockedBy: undefined,
    sharedBy: new Set(),
  };
}

/** After the loss of the cache the process sees what is durable. */
function startFromDurable(image: DiskState): void {
  const reached = new Map<number, DiskNode>();
  const open = [rootId];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = image.node(id);
    if (node.kind === "file") node.links += 1;
    else if (!reached.has(id)) {
      for (const [name, child] of node.durable) node.cache.set(name, child);
      open.push(...node.durable.values());
    }
    reached.set(id, node);
  }
  image.nodes.clear();
  for (const id of [...reached.keys()].sort((left, right) => left - right)) {
    const node = reached.get(id);
    if (node === undefined) continue;
    if (node.kind === "file") {
      node.cache = node.durable.freeze();
      node.allocatedPages = pagesFor(node.durable.size);
    }
    image.adopt(node);
  }
}

function choiceOf(survival: Survival, count: number): Choice {
  switch (survival.kind) {
    case "none":
      return () => undefined;
    case "all":
      return () => wholly;
    case "last":
      return (_, index) => (index === count - 1 ? wholly : undefined);
    case "entries":
      return (operation) => (isData(operation) ? undefined : wholly);
    case "lengths":
      return (operation) => (operation.kind === "write" ? lengthOnly : wholly);
    case "data":
      return (operation) => (isData(operation) ? wholly : undefined);
    case "prefix":
      return (_, index) => (index < survival.count ? wholly : undefined);
    case "drop":
      return (_, index) => (index === survival.index ? undefined : wholly);
    case "keep":
      return (_, index) => (index === survival.index ? wholly : undefined);
    case "tear":
      return (operation, index) => {
        if (index < survival.index) return wholly;
        if (index > survival.index || operation.kind !== "write") return undefined;
        return tear(survival.pattern, sectorCount(operation));
      };
    case "seed":
      return byChance(survival.seed);
    default:
      return unreachable(survival);
  }
}

function tear(pattern: TearPattern, sectors: number): Reach {
  switch (pattern.kind) {
    case "prefix":
      return { sector: (index) => index < pattern.count, length: false };
    case "suffix":
      return { sector: (index) => index >= sectors - pattern.count, length: true };
    case "hole":
      return { sector: (index) => index < pattern.start || index >= pattern.end, length: true };
    case "only":
      return { sector: (index) => index >= pattern.start && index < pattern.end, length: false };
    case "length":
      return lengthOnly;
  }
}

function byChance(seed: number): Choice {
  const prng = new Prng(seed).fork("survival");
  // Each seed has its own temper, so that nearly-all and nearly-nothing come up as often as half.
  const keptPercent = prng.pick([10, 50, 90]);
  const tornPercent = prng.pick([0, 30, 80]);
  return (operation) => {
    const kept = prng.chance(keptPercent);
    if (operation.kind === "write" && prng.chance(tornPercent)) return tornByChance(operation, prng);
    if (kept) return wholly;
    return operation.kind === "write" && prng.chance(50) ? lengthOnly : undefined;
  };
}

function tornByChance(write: PendingWrite, prng: Prng): Reach {
  const unitSectors = prng.pick([1, 8]);
  const keptPercent = prng.pick([20, 50, 80]);
  const firstSector = write.imageStart / sectorBytes;
  const kept = new Map<number, boolean>();
  const length = prng.chance(50);
  const sector = (index: number): boolean => {
    const unit = Math.floor((firstSector + index) / unitSectors);
    const known = kept.get(unit) ?? prng.chance(keptPercent);
    kept.set(unit, known);
    return known;
  };
  return { sector, length };
}

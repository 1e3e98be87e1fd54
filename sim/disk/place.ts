/** Finds what a path leads to, as the process sees it, with the errors of a real file system. */
import type { DiskState } from "./disk-state.ts";
import { rootId } from "./disk-state.ts";
import { errnoError } from "./errno.ts";
import type { DirectoryNode, DiskNode } from "./node.ts";

export interface Place {
  readonly parent: DirectoryNode;
  readonly name: string;
  /** `undefined` when nothing has that name. */
  readonly node: DiskNode | undefined;
  /** The directories on the way, from the root. */
  readonly way: readonly DirectoryNode[];
}

const longestName = 255;

export function findPlace(state: DiskState, path: string, syscall: string): Place {
  const steps = stepsOf(path);
  const way = [state.directory(rootId)];
  let name = "";
  let node: DiskNode | undefined = way[0];
  if (path === "") throw errnoError("ENOENT", syscall, path);
  for (const step of steps) {
    if (node === undefined) throw errnoError("ENOENT", syscall, path);
    if (node.kind !== "directory") throw errnoError("ENOTDIR", syscall, path);
    if (step.length > longestName) throw errnoError("ENAMETOOLONG", syscall, path);
    if (node !== way.at(-1)) way.push(node);
    if (step === "..") {
      if (way.length > 1) way.pop();
      node = way.at(-1);
      continue;
    }
    name = step;
    const child: number | undefined = node.cache.get(step);
    node = child === undefined ? undefined : state.node(child);
  }
  return { parent: way.at(-1) ?? state.directory(rootId), name, node, way };
}

/** The same few paths are asked for again and again. */
const knownSteps = new Map<string, readonly string[]>();
const mostKnown = 4096;

function stepsOf(path: string): readonly string[] {
  const known = knownSteps.get(path);
  if (known !== undefined) return known;
  if (knownSteps.size >= mostKnown) knownSteps.clear();
  const steps = path.split("/").filter((step) => step !== "" && step !== ".");
  knownSteps.set(path, steps);
  return steps;
}

export function findDirectory(state: DiskState, path: string, syscall: string): DirectoryNode {
  const { node } = findPlace(state, path, syscall);
  if (node === undefined) throw errnoError("ENOENT", syscall, path);
  if (node.kind !== "directory") throw errnoError("ENOTDIR", syscall, path);
  return node;
}

/** The node's id, or `undefined` where a call on this path would fail. */
export function quietlyFind(state: DiskState, path: string): number | undefined {
  try {
    return findPlace(state, path, "stat").node?.id;
  } catch {
    return undefined;
  }
}

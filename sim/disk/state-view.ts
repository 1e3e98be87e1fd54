/** What rules of order may ask of a disk: what processes see, and what a power loss now may leave of it (spec 8.1). */
import type { DiskState } from "./disk-state.ts";
import { rootId } from "./disk-state.ts";
import type { DirectoryNode, FileNode } from "./node.ts";
import type { PendingData, PendingEntry, PendingOperation } from "./pending.ts";
import { isData } from "./pending.ts";
import { findPlace, type Place, quietlyFind } from "./place.ts";
import type { ByteRange, DiskView } from "./rule.ts";

export class StateView implements DiskView {
  readonly #state: DiskState;

  constructor(state: DiskState) {
    this.#state = state;
  }

  hasUnsyncedData(node: number, from = 0): boolean {
    return this.#pendingData(node).some(
      (operation) => operation.kind === "truncate" || operation.position + operation.length > from,
    );
  }

  isSyncedBelow(path: string, end: number): boolean | undefined {
    const file = this.#file(path);
    if (file === undefined) return undefined;
    const reaches = (operation: PendingData): boolean =>
      operation.kind === "truncate" ? operation.length < end : operation.position < end;
    return file.durable.size >= end && !this.#pendingData(file.id).some(reaches);
  }

  head(path: string, length: number): Uint8Array | undefined {
    return this.#file(path)?.cache.bytes(0, length);
  }

  contents(path: string): Uint8Array | undefined {
    const file = this.#file(path);
    return file?.cache.bytes(0, file.cache.size);
  }

  found(path: string): readonly Uint8Array[] {
    const place = this.#place(path);
    if (place === undefined) return [];
    const ids = new Set([place.parent.durable.get(place.name)]);
    for (const entry of this.#pendingEntries(place)) if (entry.kind !== "unlink") ids.add(nodeAt(entry, place.name));
    const files = [...ids].map((id) => (id === undefined ? undefined : this.#state.nodes.get(id)));
    return files.flatMap((node) => (node?.kind === "file" ? [node.durable.bytes(0, node.durable.size)] : []));
  }

  isEntered(path: string): boolean | undefined {
    const place = this.#place(path);
    if (place?.node?.kind !== "file") return undefined;
    const { parent, name, node } = place;
    return parent.durable.get(name) === node.id && this.#pendingEntries(place).length === 0;
  }

  unsynced(path: string): readonly ByteRange[] {
    const file = this.#file(path);
    if (file === undefined) return [];
    return this.#pendingData(file.id).flatMap((operation) =>
      operation.kind === "write" ? [{ from: operation.position, to: operation.position + operation.length }] : [],
    );
  }

  files(): readonly string[] {
    const paths: string[] = [];
    this.#addFiles(this.#state.directory(rootId), "", paths);
    return paths;
  }

  otherNames(path: string): readonly string[] {
    const file = this.#file(path);
    if (file === undefined || file.links < 2) return [];
    return this.files().filter((other) => other !== path && this.#file(other)?.id === file.id);
  }

  #addFiles(directory: DirectoryNode, path: string, paths: string[]): void {
    for (const [name, id] of directory.cache) {
      const child = this.#state.node(id);
      if (child.kind === "file") paths.push(`${path}/${name}`);
      else this.#addFiles(child, `${path}/${name}`, paths);
    }
  }

  #file(path: string): FileNode | undefined {
    const id = quietlyFind(this.#state, path);
    const node = id === undefined ? undefined : this.#state.node(id);
    return node?.kind === "file" ? node : undefined;
  }

  #place(path: string): Place | undefined {
    try {
      return findPlace(this.#state, path, "stat");
    } catch {
      return undefined;
    }
  }

  #pendingData(file: number): PendingData[] {
    return this.#state.pending.filter(
      (operation): operation is PendingData => isData(operation) && operation.file === file,
    );
  }

  /** Those that say what a name leads to. */
  #pendingEntries({ parent, name }: Place): PendingEntry[] {
    const says = (operation: PendingOperation): operation is PendingEntry =>
      !isData(operation) && operation.directory === parent.id && speaksOf(operation, name);
    return this.#state.pending.filter(says);
  }
}

function speaksOf(entry: PendingEntry, name: string): boolean {
  return entry.kind === "rename" ? entry.from === name || entry.to === name : entry.name === name;
}

function nodeAt(entry: Exclude<PendingEntry, { kind: "unlink" }>, name: string): number | undefined {
  return entry.kind === "rename" && entry.to !== name ? undefined : entry.node;
}

/** Every node by path in sorted order: files with their content, directories without. */
export function* walk(
  state: DiskState,
  side: "cache" | "durable",
  directory: DirectoryNode = state.directory(rootId),
  path = "",
): Generator<[string, FileNode["cache"] | undefined]> {
  for (const name of [...directory[side].keys()].sort()) {
    const child = state.node(directory[side].get(name) ?? 0);
    const childPath = `${path}/${name}`;
    if (child.kind === "file") yield [childPath, child[side]];
    else {
      yield [childPath, undefined];
      yield* walk(state, side, child, childPath);
    }
  }
}

/** The pending operations of a disk in the order in which they took effect, and what a sync takes out of them (spec 8.1). */
import type { PendingData, PendingEntry, PendingOperation } from "./pending.ts";
import { isData } from "./pending.ts";

/** `Omit` over each member of the union. */
type Unnumbered<T> = T extends PendingOperation ? Omit<T, "order" | "call"> : never;

export class OperationLog {
  #pending: PendingOperation[];
  #latestOrder = 0;

  constructor(pending: readonly PendingOperation[] = []) {
    this.#pending = [...pending];
    this.#latestOrder = this.#pending.at(-1)?.order ?? 0;
  }

  get pending(): readonly PendingOperation[] {
    return this.#pending;
  }

  /** The order of the latest operation: a sync issued now covers everything up to it. */
  get latestOrder(): number {
    return this.#latestOrder;
  }

  push<T extends PendingOperation>(operation: Unnumbered<T>, call: number): T {
    const numbered = { ...operation, order: ++this.#latestOrder, call } as unknown as T;
    this.#pending.push(numbered);
    return numbered;
  }

  dataOf(file: number): PendingData[] {
    return this.#pending.filter(isData).filter((operation) => operation.file === file);
  }

  takeData(file: number, order: number): PendingData[] {
    const taken = this.dataOf(file).filter((operation) => operation.order <= order);
    this.#remove(taken);
    return taken;
  }

  takeEntries(directory: number, order: number): PendingEntry[] {
    const taken: PendingEntry[] = [];
    for (const operation of this.#pending) {
      if (!isData(operation) && operation.directory === directory && operation.order <= order) taken.push(operation);
    }
    this.#remove(taken);
    return taken;
  }

  /** Forgets what concerns nodes that are gone. */
  keepOnly(nodes: ReadonlySet<number>): void {
    this.#pending = this.#pending.filter((operation) =>
      nodes.has(isData(operation) ? operation.file : operation.directory),
    );
  }

  #remove(taken: readonly PendingOperation[]): void {
    if (taken.length === 0) return;
    const gone = new Set(taken);
    this.#pending = this.#pending.filter((operation) => !gone.has(operation));
  }
}

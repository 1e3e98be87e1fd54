/** What a benchmark of the storage is: steps in processes of their own on one directory, and a table of what they found. */

export interface FigureRow {
  readonly what: string;
  readonly figure: string;
  readonly target?: string;
  /** Absent where there is nothing to miss. */
  readonly met?: boolean;
}

export interface StorageContext {
  /** A fresh directory on the disk, gone when the scenario is over. */
  directory(): Promise<string>;
  /** A step of that name (process.ts) in a process that is killed when it has answered: who wants a clean stop closes. */
  step<Result>(name: string, task: object): Promise<Result>;
  progress(line: string): void;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** How it is done, for whoever reads the figures. */
  readonly about: readonly string[];
  run(context: StorageContext): Promise<readonly FigureRow[]>;
}

/** A part of a scenario, in a process of its own. Tasks and results are plain values. */
export type Steps = Readonly<Record<string, (task: never) => Promise<unknown>>>;

export function atMost(what: string, value: number, limit: number, shown: (value: number) => string): FigureRow {
  return { what, figure: shown(value), target: `≤ ${shown(limit)}`, met: value <= limit };
}

export function ms(value: number): string {
  return value >= 100 ? `${value.toFixed(0)} ms` : `${value.toPrecision(2)} ms`;
}

export function mib(bytes: number): string {
  const value = bytes / 2 ** 20;
  return `${value >= 10 ? value.toFixed(0) : value.toPrecision(2)} MiB`;
}

export function perSecond(value: number, unit = "records"): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M ${unit}/s`;
  return value >= 1e4 ? `${(value / 1e3).toFixed(0)} K ${unit}/s` : `${value.toFixed(0)} ${unit}/s`;
}

export function count(value: number): string {
  return value.toLocaleString("en");
}

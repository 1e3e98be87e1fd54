/** What a benchmark is: a row of the report, and how one round of it is measured. */

export interface Measured {
  /** The row's own figure, in its unit. */
  readonly value: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** CPU of the load driver and of the server, as shares of one core. */
  readonly driverCpu?: number;
  readonly serverCpu?: number;
  /** Further figures worth a note, by name. */
  readonly notes?: Readonly<Record<string, number>>;
}

export interface Pace {
  readonly warmUpMs: number;
  readonly durationMs: number;
}

interface RowBase {
  readonly name: string;
  readonly title: string;
  readonly unit: "records/s" | "ms";
  /** What the figure must reach on the project's 2-core machine: at least for rates, at most for times. */
  readonly floor?: number;
}

/** Measured against a URL; so also against somebody else's. */
export interface UrlRow extends RowBase {
  readonly on: "url";
  measure(url: string, pace: Pace): Promise<Measured>;
}

/** Measured on this build alone. */
export interface OwnRow extends RowBase {
  readonly on: "own";
  measure(pace: Pace): Promise<Measured>;
}

export type Row = UrlRow | OwnRow;

/** Whether a figure is good enough; a row without a floor has nothing to fail. */
export function meetsFloor(row: Row, value: number): boolean {
  if (row.floor === undefined) return true;
  return row.unit === "ms" ? value <= row.floor : value >= row.floor;
}

export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

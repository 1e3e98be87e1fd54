/** What a dump consists of: lines with a type and fields, to be printed as text or as JSON; and where they go. */

export type Field = string | number | boolean | undefined | readonly Field[] | { readonly [name: string]: Field };

export interface Line {
  readonly type: string;
  readonly [field: string]: Field;
}

export interface Output {
  line(line: Line): void;
  /** Asked now and then; what it gives is awaited before more comes. */
  room(): Promise<void> | undefined;
}

/** A stretch that holds nothing that can be read. */
export function damageLine(
  at: number,
  bytes: number,
  reason: string,
  more: Readonly<Record<string, Field>> = {},
): Line {
  return { type: "damage", at, bytes, reason, ...more };
}

export function range(first: number, last: number): string {
  return first === last ? String(first) : `${first}..${last}`;
}

/** µs since the epoch, as people and programs read it. */
export function stampText(stamp: number): string {
  const ms = Math.floor(stamp / 1000);
  return timeText(ms).replace(/Z$/, `${String(stamp % 1000).padStart(3, "0")}Z`);
}

/** ms since the epoch; a number where no calendar reaches. */
export function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

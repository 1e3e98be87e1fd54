/** What an ordering rule sees and says (spec 8.1). A rule is made anew for every disk, because it may remember things. */
import type { Call } from "./call.ts";

export type DiskEvent =
  /** The process has made the call. */
  | { readonly type: "issued"; readonly call: Call }
  /** It has taken effect and the process learns of it; with an errno it has failed. */
  | { readonly type: "answered"; readonly call: Call; readonly errno?: string };

export interface DiskView {
  /** Whether a power loss now could lose data or length of this file, behind its first `from` bytes. */
  hasUnsyncedData(node: number, from?: number): boolean;
  /** Whether a power loss now could take bytes below `end` of the file by that path; `undefined` without such a file. */
  isSyncedBelow(path: string, end: number): boolean | undefined;
  /** The file's first bytes as processes see them; `undefined` without such a file. */
  head(path: string, length: number): Uint8Array | undefined;
}

export interface Rule {
  readonly name: string;
  /** What is wrong, in words; `undefined` while all is well. */
  observe(event: DiskEvent, disk: DiskView): string | undefined;
}

export type RuleFactory = () => Rule;

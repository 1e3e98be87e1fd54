/** An answer that goes on for as long as its connection: its head, and its body piece by piece. */
import type { Readable } from "node:stream";

export interface OpenAnswer {
  readonly head: { readonly status: number; readonly headers: Readonly<Record<string, string>> };
  readonly body: Readable;
  /** Ends the connection without a word. */
  destroy(): void;
}

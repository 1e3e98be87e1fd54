/**
 * Faults by call and index (spec 8.1, 9.2), as values that print as one word and parse back:
 *
 *   CALL[(PART-OF-PATH)]#INDEX:EFFECT[:forever]        write(wal-)#3:EIO     datasync#1:EIO:B     write#5:short=1
 *
 * INDEX counts, from 1, the calls of that name on such a path since the fault was planted. `write` covers `writeSync`,
 * `open` and `read` cover `readSync`.
 *
 *   E…[:A|:B]    the call fails with that errno and does nothing. A failed sync leaves what it covered dirty; with A it is
 *                clean with the new bytes in the cache and the old on disk, with B the cache is reverted as well
 *   after=N:E…   a write of which N bytes land before it fails
 *   short=N      a read or write of N bytes; also short=half and short=less (all but one)
 *   lie          a write, truncate or sync that reports success and does nothing
 *   offset=N     a write that lands N bytes away from its place
 *   flip=N       a read whose bit N is wrong
 *   hang         never completes, unless released (`writeSync` and `readSync` can't)
 *   delay=MS     completes that much later (with a scheduler only; `writeSync` and `readSync` can't)
 *   held         tryLock finds another holder
 *   missing=NAME, junk=NAME    readdir leaves a name out, or adds one
 */
import type { CallName } from "./call.ts";
import { callNames } from "./call.ts";

export type FaultEffect =
  | { readonly kind: "error"; readonly errno: string; readonly variant?: "A" | "B"; readonly after?: number }
  | { readonly kind: "short"; readonly take: number | "half" | "less" }
  | { readonly kind: "lie" | "hang" | "held" }
  | { readonly kind: "offset"; readonly by: number }
  | { readonly kind: "flip"; readonly bit: number }
  | { readonly kind: "delay"; readonly delayMs: number }
  | { readonly kind: "missing" | "junk"; readonly name: string };

export interface Fault {
  readonly call: CallName;
  /** Applies to paths that contain this. */
  readonly path?: string;
  readonly index: number;
  readonly effect: FaultEffect;
  /** From `index` on, instead of at `index` only. */
  readonly forever: boolean;
}

/** The calls on which an effect other than an error, a hang or a delay means anything. */
const places: Partial<Record<FaultEffect["kind"], readonly CallName[]>> = {
  short: ["read", "write"],
  lie: ["write", "truncate", "datasync", "syncDir"],
  offset: ["write"],
  flip: ["read"],
  held: ["tryLock"],
  missing: ["readdir"],
  junk: ["readdir"],
};

export function printFault(fault: Fault): string {
  const where = fault.path === undefined ? "" : `(${fault.path})`;
  return `${fault.call}${where}#${fault.index}:${printEffect(fault.effect)}${fault.forever ? ":forever" : ""}`;
}

export function parseFault(text: string): Fault {
  const [, call, path, index, words = ""] = /^(\w+)(?:\(([^)]+)\))?#(\d+):(.+)$/.exec(text) ?? [];
  const name = callNames.find((known) => known === call);
  const forever = words.endsWith(":forever");
  const effect = parseEffect(forever ? words.slice(0, -":forever".length) : words);
  const known = name !== undefined && effect !== undefined && Number(index) >= 1;
  if (!known || places[effect.kind]?.includes(name) === false) throw new Error(`not a fault: ${text}`);
  return { call: name, ...(path === undefined ? {} : { path }), index: Number(index), effect, forever };
}

function printEffect(effect: FaultEffect): string {
  switch (effect.kind) {
    case "error": {
      const after = effect.after === undefined ? "" : `after=${effect.after}:`;
      return `${after}${effect.errno}${effect.variant === undefined ? "" : `:${effect.variant}`}`;
    }
    case "short":
      return `short=${effect.take}`;
    case "offset":
      return `offset=${effect.by}`;
    case "flip":
      return `flip=${effect.bit}`;
    case "delay":
      return `delay=${effect.delayMs}`;
    case "missing":
    case "junk":
      return `${effect.kind}=${effect.name}`;
    default:
      return effect.kind;
  }
}

function parseEffect(text: string): FaultEffect | undefined {
  if (text === "lie" || text === "hang" || text === "held") return { kind: text };
  const [, after, errno, variant] = /^(?:after=(\d+):)?(E[A-Z0-9]+)(?::([AB]))?$/.exec(text) ?? [];
  if (errno !== undefined) {
    return {
      kind: "error",
      errno,
      ...(variant === "A" || variant === "B" ? { variant } : {}),
      ...(after === undefined ? {} : { after: Number(after) }),
    };
  }
  const [, kind, value = ""] = /^(\w+)=(.+)$/.exec(text) ?? [];
  if (kind === "missing" || kind === "junk") return { kind, name: value };
  if (kind === "short" && (value === "half" || value === "less")) return { kind, take: value };
  if (!/^-?\d+$/.test(value)) return undefined;
  if (kind === "short") return { kind, take: Number(value) };
  if (kind === "offset") return { kind, by: Number(value) };
  if (kind === "flip") return { kind, bit: Number(value) };
  if (kind === "delay") return { kind, delayMs: Number(value) };
  return undefined;
}

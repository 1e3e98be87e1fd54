/**
 * The moment to go back to (spec 6.7): a time, or the record by whose commit it is meant. Stamps are in µs; a time that is
 * given in milliseconds means all of its last one, because `$ts` is.
 */
import { isTopicName } from "../../base/names.ts";
import { RestoreRefused } from "./refused.ts";

export type Moment =
  | { readonly kind: "time"; readonly stamp: number }
  | { readonly kind: "record"; readonly topic: string; readonly seq: number };

const latestMs = Math.floor(Number.MAX_SAFE_INTEGER / 1000) - 1;
const isoPattern = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.(\d{1,9}))?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

export function parseMoment(text: string): Moment {
  const record = /^(.+)@(\d{1,16})$/.exec(text);
  if (record) return recordMoment(record[1], Number(record[2]), text);
  if (/^\d+$/.test(text)) return timeMoment(Number(text), undefined, text);
  const iso = isoPattern.exec(text);
  const ms = iso === null ? NaN : Date.parse(text);
  if (iso === null || Number.isNaN(ms) || !isDay(iso[1])) throw notAMoment(text);
  return timeMoment(ms, iso[2]?.slice(3, 6), text);
}

export function stampText(stamp: number): string {
  const ms = Math.floor(stamp / 1000);
  const rest = String(stamp % 1000).padStart(3, "0");
  return new Date(ms).toISOString().replace("Z", `${rest}Z`);
}

function recordMoment(topic: string, seq: number, text: string): Moment {
  if (!isTopicName(topic) || seq === 0 || !Number.isSafeInteger(seq)) throw notAMoment(text);
  return { kind: "record", topic, seq };
}

/** `fraction`: of the millisecond, in digits, where it was given. */
function timeMoment(ms: number, fraction: string | undefined, text: string): Moment {
  if (!(ms >= 0 && ms <= latestMs)) throw notAMoment(text);
  const rest = fraction === undefined || fraction === "" ? 999 : Number(fraction.padEnd(3, "0"));
  return { kind: "time", stamp: ms * 1000 + rest };
}

/** `Date.parse` takes a 30th of February for the 2nd of March. */
function isDay(text: string): boolean {
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

function notAMoment(text: string): RestoreRefused {
  return new RestoreRefused(
    `"${text}" is not a moment: 2026-11-21T10:00:00Z (with Z or an offset), milliseconds since 1970, or TOPIC@SEQ`,
  );
}

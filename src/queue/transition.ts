/**
 * What the log says of jobs (spec 5, 6.2): the keeper's part of a `lease` frame. What a claim gives out in one go has
 * consecutive lease numbers, so that it takes little room. Reading believes nothing that writing does not give.
 */
import { isCount, isObject } from "../base/decoded-json.ts";

/** Leases of one node that were given out together. */
export interface LoggedClaim {
  readonly node: string;
  readonly prefix: string;
  /** Lease number of the first job; the others' follow. */
  readonly first: number;
  readonly leaseMs: number;
  readonly deadlineMs: number;
  /** Seq and deliveries, this one included. */
  readonly jobs: readonly (readonly [number, number])[];
}

/** A job that was given back: not before its time (0: at once), and how often it was delivered by then. */
export type LoggedReturn = readonly [seq: number, dueMs: number, deliveries: number];

export interface Transition {
  readonly claims?: readonly LoggedClaim[];
  readonly returned?: readonly LoggedReturn[];
  readonly extended?: { readonly leaseMs: number; readonly deadlineMs: number; readonly seqs: readonly number[] };
  /** So many of the records that are gone by it were moved to the dead letters. */
  readonly dead?: number;
}

export function isTransition(value: unknown): value is Transition {
  if (!isObject(value)) return false;
  const { claims, returned, extended, dead } = value;
  return (
    (claims === undefined || isListOf(claims, isClaim)) &&
    (returned === undefined || isListOf(returned, isReturn)) &&
    (extended === undefined || isExtension(extended)) &&
    (dead === undefined || isCount(dead))
  );
}

function isClaim(value: unknown): value is LoggedClaim {
  if (!isObject(value)) return false;
  const { node, prefix, first, leaseMs, deadlineMs, jobs } = value;
  if (typeof node !== "string" || typeof prefix !== "string" || !/^[0-9a-f]{16}$/.test(prefix)) return false;
  return [first, leaseMs, deadlineMs].every(isCount) && isListOf(jobs, (job) => isTuple(job, 2));
}

function isReturn(value: unknown): value is LoggedReturn {
  return isTuple(value, 3);
}

function isExtension(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { leaseMs, deadlineMs, seqs } = value;
  return isCount(leaseMs) && isCount(deadlineMs) && isListOf(seqs, isCount);
}

export function isTuple(value: unknown, length: number): value is readonly number[] {
  return Array.isArray(value) && value.length === length && value.every(isCount);
}

export function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is readonly T[];
export function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean;
export function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

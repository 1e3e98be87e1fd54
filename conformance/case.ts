/**
 * What a conformance case is: one behaviour of the contract, the section it stands on, and a profile. `core` asserts
 * only what is marked [wire], so that any implementation of `/v0` can be held to it; `beyond` asserts what this product
 * adds (spec 8.5). Case files under `cases/` export `cases`, made by a suite.
 */
import type { Context } from "./context.ts";

export type Profile = "core" | "beyond";

export interface Case {
  /** `<endpoint>/<what>`: stable, unique over all case files. */
  readonly id: string;
  /** The section of the contract, such as `2.6`. */
  readonly section: string;
  readonly profile: Profile;
  /** A sentence that is true of a conforming server. */
  readonly title: string;
  /** Returns when the server conforms, throws otherwise. */
  readonly run: (context: Context) => Promise<void>;
  /** A reason why this server's configuration makes the case impossible, or `undefined`. */
  readonly needs?: (context: Context) => string | undefined;
}

/** Thrown by a case that finds out on the way that it can't be judged on this server: skipped, never passed. */
export class Skipped extends Error {
  override readonly name = "Skipped";
}

type Run = Case["run"];

export interface CaseOptions {
  /** Where it differs from the suite's. */
  readonly section?: string;
  readonly needs?: NonNullable<Case["needs"]>;
}

export type AddCase = (what: string, title: string, run: Run, options?: CaseOptions) => void;

export interface Suite {
  readonly cases: readonly Case[];
  readonly core: AddCase;
  readonly beyond: AddCase;
  /** Of `beyond`, with servers of its own (`context.server`): restarts, kills, other settings. */
  readonly managed: AddCase;
}

const needsCommand: NonNullable<Case["needs"]> = ({ command }) =>
  command === undefined ? "it needs servers of its own: --spawn" : undefined;

/** Collects the cases of one endpoint. */
export function suite(endpoint: string, section: string): Suite {
  const cases: Case[] = [];
  const add = (profile: Profile, what: string, title: string, run: Run, options: CaseOptions = {}): void => {
    cases.push({ section, ...options, id: `${endpoint}/${what}`, profile, title, run });
  };
  return {
    cases,
    core: (what, title, run, options) => {
      add("core", what, title, run, options);
    },
    beyond: (what, title, run, options) => {
      add("beyond", what, title, run, options);
    },
    managed: (what, title, run, options = {}) => {
      const needs: Case["needs"] = (context) => needsCommand(context) ?? options.needs?.(context);
      add("beyond", what, title, run, { ...options, needs });
    },
  };
}

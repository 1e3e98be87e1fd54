/** The names of topics (spec 1.2) and routers (spec 3.1): ASCII, case-sensitive, never part of a file path. */
import { assert } from "./assert.ts";
import { maxNameLength } from "./limits.ts";

const topicName = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,254}$/;
const routerName = /^[A-Za-z0-9][A-Za-z0-9._:>-]{0,254}$/;

assert(topicName.test("a".repeat(maxNameLength)) && !topicName.test("a".repeat(maxNameLength + 1)), "the longest name");

export function isTopicName(name: string): boolean {
  return topicName.test(name);
}

export function isRouterName(name: string): boolean {
  return routerName.test(name);
}

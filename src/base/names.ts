/**
 * The names of topics (spec 1.2) and routers (spec 3.1): ASCII, case-sensitive, never part of a file path. And those of
 * backups (spec 6.7), which are: one plain segment of a path.
 */
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

export const maxBackupNameLength = 128;
/** So that a file system takes it, with what is put around it while the backup is made. */
const maxBackupNameBytes = 200;
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/u;

/** Says what is wrong with it; `undefined` when it is a name. */
export function wrongBackupName(name: string): string | undefined {
  if (name === "") return "is empty";
  if (name.length > maxBackupNameLength || Buffer.byteLength(name) > maxBackupNameBytes)
    return `has more than ${maxBackupNameLength} characters, or ${maxBackupNameBytes} bytes`;
  if (name.startsWith(".")) return "begins with a dot";
  if (name.includes("/") || name.includes("\\")) return "is more than one segment of a path";
  return unprintable.test(name) ? "has characters that cannot be seen" : undefined;
}

/** Section 6, as far as a client sees it. */
import { type Claim, claimsOf } from "../claim.ts";

export const claims: readonly Claim[] = [
  ...claimsOf(
    "6.1",
    [
      "beyond",
      "what was acked to disk and fsync topics is there after a kill, unannounced",
      "restart/disk-kill",
      "restart/fsync-kill",
      "under-load/kill",
    ],
    [
      "beyond",
      "memory topics have what they had, or announce it; a stop takes nothing from them",
      "restart/memory-kill",
      "start-stop/memory",
    ],
    [
      "beyond",
      "ephemeral topics keep configuration and seqs, and announce the rest",
      "restart/ephemeral-kill",
      "restart/stop",
    ],
    ["beyond", "configuration and routers are durable when they are answered", "restart/config", "forwarding/restarts"],
    ["beyond", "what an ephemeral topic has when it changes class is durable", "restart/becomes-durable"],
  ),
  ...claimsOf(
    "6.2",
    [
      "beyond",
      "a log of many files is replayed in order, by any number of shards",
      "storage/many-files",
      "storage/other-shards",
    ],
    ["beyond", "a file of the log that is gone is missed", "storage/missing-log"],
    ["beyond", "a second process on the directory refuses to start", "restart/second-process"],
  ),
  ...claimsOf(
    "6.3",
    ["beyond", "sealed and cold records are read like any others", "storage/sealed-reads", "storage/cold"],
    ["beyond", "deletes of sealed records stay done", "storage/sealed-deletes"],
    ["beyond", "idle topics are kept when the log is cut", "storage/idle-topic"],
  ),
  ...claimsOf(
    "6.7",
    [
      "beyond",
      "a backup is made once by a name, while writes go on, and answered with what is in it",
      "backup/made",
      "backup/exists",
      "backup/together",
      "backup/writes-go-on",
      "backup/unauthorized",
    ],
    ["beyond", "its name is a plain path segment", "backup/names", "backup/wrong-name", "backup/methods"],
  ),
];

/** What the server says: JSON lines for machines (pino), one plain line each on a terminal (spec 7.1). */
import { pino } from "pino";
import type { EngineEvent } from "../engine/events.ts";
import type { Settings } from "./settings.ts";

export type Level = Exclude<Settings["TOPICS_LOG"], "silent">;

export interface Log {
  write(level: Level, message: string, facts?: Readonly<Record<string, unknown>>): void;
}

export function openLog(level: Settings["TOPICS_LOG"]): Log {
  return process.stderr.isTTY ? new TerminalLog(level) : new LineLog(level);
}

class LineLog implements Log {
  readonly #pino;

  constructor(level: Settings["TOPICS_LOG"]) {
    this.#pino = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
  }

  write(level: Level, message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#pino[level](facts, message);
  }
}

const severity: Readonly<Record<Settings["TOPICS_LOG"], number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: Infinity,
};

class TerminalLog implements Log {
  readonly #least: number;

  constructor(level: Settings["TOPICS_LOG"]) {
    this.#least = severity[level];
  }

  write(level: Level, message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    if (severity[level] < this.#least) return;
    const rest = Object.entries(facts).map(
      ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    process.stderr.write(`${[level === "info" ? message : `${level}: ${message}`, ...rest].join("  ")}\n`);
  }
}

/** Events that somebody should read, and how loudly they are said; the rest are for metrics. */
export function logEvent(log: Log, event: EngineEvent): void {
  const { type, ...facts } = event;
  switch (type) {
    case "wal-synced":
    case "wal-written":
    case "wal-marked":
      return;
    case "wal-rotated":
    case "wal-recovered":
    case "wal-retired":
    case "checkpoint-written":
    case "segment-sealed":
    case "segment-rewritten":
    case "segment-moved":
    case "segments-removed":
      return log.write("debug", type, facts);
    case "wal-latched":
      return log.write("error", "a WAL shard is read-only after a disk error; restart when the disk is well", facts);
    case "wal-abandoned":
    case "wal-space-short":
      return log.write("error", "no space for the WAL: appends are refused until there is some", facts);
    case "wal-tail-cut":
      return log.write("warn", "cut a torn tail that was never acked as synced", facts);
    case "hole-found":
      return log.write("warn", "records may have been lost; readers will be told", facts);
    case "shards-changed":
      return log.write("info", "the log goes on with another number of shards", facts);
    case "checkpoint-damaged":
      return log.write("error", "a checkpoint is damaged; the one before it is used", facts);
    case "checkpoint-failed":
      return log.write("warn", "a checkpoint could not be written; it is tried again", facts);
    case "storage-failed":
      return log.write("warn", "work on segments failed; nothing is lost, and it is tried again", facts);
    case "segment-damaged":
      return log.write("error", "a segment is damaged: reads of this range fail", facts);
    case "segment-rescued":
      return log.write("warn", "a damaged segment was made whole from the log", facts);
    case "wal-archive-failed":
      return log.write("error", "the archive does not take a log file, which therefore stays", facts);
    case "backup-made":
      return log.write("info", "a backup is complete", facts);
    case "backup-failed":
      return log.write("error", "a backup could not be made", facts);
    case "clock-jumped":
      return log.write("warn", "the wall clock jumped ahead by more than an hour", facts);
    case "wal-space-back":
    case "recovered":
    case "stopped":
      return log.write("info", type, facts);
  }
}

/**
 * The settings of a server (spec 7.1): environment variables, their defaults, and what they accept. An empty value counts
 * as unset; a value that does not parse stops the start with a message that names it; an unknown `TOPICS_*` name is worth
 * a warning, never an error.
 */
import { cpus } from "node:os";
import { BadApiKeys, parseApiKeys } from "../http/auth/api-keys.ts";
import { defaultHttpConfig } from "../http/config.ts";
import { KeyRing } from "../http/auth/key-ring.ts";
import {
  bodyBytesCeiling,
  defaultBatchLimits,
  defaultMaxClaim,
  defaultMaxLimit,
  defaultMaxWatchSessions,
  defaultMaxWatchTopics,
  defaultStreamBufferBytes,
  minDepth,
} from "../base/limits.ts";
import { defaultRoutersConfig } from "../engine/config.ts";
import { defaultStorageConfig } from "../engine/storage-config.ts";
import { defaultWalConfig } from "../wal/config.ts";
import { maxShards } from "../wal/frame.ts";

export class SettingError extends Error {
  override readonly name = "SettingError";
}

type Parser<T> = (text: string, name: string) => T;

interface Setting<T> {
  readonly parse: Parser<T>;
  readonly standard: T;
  readonly help: string;
}

function integer(least: number, most: number): Parser<number> {
  return (text, name) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most))
      throw new SettingError(`${name} must be a whole number from ${least} to ${most}, not "${text}"`);
    return value;
  };
}

const plainText: Parser<string> = (text) => text;

const flag: Parser<boolean> = (text, name) => {
  if (text === "1" || text === "true") return true;
  if (text === "0" || text === "false") return false;
  throw new SettingError(`${name} must be 1, true, 0 or false, not "${text}"`);
};

function oneOf<T extends string>(...words: readonly T[]): Parser<T> {
  return (text, name) => {
    const word = words.find((known) => known === text);
    if (word === undefined) throw new SettingError(`${name} must be one of ${words.join(", ")}, not "${text}"`);
    return word;
  };
}

const hostNames: Parser<readonly string[]> = (text, name) => {
  const names = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const wrong = names.find((part) => !/^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/.test(part));
  if (wrong === undefined) return names;
  throw new SettingError(`${name} must be host names without ports, separated by commas; "${wrong}" is none`);
};

const origins: Parser<readonly string[]> = (text, name) => {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const wrong = parts.find((part) => part !== "*" && !/^[a-z][a-z0-9+.-]*:\/\/[^/\s?#@]+$/i.test(part));
  if (wrong === undefined) return parts;
  throw new SettingError(`${name} must be origins such as https://a.example, or *; "${wrong}" is none`);
};

const keys: Parser<KeyRing> = (text) => {
  try {
    return parseApiKeys(text);
  } catch (error) {
    throw error instanceof BadApiKeys ? new SettingError(error.message) : error;
  }
};

function setting<T>(parse: Parser<T>, standard: T, help: string): Setting<T> {
  return { parse, standard, help };
}

const anySize = Number.MAX_SAFE_INTEGER;
const { maxRecords, maxRecordBytes, maxBodyBytes, maxMetaBytes, maxTagBytes, maxNodeBytes, maxDepth } =
  defaultBatchLimits;

/** One row per variable that this version acts on. */
export const settings = {
  TOPICS_HOST: setting(plainText, "127.0.0.1", "address to listen on, or host:port"),
  TOPICS_PORT: setting(integer(0, 65_535), 4000, "port to listen on; 0 takes any free one"),
  TOPICS_PORT_FILE: setting(plainText, "", "file that the chosen host:port is written to"),
  TOPICS_DATA_DIR: setting(plainText, "./topics-data", "directory of the log; absent or empty is a fresh start"),
  TOPICS_API_KEYS: setting(keys, new KeyRing(), "key[:scopes[:prefixes]],…; no access control when unset"),
  TOPICS_PROBE_AUTH: setting(flag, false, "health and ready ask for a key too"),
  TOPICS_ALLOW_INSECURE_NO_AUTH: setting(flag, false, "allow listening beyond loopback without keys"),
  TOPICS_ALLOWED_HOSTS: setting(hostNames, [], "names beside loopback ones to answer to, separated by commas"),
  TOPICS_CORS_ORIGINS: setting(origins, [], "web origins whose pages may speak to this server, or *; needs keys"),
  TOPICS_WAL_SHARDS: setting(
    integer(0, maxShards),
    0,
    "ordered writers of the log; 0 is min(cpus, 8) for a fresh directory",
  ),
  TOPICS_WAL_FILE_BYTES: setting(integer(65_536, 2 ** 32), defaultWalConfig.fileBytes, "length of a WAL file"),
  TOPICS_DISK_SYNC_MS: setting(
    integer(1, 60_000),
    defaultWalConfig.diskSyncMs,
    "how long an acked disk write may stay un-synced",
  ),
  TOPICS_CACHE_BYTES: setting(integer(0, anySize), defaultStorageConfig.cacheBytes, "sealed records kept in memory"),
  TOPICS_TAIL_BYTES: setting(
    integer(1 << 20, anySize),
    defaultStorageConfig.tailBytes,
    "memory of records that are not sealed yet",
  ),
  TOPICS_CHECKPOINT_BYTES: setting(
    integer(65_536, anySize),
    defaultStorageConfig.checkpointBytes,
    "log after which a checkpoint is due",
  ),
  TOPICS_CHECKPOINT_MS: setting(
    integer(100, 2 ** 31 - 1),
    defaultStorageConfig.checkpointMs,
    "time after which a checkpoint is due, if anything was logged",
  ),
  TOPICS_SEGMENT_MAX_EVENTS: setting(
    integer(1, 1 << 28),
    defaultStorageConfig.segmentMaxRecords,
    "records after which a topic's tail is sealed",
  ),
  TOPICS_SEGMENT_MAX_BYTES: setting(
    integer(1, 2 ** 31),
    defaultStorageConfig.segmentMaxBytes,
    "bytes after which a topic's tail is sealed",
  ),
  TOPICS_SEGMENT_MAX_AGE_MS: setting(
    integer(0, anySize),
    defaultStorageConfig.segmentMaxAgeMs,
    "age at which a tail of 256 KiB or more is sealed; 0 is never",
  ),
  TOPICS_COLD_DIR: setting(plainText, "", "directory for older segments; off when unset"),
  TOPICS_HOT_RETAIN_SEGMENTS: setting(
    integer(0, anySize),
    defaultStorageConfig.hotRetainSegments,
    "newest segments of a topic that stay out of the cold directory",
  ),
  TOPICS_HOT_RETAIN_BYTES: setting(
    integer(0, anySize),
    defaultStorageConfig.hotRetainBytes,
    "bytes of a topic that stay out of the cold directory; 0 counts segments only",
  ),
  TOPICS_WAL_ARCHIVE_DIR: setting(plainText, "", "directory that keeps retired log files; off when unset"),
  TOPICS_BACKUP_DIR: setting(plainText, "", "directory that POST /v0/backup writes to; off when unset"),
  TOPICS_MAX_TOPICS: setting(integer(0, anySize), 100_000, "topics in all; 0 is unlimited"),
  TOPICS_MAX_ROUTERS: setting(integer(0, anySize), defaultRoutersConfig.max, "routers in all; 0 is unlimited"),
  TOPICS_ROUTER_RETAIN_BYTES: setting(
    integer(0, anySize),
    defaultRoutersConfig.retainBytes,
    "of one source, what has left it and is still to be forwarded",
  ),
  TOPICS_MAX_IDEMPOTENCY_KEYS: setting(
    integer(0, anySize),
    1_000_000,
    "idempotency keys remembered in all; 0 is unlimited",
  ),
  TOPICS_MAX_WATCH_TOPICS: setting(integer(1, 10_000), defaultMaxWatchTopics, "topics that one watch request names"),
  TOPICS_MAX_WATCH_SESSIONS: setting(
    integer(0, anySize),
    defaultMaxWatchSessions,
    "watch sessions in all; 0 is unlimited",
  ),
  TOPICS_PRESSURE_DELAY_MS: setting(
    integer(0, 600_000),
    5000,
    "lateness of the process at which writes are refused; a tenth of it slows delivery; 0 is never",
  ),
  TOPICS_STREAM_BUFFER_BYTES: setting(
    integer(65_536, 2 ** 30),
    defaultStreamBufferBytes,
    "bytes that may be pending on one stream",
  ),
  TOPICS_MAX_TOTAL_BYTES: setting(integer(0, anySize), 0, "bytes that all topics together retain; 0 is unlimited"),
  TOPICS_MAX_SSE_CONNECTIONS: setting(
    integer(0, anySize),
    defaultHttpConfig.maxStreams,
    "watch, work and WebSocket connections; 0 is unlimited",
  ),
  TOPICS_MAX_SSE_CONNECTIONS_PER_KEY: setting(
    integer(0, anySize),
    defaultHttpConfig.maxStreamsPerKey,
    "the same for each key; 0 is unlimited",
  ),
  TOPICS_MAX_INFLIGHT_PER_KEY: setting(
    integer(0, anySize),
    defaultHttpConfig.maxInFlightPerKey,
    "requests at once for each key; 0 is unlimited",
  ),
  TOPICS_MAX_BUFFERED_BYTES: setting(
    integer(0, anySize),
    defaultHttpConfig.maxBufferedBytes,
    "memory of bodies being received and answers being sent; 0 is unlimited",
  ),
  TOPICS_MAX_LIMIT: setting(integer(1, 1_000_000), defaultMaxLimit, "records of one read"),
  TOPICS_MAX_CLAIM: setting(integer(1, 100_000), defaultMaxClaim, "jobs of one claim, seqs of one ack"),
  TOPICS_MAX_BATCH_RECORDS: setting(integer(1, 1_000_000), maxRecords, "records of one write"),
  TOPICS_MAX_RECORD_BYTES: setting(integer(1, bodyBytesCeiling), maxRecordBytes, "data and meta of one record"),
  TOPICS_MAX_BODY_BYTES: setting(integer(1, 512 << 20), maxBodyBytes, "one request body"),
  TOPICS_MAX_META_BYTES: setting(integer(1, bodyBytesCeiling), maxMetaBytes, "meta of one record"),
  TOPICS_MAX_TAG_BYTES: setting(integer(1, 65_536), maxTagBytes, "tag of one record"),
  TOPICS_MAX_NODE_BYTES: setting(integer(1, 65_536), maxNodeBytes, "node of one record"),
  TOPICS_MAX_JSON_DEPTH: setting(integer(minDepth, 10_000), maxDepth, "levels of JSON nesting"),
  TOPICS_LOG: setting(
    oneOf("fatal", "error", "warn", "info", "debug", "trace", "silent"),
    "info",
    "least level that is logged",
  ),
} as const;

export type SettingName = keyof typeof settings;
export type Settings = { readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer T> ? T : never };

export interface ReadSettings {
  readonly settings: Settings;
  /** Where each value comes from. */
  readonly sources: Readonly<Record<SettingName, "default" | "environment" | "flag">>;
  readonly warnings: readonly string[];
}

export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Partial<Record<SettingName, string>>>,
): ReadSettings {
  const values: Record<string, unknown> = {};
  const sources: Record<string, "default" | "environment" | "flag"> = {};
  for (const [name, row] of Object.entries(settings) as [SettingName, Setting<unknown>][]) {
    const given = flags[name] ?? (environment[name] || undefined);
    values[name] = given === undefined ? row.standard : row.parse(given, name);
    sources[name] = flags[name] !== undefined ? "flag" : given === undefined ? "default" : "environment";
  }
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith("TOPICS_") || !value || name in settings) continue;
    warnings.push(`${name} is not a setting of this server`);
  }
  return { settings: values as Settings, sources: sources as ReadSettings["sources"], warnings };
}

/** A port in the host wins (spec 7.1). IPv6 addresses with a port go in brackets. */
export function listenAddress({ TOPICS_HOST: text, TOPICS_PORT: port }: Settings): { host: string; port: number } {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  const split = bracketed ?? /^([^:]+):(\d+)$/.exec(text);
  if (!split && /^[^:]*:[^:]*$/.test(text))
    throw new SettingError(`TOPICS_HOST must be an address, or address:port, not "${text}"`);
  if (!split) return { host: text, port };
  return {
    host: split[1],
    port: split[2] === undefined ? port : integer(0, 65_535)(split[2], "the port in TOPICS_HOST"),
  };
}

/** The default of `TOPICS_WAL_SHARDS`. */
export function defaultShards(): number {
  return Math.min(cpus().length, 8);
}

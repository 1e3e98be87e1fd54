/**
 * For programs that have the log inside (docs/ARCHITECTURE.md): the engine, the machine that it runs on, and the HTTP
 * server, each with its configuration and defaults.
 */
export { TopicsError } from "./base/errors.ts";
export { openEngine, type RunningEngine } from "./engine/engine.ts";
export type * from "./engine/api.ts";
export type { EngineConfig } from "./engine/config.ts";
export type { EngineHooks } from "./engine/engine-hooks.ts";
export type { EngineEvent, EngineEvents } from "./engine/events.ts";
export { defaultStorageConfig, type StorageConfig } from "./engine/storage-config.ts";
export type * from "./env/env.ts";
export { nodeEnv } from "./env/node-env.ts";
export { parseApiKeys } from "./http/auth/api-keys.ts";
export { defaultHttpConfig, type HttpConfig } from "./http/config.ts";
export type { HttpDeps, HttpEvents } from "./http/deps.ts";
export { type HttpServer, startServer } from "./http/server.ts";
export { defaultWalConfig, type WalConfig } from "./wal/config.ts";

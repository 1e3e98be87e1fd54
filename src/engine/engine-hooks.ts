/** Where the engine's reports go. */
import type { EngineEvents } from "./events.ts";

export interface EngineHooks {
  readonly events: EngineEvents;
  /** A bug was met where nobody can be told: the process should end. */
  crash(error: unknown): void;
}

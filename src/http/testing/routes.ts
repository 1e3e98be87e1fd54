/** The table of routes, for tests that are made from it. */
import { nodeEnv } from "../../env/node-env.ts";
import { defaultHttpConfig } from "../config.ts";
import { doorDeps } from "../deps.ts";
import { type Route, routeTable } from "../routes/table.ts";
import { FakeEngine } from "./fake-engine.ts";

export function everyRoute(): readonly Route[] {
  const { clock, timers } = nodeEnv();
  const events = { handlerFailed: () => undefined, connectionRefused: () => undefined };
  return routeTable(doorDeps({ engine: new FakeEngine(), clock, timers, events, config: defaultHttpConfig })).routes;
}

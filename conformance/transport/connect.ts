/** A client, or an answer without an end, over the protocol that the target says. */
import type { Target } from "../target.ts";
import { Client } from "./client.ts";
import { H2cExchange, openH2c } from "./h2c.ts";
import { Http1Exchange, openHttp1 } from "./http1.ts";
import type { OpenAnswer } from "./open-answer.ts";

export function clientFor(target: Target, signal?: AbortSignal): Client {
  return new Client(target, target.isHttp2 ? new H2cExchange(target) : new Http1Exchange(target), { signal });
}

export function openAnswer(
  target: Target,
  path: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenAnswer> {
  return (target.isHttp2 ? openH2c : openHttp1)(target, path, signal, headers);
}

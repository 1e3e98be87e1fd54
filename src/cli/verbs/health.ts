/**
 * `topics health`: whether a server serves (spec 7.4), for whoever starts and watches it: containers, service managers,
 * scripts. With `--wait` it asks until it does.
 */
import { getJson } from "../../client/call.ts";
import { errnoOf } from "../../env/env.ts";
import { exitCode } from "../exit-code.ts";
import { listenAddress, type ReadSettings } from "../settings.ts";

export interface HealthArguments {
  /** Where no address is given, the one that a server would listen on with the same environment. */
  readonly url: string | undefined;
  readonly waitSeconds: number;
  readonly token: string | undefined;
}

const askEveryMs = 200;

/** Resolves to the exit code. */
export async function runHealth({ url, waitSeconds, token }: HealthArguments, read: ReadSettings): Promise<number> {
  const target = new URL("/v0/ready", url ?? ownAddress(read));
  const until = Date.now() + waitSeconds * 1000;
  for (;;) {
    const wrong = await ask(target, token);
    if (wrong === undefined) return exitCode.good;
    if (Date.now() >= until) {
      process.stderr.write(`topics: ${target.origin} ${wrong}\n`);
      return exitCode.failed;
    }
    await new Promise((resolve) => setTimeout(resolve, askEveryMs));
  }
}

/** What keeps it from serving; a server that asks for a key (`TOPICS_PROBE_AUTH`) is told apart from one that is not ready. */
async function ask(target: URL, token: string | undefined): Promise<string | undefined> {
  try {
    const { status, body } = await getJson(target, token);
    if (status === 200) return undefined;
    const { error } = (body ?? {}) as { readonly error?: { readonly code?: string } };
    return `answers ${status} ${error?.code ?? ""}`.trim();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return `does not answer: ${errno}`;
  }
}

function ownAddress({ settings }: ReadSettings): string {
  const { host, port } = listenAddress(settings);
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

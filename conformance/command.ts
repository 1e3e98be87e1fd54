/**
 * The command line of the probe: arguments in, text and an exit code out. 0 only if nothing failed, 1 if a case
 * failed, 2 for bad usage or a server that can't be reached.
 */
import { parseArgs } from "node:util";
import type { Case, Profile } from "./case.ts";
import { caseList } from "./catalogue.ts";
import { discoverCases, discoverClaims, discoverMembers } from "./discover.ts";
import { Failure } from "./expect.ts";
import { ManagedServer } from "./managed/managed-server.ts";
import type { Reporter } from "./report.ts";
import { runCases, selectCases } from "./runner.ts";
import type { RunOptions } from "./runner.ts";
import { parseTarget } from "./target.ts";
import type { Target } from "./target.ts";
import { clientFor } from "./transport/connect.ts";

export const usage = `usage: topics probe URL [options]
       topics probe --spawn COMMAND [options]

Holds a server to the /v0 contract, over HTTP alone.

  --spawn COMMAND      start the server, with its settings in the environment, and more of them for the cases that
                       need restarts, kills, low limits or keys
  --token KEY          the API key to send; with --spawn the server is started with it
  --h2c                HTTP/2 with prior knowledge, wherever a case is not about HTTP/1.1 itself
  --profile PROFILE    core, beyond or all (default all)
  --filter TEXT        only cases whose id contains TEXT or whose section is TEXT; several with commas
  --reporter NAME      spec, tap, junit or json (default spec)
  --parallel N         cases at once (default 8)
  --list               print the cases instead of running them; needs no URL
  --catalogue          print docs/conformance-cases.md: what is asked, by section
  --help               this text
`;

export interface Output {
  out(text: string): void;
  err(text: string): void;
}

/** What the arguments ask for, checked. */
interface Command {
  readonly target: Target | undefined;
  readonly command: string | undefined;
  readonly token: string | undefined;
  readonly isHttp2: boolean;
  readonly options: RunOptions;
  readonly reporter: Reporter;
  readonly list: boolean;
  readonly catalogue: boolean;
  readonly help: boolean;
}

const profiles: readonly string[] = ["core", "beyond", "all"] satisfies (Profile | "all")[];

async function parseCommand(args: readonly string[]): Promise<Command> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      spawn: { type: "string" },
      token: { type: "string" },
      h2c: { type: "boolean", default: false },
      profile: { type: "string", default: "all" },
      filter: { type: "string" },
      reporter: { type: "string", default: "spec" },
      parallel: { type: "string" },
      list: { type: "boolean", default: false },
      catalogue: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { list, catalogue, help, h2c, token } = values;
  if (!profiles.includes(values.profile)) throw new TypeError(`unknown profile: ${values.profile}`);
  const reporters = await discoverMembers<Reporter>("./reporters/", "report");
  const reporter = reporters.get(values.reporter);
  if (reporter === undefined) {
    throw new TypeError(`unknown reporter: ${values.reporter} (there are ${[...reporters.keys()].join(", ")})`);
  }
  const command = values.spawn;
  if (command !== undefined && positionals.length > 0) throw new TypeError("--spawn takes the place of the URL");
  const wantsUrl = !list && !catalogue && !help && command === undefined;
  if (positionals.length > 1 || (wantsUrl && positionals.length === 0))
    throw new TypeError("exactly one URL is needed");
  const url = positionals[0];
  const options: RunOptions = {
    profile: values.profile as Profile | "all",
    ...(values.filter === undefined ? {} : { filter: values.filter }),
    ...(values.parallel === undefined ? {} : { parallel: positiveInteger("--parallel", values.parallel) }),
    ...(command === undefined ? {} : { command }),
  };
  const target = url === undefined ? undefined : parseTarget(url, token, h2c);
  return { target, command, token, isHttp2: h2c, options, reporter, list, catalogue, help };
}

function positiveInteger(name: string, text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new TypeError(`${name} takes a number from 1 to 9999, not ${text}`);
  return Number(text);
}

export async function runCommand(args: readonly string[], output: Output): Promise<number> {
  let command: Command;
  try {
    command = await parseCommand(args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    output.err(`probe: ${error.message}\n\n${usage}`);
    return 2;
  }
  if (command.help) {
    output.out(usage);
    return 0;
  }
  if (command.catalogue) {
    output.out(caseList(await discoverCases(), await discoverClaims()));
    return 0;
  }
  const cases = selectCases(await discoverCases(), command.options);
  if (cases.length === 0) {
    output.err("probe: no case matches\n");
    return 2;
  }
  if (!command.list && command.command !== undefined) return probeOwn(command.command, cases, command, output);
  if (command.list || command.target === undefined) {
    output.out(cases.map(listed).join(""));
    return 0;
  }
  return probe(command.target, cases, command, output);
}

/** Against a server of the probe's own, which is over afterwards. */
async function probeOwn(start: string, cases: readonly Case[], command: Command, output: Output): Promise<number> {
  const life = new AbortController();
  const { token, isHttp2 } = command;
  const settings = token === undefined ? {} : { TOPICS_API_KEYS: token };
  const server = await ManagedServer.prepare({ command: start, settings, signal: life.signal, isHttp2 });
  try {
    await server.start({ TOPICS_BACKUP_DIR: server.path("backups") });
    return await probe(server.target, cases, command, output);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    output.err(`probe: ${error.message}\n`);
    return 2;
  } finally {
    await server.remove();
  }
}

async function probe(target: Target, cases: readonly Case[], command: Command, output: Output): Promise<number> {
  const unreachable = await whyUnreachable(target);
  if (unreachable !== undefined) {
    output.err(`probe: ${target.url} can't be probed: ${unreachable}\n`);
    return 2;
  }
  const report = await runCases(target, cases, command.options);
  output.out(command.reporter(report));
  return report.summary.failed === 0 ? 0 : 1;
}

async function whyUnreachable(target: Target): Promise<string | undefined> {
  const client = clientFor(target);
  try {
    const { json } = await client.send("GET", "/v0/health");
    return typeof json === "object" && json !== null ? undefined : "it does not answer GET /v0/health with JSON";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    client.close();
  }
}

function listed({ id, section, profile, title }: Case): string {
  return `${id}\t${section}\t${profile}\t${title}\n`;
}

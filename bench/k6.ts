/**
 * `npm run k6`: runs one of the scripts in `bench/k6/` with the real k6 (spec 8.7), against a server of its own or one that
 * is named. Exit codes: k6's own (99 when a threshold is missed), 2 for bad usage, 3 when there is no k6.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Server } from "./server.ts";

/** Beside the repository's sources, from `dist/bench`. */
const scripts = fileURLToPath(new URL("../../bench/k6/", import.meta.url));
const names = readdirSync(scripts)
  .filter((name) => name.endsWith(".js") && name !== "topics.js")
  .map((name) => name.slice(0, -3))
  .sort();

const usage = `usage: npm run k6 -- SCRIPT [--url URL] [--token KEY] [NAME=VALUE…]

Runs a script with k6 against a server of its own on a temporary directory, or against URL.

  SCRIPT       ${names.join(", ")}
  NAME=VALUE   the load, such as VUS=32 DURATION=10s; bench/k6/SCRIPT.js says what it takes
`;

const missing = `k6 is not there. It is a program of its own, not an npm package:

  go install go.k6.io/k6@latest        where Go is installed (then add "$(go env GOPATH)/bin" to PATH)
  https://grafana.com/docs/k6          has packages for other systems

K6=/path/to/k6 names one that is not in PATH. Everything but these scripts works without it.
`;

async function run(args: readonly string[]): Promise<number> {
  const wanted = parse(args);
  if (typeof wanted === "string") {
    process.stderr.write(`${wanted === "" ? "" : `k6: ${wanted}\n\n`}${usage}`);
    return wanted === "" ? 0 : 2;
  }
  const k6 = process.env["K6"] ?? "k6";
  if (spawnSync(k6, ["version"], { stdio: "ignore" }).status !== 0) {
    process.stderr.write(missing);
    return 3;
  }
  if (wanted.url !== undefined) return k6Run(k6, wanted, wanted.url);
  const server = await Server.create();
  try {
    return await k6Run(k6, wanted, (await server.start()).url);
  } finally {
    await server.remove();
  }
}

interface Wanted {
  readonly script: string;
  readonly url: string | undefined;
  readonly token: string | undefined;
  readonly settings: readonly string[];
}

/** A text says what is wrong; an empty one, that help is wanted. */
function parse(args: readonly string[]): Wanted | string {
  const options = { url: { type: "string" }, token: { type: "string" }, help: { type: "boolean" } } as const;
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    return (error as Error).message;
  }
  const { values, positionals } = parsed;
  if (values.help === true) return "";
  const [script, ...settings] = positionals;
  if (script === undefined || !names.includes(script)) return `a script is one of ${names.join(", ")}`;
  const wrong = settings.find((setting) => !/^[A-Z_]+=./.test(setting));
  if (wrong !== undefined) return `${wrong} is not NAME=VALUE`;
  return { script, url: values.url, token: values.token, settings };
}

async function k6Run(k6: string, { script, token, settings }: Wanted, url: string): Promise<number> {
  const environment = [`TOPICS_URL=${url}`, ...(token === undefined ? [] : [`TOPICS_TOKEN=${token}`]), ...settings];
  const child = spawn(k6, ["run", "--quiet", ...environment.flatMap((one) => ["-e", one]), `${scripts}${script}.js`], {
    stdio: "inherit",
  });
  const [code] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  return code ?? 1;
}

process.exitCode = await run(process.argv.slice(2));

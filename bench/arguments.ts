/** What the command line asks for. */
import { parseArgs } from "node:util";

export const usage = `usage: npm run bench -- [options]

Measures this build, and holds its figures to the floors.

  --only NAME      rows whose name contains NAME; several with commas
  --rounds N       rounds, of which the median counts (default 5)
  --seconds N      length of each measurement (default 5)
  --url URL        measure this server instead of one of this build: only the rows over HTTP
  --against URL2   and this one in turn, and print ratios
  --no-probe       without the conformance suite ahead: for development, and the report says so
  --no-write       print only: docs/benchmarks.md stays as it is
  --list           print the names of the rows
  --help           this text
`;

export interface BenchArguments {
  readonly only: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly urls: readonly string[];
  readonly probe: boolean;
  readonly write: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

/** Throws a `TypeError` that says what is wrong. */
export function parseArguments(args: readonly string[]): BenchArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", default: "" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "5" },
      url: { type: "string" },
      against: { type: "string" },
      "no-probe": { type: "boolean", default: false },
      "no-write": { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.against !== undefined && values.url === undefined) throw new TypeError("--against needs --url");
  return {
    only: values.only.split(",").filter((name) => name !== ""),
    rounds: count("--rounds", values.rounds),
    seconds: count("--seconds", values.seconds),
    urls: [values.url, values.against].filter((url) => url !== undefined).map(checkedUrl),
    probe: !values["no-probe"],
    write: !values["no-write"],
    list: values.list,
    help: values.help,
  };
}

function count(name: string, text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new TypeError(`${name} takes a number from 1 to 9999, not ${text}`);
  return Number(text);
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:") throw new TypeError(`not an http URL: ${text}`);
  return url.origin;
}

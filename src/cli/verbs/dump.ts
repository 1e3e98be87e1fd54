/** `topics dump DIR|FILE`: what is in the files of a data directory, as text or as JSON lines (spec 6.6). */
import { errnoOf } from "../../env/env.ts";
import { nodeEnv } from "../../env/node-env.ts";
import { dump } from "../../maintenance/dump/dump.ts";
import type { Field, Line, Output } from "../../maintenance/dump/line.ts";
import { coldDirectory, dataDirectory } from "../data-directory.ts";
import { exitCode } from "../exit-code.ts";
import { codeOf } from "./verify.ts";

export interface DumpArguments {
  readonly path: string | undefined;
  readonly cold: string | undefined;
  readonly json: boolean;
  readonly payloads: boolean;
}

/** Resolves to the exit code. */
export async function runDump({ path, cold, json, payloads }: DumpArguments): Promise<number> {
  process.stdout.on("error", endedReader);
  const output = new Printed(json ? (line) => JSON.stringify(line) : lineText);
  const outcome = await dump({
    env: nodeEnv(),
    path: dataDirectory(path),
    cold: coldDirectory(cold),
    payloads,
    output,
  });
  await output.end();
  return codeOf(outcome);
}

/** Whoever read what is printed has seen enough. */
function endedReader(error: unknown): void {
  if (errnoOf(error) !== "EPIPE") throw error;
  process.exit(exitCode.good);
}

const pieceChars = 1 << 16;

/** Standard output in pieces; whoever reads it slowly is waited for. */
class Printed implements Output {
  readonly #text: (line: Line) => string;
  #pending = "";
  #full = false;

  constructor(text: (line: Line) => string) {
    this.#text = text;
  }

  line(line: Line): void {
    this.#pending += `${this.#text(line)}\n`;
    if (this.#pending.length > pieceChars) this.#flush();
  }

  room(): Promise<void> | undefined {
    if (!this.#full) return undefined;
    return new Promise((resolve) =>
      process.stdout.once("drain", () => {
        this.#full = false;
        resolve();
      }),
    );
  }

  async end(): Promise<void> {
    const rest = this.#pending;
    this.#pending = "";
    await new Promise<void>((resolve, reject) =>
      process.stdout.write(rest, (error) => (error ? reject(error) : resolve())),
    );
  }

  #flush(): void {
    this.#full = !process.stdout.write(this.#pending);
    this.#pending = "";
  }
}

/** `type field=value field=value`: values with blanks in them are JSON strings. */
function lineText({ type, ...fields }: Line): string {
  const { record, tag } = fields;
  if (type === "record" && typeof record === "string") return `    ${record}${tagText(tag)}`;
  const indent = ["frame", "block", "deleted", "topic-part", "found-block"].includes(type) ? "  " : "";
  const parts = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${valueText(value)}`],
  );
  return `${indent}${type} ${parts.join(" ")}`;
}

function tagText(tag: Field): string {
  return tag === undefined ? "" : ` tag=${valueText(tag)}`;
}

function valueText(value: Field): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return /^[\w.,:@+/-]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}

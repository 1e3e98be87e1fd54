/** `C`: a server of the copy on a socket of loopback, and the conformance suite of the copy against it. */
import { mkdtempSync, rmSync } from "node:fs";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeArguments, runChild } from "../child.ts";
import { type Budget, firstLine, type Tool, type Verdict } from "../tool.ts";

interface Report {
  readonly cases: readonly { readonly id: string; readonly outcome: string; readonly reason?: string }[];
}

const startSeconds = 20;

export const conformance: Tool = {
  letter: "C",
  command: "npm run probe -- URL --reporter json",
  run: async (directory: string, { seconds }: Budget): Promise<Verdict> => {
    const own = mkdtempSync(join(tmpdir(), "topics-planted-data-"));
    const server = new Server(directory, own);
    try {
      const url = await server.listening();
      if (url === undefined) return { outcome: "killed", tool: "conformance", by: `no start: ${server.lastWords}` };
      const argv = ["conformance/main.ts", url, "--reporter", "json"];
      const end = await runChild({ directory, argv, seconds });
      if (end.why === "line") throw new Error("nobody listens to its lines");
      if (end.why === "time") return { outcome: "killed", tool: "conformance", by: "it hangs" };
      if (end.code === 2) return { outcome: "broken", tool: `conformance: ${firstLine(end.complaint)}` };
      const { cases } = JSON.parse(end.out) as Report;
      const failed = cases.filter(({ outcome }) => outcome === "failed");
      const [first] = failed;
      if (first === undefined) return { outcome: "survived", tool: `conformance, ${cases.length} cases` };
      const more = failed.length > 1 ? ` and ${failed.length - 1} more` : "";
      return { outcome: "killed", tool: "conformance", by: `${first.id}${more}`, seed: firstLine(first.reason ?? "") };
    } finally {
      await server.kill();
      rmSync(own, { recursive: true, force: true });
    }
  },
};

class Server {
  readonly #child;
  readonly #ended: Promise<void>;
  readonly #listening: Promise<string | undefined>;
  lastWords = "";

  /** `own`: a directory for everything that it keeps. */
  constructor(directory: string, own: string) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("TOPICS_"));
    const argv = nodeArguments(["src/main.ts", "--data-dir", join(own, "data"), "--port", "0"]);
    this.#child = spawn(process.execPath, argv, {
      cwd: directory,
      env: { ...Object.fromEntries(inherited), TOPICS_BACKUP_DIR: join(own, "backups") },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#ended = new Promise((resolve) => this.#child.on("close", () => resolve()));
    const lines = createInterface({ input: this.#child.stderr });
    let url: string | undefined;
    this.#listening = new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), startSeconds * 1000);
      const settle = (found: string | undefined): void => {
        clearTimeout(timer);
        resolve(found);
      };
      lines.on("line", (line) => {
        this.lastWords = firstLine(line);
        url ??= /listening on (http:\/\/[^"\s]+)/.exec(line)?.[1];
        if (url !== undefined && line.includes('"ready"')) settle(url);
      });
      lines.on("close", () => settle(undefined));
    });
  }

  /** Its address, as soon as it is ready; `undefined` when that never comes. */
  listening(): Promise<string | undefined> {
    return this.#listening;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

/**
 * A run of a server's command in a process group of its own, so that a signal reaches whatever the command started. It is
 * over when nothing of the group holds its output any more: only then are its port and its lock known to be free.
 */
import { type ChildProcess, spawn } from "node:child_process";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const shownChars = 4000;

export class ServerProcess {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #output = "";
  #isOver = false;

  constructor(command: string, environment: Readonly<Record<string, string>>) {
    this.#child = spawn(command, {
      shell: true,
      detached: true,
      env: { ...withoutSettings(process.env), ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on(
        "data",
        (chunk: Buffer) => (this.#output = (this.#output + chunk.toString("utf8")).slice(-shownChars)),
      );
    this.exited = new Promise<Exit>((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code, signal) => {
        this.#isOver = true;
        resolve({ code, signal });
      });
    });
    // Whoever waits for it hears of a command that cannot be started; nobody has to.
    this.exited.catch(() => undefined);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The last of what it said, for the reason of a failure. */
  get output(): string {
    return this.#output.trim();
  }

  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#isOver) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // The group may be gone before its output has been read to the end.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** The settings of a server under probe are its cases' alone. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("TOPICS_")));
}

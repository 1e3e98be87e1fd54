/**
 * Work in a process of its own: the load must not share a thread or a heap with anything that is measured. The program
 * named by `module` gets one message with what to do, answers with one message, and ends.
 */
import { fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

type Answer<T> = { readonly result: T } | { readonly failure: string };

/** Runs `./<module>` beside this file, and ends it when it takes longer than `timeLimitMs`. */
export function inChild<T>(module: string, task: unknown, timeLimitMs: number): Promise<T> {
  const here = fileURLToPath(import.meta.url);
  const program = fileURLToPath(new URL(`./${module}${extname(here)}`, import.meta.url));
  return new Promise((resolve, reject) => {
    const child = fork(program, [], { serialization: "advanced", timeout: timeLimitMs, killSignal: "SIGKILL" });
    let answer: Answer<T> | undefined;
    child.on("message", (message) => (answer = message as Answer<T>));
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (answer === undefined) reject(new Error(`${module} gave no answer (exit code ${code}, signal ${signal})`));
      else if ("failure" in answer) reject(new Error(`${module}: ${answer.failure}`));
      else resolve(answer.result);
    });
    child.send(task as object);
  });
}

/** The other end: does the one task that this process is there for. */
export function answerParent<Task, T>(work: (task: Task) => Promise<T>): void {
  process.once("message", (task) => {
    work(task as Task)
      .then(
        (result): Answer<T> => ({ result }),
        (error: unknown): Answer<T> => ({
          failure: error instanceof Error ? (error.stack ?? error.message) : String(error),
        }),
      )
      .then((answer) => process.send!(answer, () => process.disconnect()))
      .catch(() => process.exit(1));
  });
}

/**
 * A thread that syncs files and does nothing else (spec 6.2): a call that is stuck in the shared pool, or another lane's
 * hung sync, can't hold it up. Syncs of one lane run one after another in the order in which they were asked for.
 *
 * The thread sleeps in `Atomics.wait` and answers by message. Of the four combinations of waiting and answering this one
 * and `Atomics.waitAsync` were the quickest (10 to 45 µs there and back, as busy or idle the cores are), and only a message keeps
 * the process alive until a sync in flight has been answered. File descriptors are shared by all threads of a process.
 */
import { Worker } from "node:worker_threads";
import { assert } from "../base/assert.ts";

interface Failure {
  readonly code: string;
  readonly errno: number;
  readonly message: string;
}

interface Request {
  readonly fd: number;
  resolve(): void;
  reject(error: Error): void;
}

/** Places in the memory shared with the thread. */
const sequenceAt = 0;
const fdAt = 1;
const noMoreWork = -1;

/** As text: so the thread starts the same way from the sources, from `dist` and from a bundle. */
const threadSource = `
const { parentPort, workerData: shared } = require("node:worker_threads");
const { fdatasyncSync } = require("node:fs");
let last = 0;
for (;;) {
  Atomics.wait(shared, ${sequenceAt}, last);
  const sequence = Atomics.load(shared, ${sequenceAt});
  if (sequence === last) continue;
  last = sequence;
  const fd = Atomics.load(shared, ${fdAt});
  if (fd === ${noMoreWork}) break;
  let failure = null;
  try {
    fdatasyncSync(fd);
  } catch (error) {
    failure = { code: error.code ?? "EIO", errno: error.errno ?? 0, message: error.message };
  }
  parentPort.postMessage(failure);
}
`;

export class Lane {
  readonly #shared = new Int32Array(new SharedArrayBuffer(8));
  readonly #waiting: Request[] = [];
  readonly #worker: Worker;
  #current: Request | undefined;
  #failed: Error | undefined;

  constructor(name: string) {
    this.#worker = new Worker(threadSource, {
      eval: true,
      name,
      workerData: this.#shared,
      // The parent's flags (loaders, inspectors) are of no use in there, and slow to start.
      execArgv: [],
    });
    this.#worker.unref();
    this.#worker.on("message", (failure: Failure | null) => {
      this.#answer(failure);
    });
    this.#worker.on("error", (error) => {
      this.#fail(error);
    });
    this.#worker.on("exit", () => {
      this.#fail(new Error("the thread has ended"));
    });
  }

  get threadId(): number {
    return this.#worker.threadId;
  }

  /** The thread ended by itself: the lane is of no further use. */
  get failed(): boolean {
    return this.#failed !== undefined;
  }

  datasync(fd: number): Promise<void> {
    assert(fd >= 0, "a sync needs an open file");
    return new Promise((resolve, reject) => {
      const request = { fd, resolve, reject };
      if (this.#failed !== undefined) reject(this.#failed);
      else if (this.#current === undefined) this.#send(request);
      else this.#waiting.push(request);
    });
  }

  /** Ends the thread. Nothing may be in flight. */
  end(): void {
    assert(this.#current === undefined, "a lane was ended with a sync in flight");
    this.#post(noMoreWork);
  }

  #send(request: Request): void {
    this.#current = request;
    this.#worker.ref();
    this.#post(request.fd);
  }

  #post(fd: number): void {
    Atomics.store(this.#shared, fdAt, fd);
    Atomics.add(this.#shared, sequenceAt, 1);
    Atomics.notify(this.#shared, sequenceAt);
  }

  #answer(failure: Failure | null): void {
    const request = this.#current;
    assert(request !== undefined, "an answer without a request");
    this.#current = undefined;
    const next = this.#waiting.shift();
    if (next === undefined) this.#worker.unref();
    else this.#send(next);
    if (failure === null) request.resolve();
    else request.reject(syncError(failure));
  }

  #fail(cause: Error): void {
    // EIO: whether the bytes reached the device is unknown, exactly as after a failed sync.
    const message = `EIO: the sync thread failed: ${cause.message}`;
    const failure = syncError({ code: "EIO", errno: -5, message }, cause);
    this.#failed ??= failure;
    const requests =
      this.#current === undefined ? this.#waiting.splice(0) : [this.#current, ...this.#waiting.splice(0)];
    this.#current = undefined;
    for (const request of requests) request.reject(failure);
  }
}

function syncError(failure: Failure, cause?: Error): Error {
  const error = new Error(failure.message, { cause });
  return Object.assign(error, { code: failure.code, errno: failure.errno, syscall: "fdatasync" });
}

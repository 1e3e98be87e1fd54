/** Failed calls of the simulated disk, in the shape in which Node reports those of the real one. */

export function errnoError(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${syscall} '${path}'`), { code, syscall, path });
}

/** Thrown by `writeSync` of a process that has died: nothing of it may run on, so nothing may catch this. */
export class ProcessDied extends Error {
  override readonly name = "ProcessDied";
  constructor() {
    super("the simulated process has died");
  }
}

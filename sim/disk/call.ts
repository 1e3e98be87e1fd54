/** Calls on a simulated disk, as faults, monitor and traces see them. */

export const callNames = [
  "open",
  "close",
  "readdir",
  "mkdir",
  "rename",
  "link",
  "unlink",
  "rmdir",
  "stat",
  "syncDir",
  "tryLock",
  "read",
  "write",
  "datasync",
  "truncate",
] as const;

export type CallName = (typeof callNames)[number];

export interface Call {
  readonly name: CallName;
  /** As given; for calls on an open file the path by which it was opened. */
  readonly path: string;
  /** The other path of a rename or link. */
  readonly to?: string;
  /** The node of an open file. */
  readonly node?: number;
  readonly position?: number;
  readonly length?: number;
}

export function describeCall(call: Call): string {
  const range = call.position === undefined ? "" : ` [${call.position}, ${call.position + (call.length ?? 0)})`;
  return `${call.name} ${call.path}${call.to === undefined ? range : ` → ${call.to}`}`;
}

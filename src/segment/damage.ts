/** A range of a segment file that could not be had as it was written (spec 6.6). It is never served; other ranges work. */

/** Errno names that tell of the process or the machine, not of the file: the same read may work later. */
const passing: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOMEM", "EAGAIN", "EINTR"]);

export class SegmentDamage extends Error {
  override readonly name = "SegmentDamage";
  /** Path. */
  readonly file: string;
  readonly at: number;
  readonly bytes: number;
  /** Of the call that failed; `undefined` when the bytes came, and are not what was written. */
  readonly errno: string | undefined;

  constructor(file: string, at: number, bytes: number, errno: string | undefined, reason: string) {
    super(`segment file ${file}, offset ${at}, ${bytes} bytes: ${reason}`);
    this.file = file;
    this.at = at;
    this.bytes = bytes;
    this.errno = errno;
  }

  /** It says nothing about the file: no reason to replace or to report it. */
  get isPassing(): boolean {
    return this.errno !== undefined && passing.has(this.errno);
  }
}

/** What is wrong with a checkpoint file, and where (spec 6.6). */

export class CheckpointDamage extends Error {
  override readonly name = "CheckpointDamage";
  readonly file: string;
  readonly reason: string;
  /** Place in the file, bytes. */
  readonly at: number;

  constructor(file: string, reason: string, at: number) {
    super(`${file} is damaged at ${at}: ${reason}`);
    this.file = file;
    this.reason = reason;
    this.at = at;
  }
}

/** A file of a version or with a checksum that this build doesn't know. */
export class CheckpointVersion extends Error {
  override readonly name = "CheckpointVersion";
}

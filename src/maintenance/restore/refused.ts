/** Why nothing is restored (spec 6.7): not damage, but something that cannot be had, or that would not be safe. */
export class RestoreRefused extends Error {
  override readonly name = "RestoreRefused";
}

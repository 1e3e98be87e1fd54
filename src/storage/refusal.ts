/**
 * Why a directory is not opened. Corruption is reported with its place, never served and never mistaken for the end of
 * the log (spec 6.6).
 */

export type RefusalKind = "busy" | "damage" | "space" | "unreadable" | "version";

export interface DamagePlace {
  readonly file: string;
  readonly offset?: number;
  readonly length?: number;
  /** What the damaged place is known to have held. */
  readonly topic?: string;
  readonly firstSeq?: number;
  readonly lastSeq?: number;
}

export class StartRefusal extends Error {
  override readonly name = "StartRefusal";
  readonly kind: RefusalKind;
  /** The message without the place. */
  readonly reason: string;
  readonly place: DamagePlace | undefined;

  constructor(kind: RefusalKind, reason: string, place?: DamagePlace) {
    super(place ? `${reason} (${describe(place)})` : reason);
    this.kind = kind;
    this.reason = reason;
    this.place = place;
  }
}

export function damage(message: string, place: DamagePlace): StartRefusal {
  return new StartRefusal("damage", message, place);
}

function describe(place: DamagePlace): string {
  const parts = [`file ${place.file}`];
  if (place.offset !== undefined) parts.push(`offset ${place.offset}`);
  if (place.length !== undefined) parts.push(`${place.length} bytes`);
  if (place.topic !== undefined) parts.push(`topic ${place.topic}`);
  if (place.firstSeq !== undefined) parts.push(`seqs ${place.firstSeq} to ${place.lastSeq ?? "?"}`);
  return parts.join(", ");
}

/**
 * The order of the requests on one connection (spec 7.6, 9.3). A client that pipelines may count on what it asked first:
 * a read sees the changes asked for before it, and changes take effect in the order in which they arrived, however long
 * one body takes to arrive, to inflate or to be scanned. Changes overlap all the same once their place is certain.
 *
 * A turn: taken → issued (nothing asked later can come before it) → settled (its effect, if any, can be read). Reads are
 * settled from the beginning. Both frontiers only move forward, so that a turn costs the same however many there are.
 */

export class Order {
  /** The first turn that is not issued, and the first that is not settled. */
  #unissued: Turn | undefined;
  #unsettled: Turn | undefined;
  #last: Turn | undefined;
  #over = false;

  /** The turn of the request that has just arrived; `undefined` when the connection's last answer is decided. */
  take(): Turn | undefined {
    if (this.#over) return undefined;
    const turn = new Turn(this, this.#last === undefined ? 0 : this.#last.place + 1);
    if (this.#last !== undefined) this.#last.next = turn;
    this.#last = turn;
    this.#unissued ??= turn;
    this.#unsettled ??= turn;
    return turn;
  }

  /** Whatever arrives from now on is not answered, and so must not be done. */
  end(): void {
    this.#over = true;
  }

  isLast(turn: Turn): boolean {
    return this.#last === turn;
  }

  /** Everything before this turn is issued. */
  mayChange(turn: Turn): boolean {
    return this.#unissued === undefined || this.#unissued.place >= turn.place;
  }

  /** Everything before this turn, which is settled itself, is settled. */
  mayRead(turn: Turn): boolean {
    return this.#unsettled === undefined || this.#unsettled.place > turn.place;
  }

  moved(): void {
    while (this.#unsettled?.settled === true) {
      this.#unsettled.wake?.();
      this.#unsettled = this.#unsettled.next;
    }
    while (this.#unissued?.issued === true) this.#unissued = this.#unissued.next;
    // A read that has come this far may still wait for an effect.
    if (this.#unissued?.settled === false) this.#unissued.wake?.();
  }
}

export class Turn {
  readonly place: number;
  next: Turn | undefined;
  issued = false;
  settled = false;
  wake: (() => void) | undefined;
  readonly #order: Order;

  constructor(order: Order, place: number) {
    this.#order = order;
    this.place = place;
  }

  /** No request has arrived behind this one. */
  get isLast(): boolean {
    return this.#order.isLast(this);
  }

  /** This answer ends the connection. */
  endConnection(): void {
    this.#order.end();
  }

  /** This request changes nothing. When it may run, the effects of those before it can be seen. `undefined`: now. */
  untilReadable(): Promise<void> | undefined {
    this.settled = true;
    this.#order.moved();
    return this.#order.mayRead(this) ? undefined : this.#woken();
  }

  /** When it may run, everything asked before has its place. `undefined`: now. */
  untilChangeable(): Promise<void> | undefined {
    return this.#order.mayChange(this) ? undefined : this.#woken();
  }

  issue(): void {
    if (this.issued) return;
    this.issued = true;
    this.#order.moved();
  }

  /** The request is done with, whatever came of it. */
  settle(): void {
    if (this.issued && this.settled) return;
    this.issued = true;
    this.settled = true;
    this.#order.moved();
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}

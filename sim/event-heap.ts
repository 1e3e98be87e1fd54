/** Events by due time; those due at the same time in the order in which they were pushed. Cancelled ones are skipped. */
import { assert } from "../src/base/assert.ts";

export interface ScheduledEvent {
  readonly dueUs: number;
  readonly order: number;
  readonly callback: () => void;
  cancelled: boolean;
}

export class EventHeap {
  readonly #events: ScheduledEvent[] = [];
  #pushed = 0;

  push(dueUs: number, callback: () => void): ScheduledEvent {
    const event = { dueUs, order: this.#pushed++, callback, cancelled: false };
    this.#events.push(event);
    this.#up(this.#events.length - 1);
    return event;
  }

  cancel(event: ScheduledEvent): void {
    event.cancelled = true;
  }

  /** When the next event is due. */
  peekUs(): number | undefined {
    while (this.#events[0]?.cancelled === true) this.#removeFirst();
    return this.#events[0]?.dueUs;
  }

  pop(): ScheduledEvent {
    const due = this.peekUs();
    assert(due !== undefined, "no event is left");
    return this.#removeFirst();
  }

  #removeFirst(): ScheduledEvent {
    const first = this.#at(0);
    const last = this.#events.pop();
    if (last !== undefined && last !== first) {
      this.#events[0] = last;
      this.#down();
    }
    return first;
  }

  #up(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(this.#at(at), this.#at(parent))) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #down(): void {
    let at = 0;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#events.length && before(this.#at(child), this.#at(least))) least = child;
      }
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(left: number, right: number): void {
    const kept = this.#at(left);
    this.#events[left] = this.#at(right);
    this.#events[right] = kept;
  }

  #at(index: number): ScheduledEvent {
    const event = this.#events[index];
    assert(event !== undefined, "an index outside the heap");
    return event;
  }
}

function before(left: ScheduledEvent, right: ScheduledEvent): boolean {
  return left.dueUs < right.dueUs || (left.dueUs === right.dueUs && left.order < right.order);
}

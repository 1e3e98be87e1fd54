/**
 * Names in order, of which there may be a million: one is added, removed or found without moving the others (spec 2.5). A
 * single array would have to be sorted, or moved, at the first page behind every new name.
 *
 * The names are kept in runs of a few hundred, each in order, and one run behind the other.
 */
const mostInRun = 512;

export class NameList {
  /** None of them is empty. */
  readonly #runs: string[][] = [];

  /** A name that is not in the list. */
  add(name: string): void {
    if (this.#runs.length === 0) {
      this.#runs.push([name]);
      return;
    }
    const at = Math.max(0, this.#runOf(name));
    const run = this.#runs[at];
    run.splice(firstFrom(run, name), 0, name);
    if (run.length <= mostInRun) return;
    // Names that come in order fill each run before the next is begun.
    const half = run.at(-1) === name ? mostInRun : run.length >>> 1;
    this.#runs.splice(at + 1, 0, run.splice(half));
  }

  remove(name: string): void {
    const at = this.#runOf(name);
    if (at < 0) return;
    const run = this.#runs[at];
    const place = firstFrom(run, name);
    if (run[place] !== name) return;
    run.splice(place, 1);
    if (run.length === 0) this.#runs.splice(at, 1);
  }

  /** The names that are not less than `least`, in order, as long as they are asked for and nothing changes. */
  *from(least: string): Generator<string, void, undefined> {
    let at = Math.max(0, this.#runOf(least));
    let place = at < this.#runs.length ? firstFrom(this.#runs[at], least) : 0;
    for (; at < this.#runs.length; at++, place = 0) {
      const run = this.#runs[at];
      for (; place < run.length; place++) yield run[place];
    }
  }

  /** The run in which a name has its place: the last that does not begin behind it, or -1. */
  #runOf(name: string): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#runs[middle][0] <= name) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Index of the first of sorted names that is not less than `name`. */
function firstFrom(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (names[middle] < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

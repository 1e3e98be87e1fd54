/** What has happened in runs, by name (spec 8.2): faults that fired, calls at which a process died, states that are rare. */
export class Coverage {
  readonly counts = new Map<string, number>();

  count(name: string, times = 1): void {
    if (times > 0) this.counts.set(name, (this.counts.get(name) ?? 0) + times);
  }

  add(other: Coverage): void {
    for (const [name, times] of other.counts) this.count(name, times);
  }

  of(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  /** Names of a family. */
  family(name: string): number {
    return [...this.counts.keys()].filter((one) => one.startsWith(`${name}: `)).length;
  }

  /** A line per family, names in order. */
  print(): string {
    const families = new Map<string, string[]>();
    for (const name of [...this.counts.keys()].sort()) {
      const [family, ...rest] = name.split(": ");
      const names = families.get(family) ?? [];
      families.set(family, names);
      names.push(`${rest.join(": ")} ${this.of(name)}`);
    }
    return [...families].map(([family, names]) => `  ${family}: ${names.join(", ")}`).join("\n");
  }
}

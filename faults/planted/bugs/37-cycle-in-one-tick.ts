import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 37,
  what: "the cycle check misses routers that are added in one tick, and those from before a restart",
  letters: ["S", "C*"],
  patches: [
    {
      file: "src/router/routers.ts",
      search: "    const done = this.#changing.then(change);",
      replace: "    const done = change();",
    },
    {
      file: "src/router/link-map.ts",
      search: `    for (let link = this.into(source.id); link !== undefined && !seen.has(link); link = this.into(link.source.id)) {
      seen.add(link);
      names`,
      replace: `    for (let link = this.into(source.id); link !== undefined && link.isMade && !seen.has(link); link = this.into(link.source.id)) {
      seen.add(link);
      names`,
    },
    {
      file: "src/router/link.ts",
      search: "  get state(): LinkState | undefined {",
      replace: `  get isMade(): boolean {
    return this.made;
  }

  get state(): LinkState | undefined {`,
    },
    {
      file: "src/router/link.ts",
      search: "  pausedBy: PauseCause | undefined;",
      replace: `  made = false;
  pausedBy: PauseCause | undefined;`,
    },
    {
      file: "src/router/routers.ts",
      search: `      this.#map.add(name, link);
      derive();
      if (source.isGone) {`,
      replace: `      this.#map.add(name, link);
      derive();
      link.made = true;
      if (source.isGone) {`,
    },
  ],
};

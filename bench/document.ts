/** `docs/benchmarks.md`: figures stand between two markers, and the prose around them stays. */
import { readFile, writeFile } from "node:fs/promises";

const end = "<!-- end of figures -->";

/** The text with the figures that `by` writes replaced. Throws when it has no place for them. */
export function withFigures(text: string, figures: string, by = "bench"): string {
  const begin = `<!-- figures: written by npm run ${by} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < from) throw new Error(`there are no markers "${begin}" and "${end}"`);
  return `${text.slice(0, from + begin.length)}\n\n${figures}\n\n${text.slice(to)}`;
}

export async function writeFigures(path: string, figures: string, by?: string): Promise<void> {
  await writeFile(path, withFigures(await readFile(path, "utf8"), figures, by));
}

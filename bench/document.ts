/** `docs/benchmarks.md`: the figures stand between two markers, and the prose around them stays. */
import { readFile, writeFile } from "node:fs/promises";

const begin = "<!-- figures: written by npm run bench -->";
const end = "<!-- end of figures -->";

/** The text with its figures replaced. Throws when it has no place for them. */
export function withFigures(text: string, figures: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`there are no markers "${begin}" and "${end}"`);
  return `${text.slice(0, from + begin.length)}\n\n${figures}\n\n${text.slice(to)}`;
}

export async function writeFigures(path: string, figures: string): Promise<void> {
  await writeFile(path, withFigures(await readFile(path, "utf8"), figures));
}

/**
 * Writes the fixtures of format 1 that are not there, with what a start of this build finds in each:
 *
 *     node --import ts-blank-space/register faults/format-1/write.ts [NAME…]
 *
 * One that is there is never written again (README.md).
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeEnv } from "../../src/env/node-env.ts";
import { type FixtureFiles, type FixtureName, fixtures, unpackFixture, writeFixture } from "./fixture.ts";
import { scenarios } from "./scenarios.ts";
import { openSmall } from "./simulated-run.ts";
import { type RememberedKey, stateText } from "./state-text.ts";

for (const name of fixtures) {
  if (process.argv.length > 2 && !process.argv.includes(name, 2)) continue;
  const { about, keys, make } = scenarios[name];
  const files = await make();
  const text = await found(files, keys);
  await writeFixture(name, files, [...remarks(name, about, files), text, ""].join("\n"));
  const bytes = [...files.values()].reduce((sum, contents) => sum + contents.length, 0);
  process.stdout.write(`${name}: ${files.size} files, ${bytes} bytes\n`);
}

function remarks(name: FixtureName, about: readonly string[], files: FixtureFiles): string[] {
  const list = [...files].map(([path, { length }]) => `  ${path} ${length}`).sort();
  return [`Fixture ${name}`, "", ...about, "", "Files, with their bytes:", ...list, ""].map((line) =>
    `# ${line}`.trimEnd(),
  );
}

/** On a real disk, as any other machine would open it. */
async function found(files: FixtureFiles, keys: readonly RememberedKey[]): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "topics-fixture-"));
  try {
    await unpackFixture(files, root);
    const storage = files.has("cold/COLD") ? { coldDirectory: join(root, "cold") } : {};
    const engine = await openSmall(nodeEnv(), { directory: join(root, "data"), storage });
    await engine.recover();
    const text = await stateText(engine, keys);
    await engine.close(10_000);
    return text;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** docs/kill-matrix.md, made of what runs came to: what was caught and by what, and above all what was not. */
import { type Control, type HarnessMutant, type Letter, letters, type Patch, type PlantedBug } from "./bug.ts";
import type { Result, Results } from "./results.ts";
import { budgets, tools } from "./tools.ts";

export interface PageParts {
  readonly bugs: readonly PlantedBug[];
  readonly mutants: readonly HarnessMutant[];
  readonly controls: readonly Control[];
  readonly results: Results;
}

const shown: Readonly<Record<Letter, string>> = { S: "S", F: "F", C: "C", "C*": "C★" };

export function killMatrix(parts: PageParts): string {
  return `${[
    head(parts),
    clean(parts),
    escapes(parts),
    table(parts),
    details(parts),
    mutantsSection(parts),
    controlsSection(parts),
    howTo,
  ].join("\n\n")}\n`;
}

function head({ bugs, results }: PageParts): string {
  const runs = bugs.flatMap((bug) => bug.letters.map((letter) => resultOf(results, bug, letter)));
  const count = (outcome: Result["outcome"] | undefined): number =>
    runs.filter((result) => result?.outcome === outcome).length;
  const commits = [...new Set(results.all.map(({ commit }) => commit))].sort();
  return `# The kill matrix

Written by \`npm run planted\`; do not edit. ${bugs.length} planted bugs (spec 9.5), each a small patch on a copy of the source
tree; every tool that a bug's letters name is run against that copy alone, and has to notice. A cell says after how many
seconds it did, start of the process included: of CPU for S and F, by the clock for C and C★, on a machine that did other things, too.

Of ${runs.length} pairs of a bug and a tool ${count("killed")} are caught, ${count("survived")} escape, ${count("absent")} have no tool yet, ${count(undefined) + count("broken")} were not
run. Made on ${commits.length === 1 ? "commit" : "commits"} ${commits.join(", ") || "none"}.

${letters.map((letter) => `- **${shown[letter]}**: \`${tools[letter].command}\`, at most ${budgets[letter].seconds} s`).join("\n")}`;
}

function clean({ results }: PageParts): string {
  const rows = letters.map((letter) => {
    const result = results.of("clean", letter, []);
    return `| ${shown[letter]} | ${result === undefined ? "not run" : said(result, "green")} | ${result?.seconds ?? ""} |`;
  });
  return `## The tree as it is\n\n| tool | outcome | seconds |\n|---|---|---|\n${rows.join("\n")}`;
}

function escapes({ bugs, results }: PageParts): string {
  const rows = bugs.flatMap((bug) =>
    bug.letters.flatMap((letter) => {
      const result = resultOf(results, bug, letter);
      if (result?.outcome === "killed" || result?.outcome === "absent") return [];
      const why = result === undefined ? "not run" : `${result.outcome}: ${result.tool}, ${result.seconds} s`;
      return [`| ${bug.number} | ${shown[letter]} | ${bug.what} | ${cell(why)} |`];
    }),
  );
  if (rows.length === 0) return "## Escapes\n\nNone.";
  return `## Escapes, and what was not run\n\nWhat escapes with all of its budget is a check that is missing; with a part of it, it may be one. Not run means that nothing is known.\n\n| # | by | the change | |\n|---|---|---|---|\n${rows.join("\n")}`;
}

function table({ bugs, results }: PageParts): string {
  const rows = bugs.map((bug) => {
    const cells = letters.map((letter) => {
      if (!bug.letters.includes(letter)) return "";
      const result = resultOf(results, bug, letter);
      if (result === undefined) return "not run";
      if (result.outcome === "killed") return `${result.seconds}`;
      return result.outcome === "absent" ? "no tool" : `**${result.outcome}**`;
    });
    return `| ${bug.number} | ${bug.what} | ${cells.join(" | ")} |`;
  });
  return `## Seconds to the kill\n\n| # | the change | ${letters.map((letter) => shown[letter]).join(" | ")} |\n|---|---|---|---|---|---|\n${rows.join("\n")}`;
}

function details({ bugs, results }: PageParts): string {
  const rows = bugs.flatMap((bug) =>
    bug.letters.flatMap((letter) => {
      const result = resultOf(results, bug, letter);
      if (result?.outcome !== "killed") return [];
      return [
        `| ${bug.number} | ${shown[letter]} | ${result.tool} | ${cell(result.by ?? "")} | ${cell(result.seed ?? "")} |`,
      ];
    }),
  );
  return `## By what\n\nThe seed is one of the simulator with its profile, or a case of the crash matrix; otherwise what the case said.\n\n| # | | tool | invariant, rule or case | seed |\n|---|---|---|---|---|\n${rows.join("\n")}`;
}

function mutantsSection({ mutants, bugs, results }: PageParts): string {
  const rows = mutants.map(({ name, what, patches, shouldMiss }) => {
    const tried = shouldMiss.flatMap(({ bug: number, letter }) => {
      const bug = bugs.find((one) => one.number === number);
      const result = bug && results.of(`mutant ${name}, bug ${number}`, letter, [...patches, ...bug.patches]);
      if (result === undefined) return [`${number} ${shown[letter]}: not run`];
      return [`${number} ${shown[letter]}: ${said(result, "escapes")} (${result.seconds} s)`];
    });
    return `| ${name} | ${what} | ${tried.join("; ")} |`;
  });
  return `## Weakened tools\n\nWhere the bug escapes, what was taken away is needed; where it is noticed all the same, another check finds it, too.\n\n| mutant | the change | bugs |\n|---|---|---|\n${rows.join("\n")}`;
}

function controlsSection({ controls, results }: PageParts): string {
  const rows = controls.map(({ name, what, patches }) => {
    const cells = (["S", "F", "C"] as const).map((letter) => {
      const result = results.of(`control ${name}`, letter, patches);
      return result === undefined ? "not run" : `${said(result, "green")}, ${result.seconds} s`;
    });
    return `| ${name} | ${what} | ${cells.join(" | ")} |`;
  });
  return `## Changes that preserve behaviour\n\nNobody may notice.\n\n| control | the change | S | F | C |\n|---|---|---|---|---|\n${rows.join("\n")}`;
}

const howTo = `## How to add a planted bug

1. A file \`faults/planted/bugs/NN-short-name.ts\` that exports \`bug\`: its number in 9.5 (from 101 on for our own), a sentence,
   the letters that must catch it, and patches: a text that occurs exactly once in a file of \`src/\`, and what takes its place.
2. \`npx mocha faults/planted/planted.test.ts\` says whether it applies and still parses. A patch that no longer applies, because
   the source has changed, fails there and in every run: write it anew for the source as it is.
3. \`npm run planted -- --only NN\` plants it in a copy in the temporary directory and runs its tools; \`--tool S\` only one of them.
4. What escapes needs a check: an operation of the crash matrix or an actor (simulator.md), a case of the corpus (faults.md),
   a conformance case (conformance.md). A real bug that escaped everything becomes a planted bug with the check that was missing.

Weakened tools are in \`faults/planted/harness-mutants/\`, changes that preserve behaviour in \`faults/planted/controls/\`;
\`npm run planted -- --mutants\` and \`-- --controls\` run them.`;

function resultOf(
  results: Results,
  bug: { number: number; patches: readonly Patch[] },
  letter: Letter,
): Result | undefined {
  return results.of(`bug ${bug.number}`, letter, bug.patches);
}

function said({ outcome, tool, by, seed }: Result, whenSurvived: string): string {
  if (outcome === "survived") return `${whenSurvived} (${cell(tool)})`;
  if (outcome === "killed") return `**noticed**: ${cell([by, seed].filter((text) => text !== undefined).join(", "))}`;
  return `${outcome === "absent" ? "no tool" : "broken"}: ${cell(tool)}`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

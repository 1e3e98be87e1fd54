/** For people: one line per case, grouped by section; the failures again at the end. */
import type { CaseResult, Outcome, Reporter } from "../report.ts";

const marks: Readonly<Record<Outcome, string>> = { passed: "✓", failed: "✗", skipped: "-" };

function line(each: CaseResult): string {
  const reason = each.reason === undefined ? "" : `\n      ${each.reason.replaceAll("\n", "\n      ")}`;
  return `  ${marks[each.outcome]} ${each.id} (${each.profile}) ${each.title}${reason}`;
}

export const report: Reporter = ({ url, summary, cases }) => {
  const sections = [...new Set(cases.map((each) => each.section))];
  const groups = sections.map((section) =>
    [`\n§ ${section}`, ...cases.filter((each) => each.section === section).map(line)].join("\n"),
  );
  const failures = cases.filter((each) => each.outcome === "failed").map((each) => `§ ${each.section}\n${line(each)}`);
  const { passed, failed, skipped, total } = summary;
  return [
    ...groups,
    ...(failures.length === 0 ? [] : ["\nFailed", ...failures]),
    `\n${url}: ${passed} passed, ${failed} failed, ${skipped} skipped of ${total}\n`,
  ].join("\n");
};

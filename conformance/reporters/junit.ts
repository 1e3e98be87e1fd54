/** JUnit XML, as build servers read it: one suite per section. */
import type { CaseResult, Reporter } from "../report.ts";
import { summarise } from "../report.ts";

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** XML 1.0 has no way to write most control characters, not even as references. */
function escape(text: string): string {
  return text
    .replace(/[&<>"]/g, (char) => entities[char] ?? char)
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/gu, "?");
}

function seconds(durationMs: number): string {
  return (durationMs / 1000).toFixed(3);
}

function element({ id, section, profile, title, outcome, reason = "", durationMs }: CaseResult): string {
  const name = escape(`${id} (${profile}) ${title}`);
  const open = `    <testcase classname="${escape(section)}" name="${name}" time="${seconds(durationMs)}"`;
  if (outcome === "passed") return `${open}/>`;
  const kind = outcome === "failed" ? "failure" : "skipped";
  return `${open}>\n      <${kind} message="${escape(reason)}"/>\n    </testcase>`;
}

export const report: Reporter = ({ cases, summary }) => {
  const suites = [...new Set(cases.map((each) => each.section))].map((section) => {
    const members = cases.filter((each) => each.section === section);
    const { failed, skipped, total } = summarise(members);
    return [
      `  <testsuite name="${escape(section)}" tests="${total}" failures="${failed}" skipped="${skipped}">`,
      ...members.map(element),
      "  </testsuite>",
    ].join("\n");
  });
  const { failed, skipped, total } = summary;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${total}" failures="${failed}" skipped="${skipped}">`,
    ...suites,
    "</testsuites>",
    "",
  ].join("\n");
};

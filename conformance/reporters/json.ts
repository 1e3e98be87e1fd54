/** The JSON report: one object with `summary` and `cases` (spec 8.5). */
import type { Reporter } from "../report.ts";

export const report: Reporter = ({ summary, cases }) => {
  const members = cases.map(({ id, section, profile, outcome, reason }) => ({
    id,
    section,
    profile,
    outcome,
    ...(reason === undefined ? {} : { reason }),
  }));
  return `${JSON.stringify({ summary, cases: members }, null, 2)}\n`;
};

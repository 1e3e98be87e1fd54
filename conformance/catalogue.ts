/** `docs/conformance-cases.md`: for each section what it promises and which cases hold a server to it, then all cases. */
import type { Case } from "./case.ts";
import { casesOf, type Claim } from "./claim.ts";

const head = `# What the probe asks

Written by \`npm run probe -- --catalogue\`; do not edit. How to use the probe: conformance.md.
`;

/** Families of more cases than this are shown by their pattern. */
const mostShown = 6;

export function caseList(cases: readonly Case[], claims: readonly Claim[]): string {
  const core = cases.filter(({ profile }) => profile === "core").length;
  const seen = claims.filter(({ why }) => why === undefined).length;
  return [
    head,
    `${cases.length} cases, ${core} of them \`core\`. ${seen} claims have cases; ${claims.length - seen} can't be seen from outside, and say why.`,
    "",
    "## Claims by section",
    "",
    "Sections are those of the contract, the words are ours. **wire**: owed by every implementation; beyond: added here.",
    ...sectionsOf(claims).flatMap((section) => claimTable(section, claims, cases)),
    "",
    "## Cases",
    ...sectionsOf(cases).flatMap((section) => caseTable(section, cases)),
    "",
  ].join("\n");
}

function sectionsOf(items: readonly { readonly section: string }[]): string[] {
  const place = (section: string): number => {
    const [chapter = 0, part = 0] = section.split(".").map(Number);
    return chapter * 100 + part;
  };
  return [...new Set(items.map(({ section }) => section))].sort((a, b) => place(a) - place(b));
}

function claimTable(section: string, claims: readonly Claim[], cases: readonly Case[]): string[] {
  const rows = claims
    .filter((claim) => claim.section === section)
    .map((claim) => {
      const mark = claim.mark === "wire" ? "**wire**" : "beyond";
      const by = claim.why === undefined ? shown(claim, cases) : `not to be seen: ${claim.why}`;
      return `| ${claim.number} | ${claim.why === undefined ? mark : ""} | ${cell(claim.text)} | ${by} |`;
    });
  return ["", `### ${section}`, "", "| | | claim | cases |", "|---|---|---|---|", ...rows];
}

function shown(claim: Claim, cases: readonly Case[]): string {
  return claim.cases
    .flatMap((pattern) => {
      const found = casesOf({ ...claim, cases: [pattern] }, cases);
      return found.length > mostShown ? [`\`${pattern}\` (${found.length})`] : found.map(({ id }) => `\`${id}\``);
    })
    .join(", ");
}

function caseTable(section: string, cases: readonly Case[]): string[] {
  const rows = cases
    .filter((each) => each.section === section)
    .map(({ id, profile, title }) => `| \`${id}\` | ${profile} | ${cell(title)} |`);
  return ["", `### Section ${section}`, "", "| case | profile | |", "|---|---|---|", ...rows];
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*").replaceAll("_", "\\_");
}

/** Test Anything Protocol, version 13. */
import type { Reporter } from "../report.ts";

/** `#` would begin a directive. */
function description(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("#", "\\#");
}

export const report: Reporter = ({ cases }) => {
  const lines = cases.map(({ id, section, profile, title, outcome, reason }, index) => {
    const head = `${outcome === "failed" ? "not ok" : "ok"} ${index + 1} - ${description(`${id} (${section}, ${profile}) ${title}`)}`;
    if (outcome === "skipped") return `${head} # SKIP ${reason ?? ""}`;
    if (outcome === "passed") return head;
    return `${head}\n  ---\n  message: ${JSON.stringify(reason ?? "")}\n  ...`;
  });
  return ["TAP version 13", `1..${cases.length}`, ...lines, ""].join("\n");
};

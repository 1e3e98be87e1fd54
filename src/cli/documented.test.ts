/** The operator's page says everything (docs/operations.md): every setting, every metric, every exit code. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Harness } from "../http/testing/harness.ts";
import { topicSeriesNames } from "../http/metrics/topic-series.ts";
import { troubleKinds } from "../http/metrics/trouble.ts";
import { settings } from "./settings.ts";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const page = read("docs/operations.md");

describe("the operator's page", () => {
  it("has every setting with its default", () => {
    const wrong = Object.entries(settings).filter(([name, { standard }]) => {
      const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\` `));
      const shown = Array.isArray(standard) || String(standard) === "" ? "–" : `\`${String(standard)}\``;
      return row?.includes(`| ${shown} `) !== true;
    });
    assert.deepEqual(
      wrong.map(([name, { standard }]) => `${name} ${String(standard)}`),
      [],
    );
  });

  it("has every metric, and the alerts and the dashboard name none that is not there", async () => {
    const harness = await Harness.start();
    let text: string;
    try {
      text = (await harness.request("GET", "/v0/metrics")).text;
    } finally {
      await harness.stop();
    }
    const there = [...topicSeriesNames, ...[...text.matchAll(/^# TYPE (topics_\S+)/gm)].map(([, name]) => name)];
    assert.ok(there.length > 30);
    assert.deepEqual(
      there.filter((name) => !page.includes(`\`${name}\``)),
      [],
    );
    for (const file of ["docs/operations/alerts.yaml", "docs/operations/dashboard.json"]) {
      const named = [...read(file).matchAll(/\btopics_[a-z_]+/g)].map(([name]) =>
        name.replace(/_(bucket|sum|count)$/, ""),
      );
      assert.ok(named.length > 10, file);
      assert.deepEqual(
        named.filter((name) => !there.includes(name)),
        [],
        file,
      );
    }
    for (const kind of troubleKinds) assert.ok(page.includes(`\`${kind}\``), kind);
  });
});

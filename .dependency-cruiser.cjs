/**
 * The layers of docs/ARCHITECTURE.md as rules: a file imports from its own folder or from a lower rank, never up, never
 * sideways, and each outside library has one place where it is spoken to.
 */
const ranks = [
  ["base"],
  ["env", "client"],
  ["storage"],
  ["wal", "segment", "checkpoint"],
  ["topic"],
  ["queue", "router", "watch"],
  ["engine"],
  ["http", "maintenance"],
  ["cli"],
];
const folder = (name) => `^src/${name}/`;
const layerRules = ranks.flatMap((names, rank) =>
  names.map((name) => ({
    name: `${name}-imports-only-downwards`,
    comment:
      "Move the shared piece to a lower folder, or declare a narrow Deps interface here and let the caller fill it in.",
    severity: "error",
    from: { path: folder(name) },
    to: {
      path: [
        ...ranks
          .slice(rank)
          .flat()
          .filter((other) => other !== name)
          .map(folder),
        "^src/(index|main)\\.ts$",
        "^(sim|faults|conformance|bench)/",
      ],
    },
  })),
);
const only = (name, who, what) => ({
  name,
  comment: `Only ${who} may import this; everything else goes through its interface.`,
  severity: "error",
  from: { path: "^(src|sim|conformance|faults|bench)/", pathNot: [who, "\\.test\\.ts$"] },
  to: { path: what },
});

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    ...layerRules,
    {
      name: "base-is-pure",
      severity: "error",
      from: { path: "^src/base/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "client-imports-only-base",
      severity: "error",
      from: { path: "^src/client/" },
      to: { path: "^src/(?!base/|client/)" },
    },
    {
      name: "conformance-is-a-black-box",
      severity: "error",
      from: { path: "^conformance/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(src|sim|faults|bench)/" },
    },
    {
      name: "sim-knows-src-and-conformance",
      severity: "error",
      from: { path: "^sim/" },
      to: { path: "^(faults|bench)/" },
    },
    { name: "faults-know-no-bench", severity: "error", from: { path: "^faults/" }, to: { path: "^bench/" } },
    {
      name: "bench-knows-src-and-conformance",
      severity: "error",
      from: { path: "^bench/" },
      to: { path: "^(sim|faults)/" },
    },
    only(
      "only-adapters-touch-the-disk",
      "^(src/(env/node-|cli/|main\\.ts)|sim/(crash-matrix|run)/(catalogue|tally)\\.ts|conformance/|bench/|faults/)",
      "^(node:)?fs(/promises)?$",
    ),
    only("only-http-speaks-koa", "^src/http/", "node_modules/(koa|@koa/router|ws)/"),
    only("only-the-simulated-disk-uses-memfs", "^sim/disk/", "node_modules/memfs/"),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
      extensions: [".ts", ".js"],
    },
  },
};

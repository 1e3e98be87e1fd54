import js from "@eslint/js";
import ts from "typescript-eslint";

/** Globals and modules that only the adapters may touch; everything else takes them through `Env` (docs/ARCHITECTURE.md). */
const seams = {
  "no-restricted-globals": [
    "error",
    ...["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate"].map((name) => ({
      name,
      message: "take Timers from Env (src/env/env.ts)",
    })),
    { name: "performance", message: "take Clock from Env (src/env/env.ts)" },
    { name: "process", message: "only cli/, main.ts and env/node-*.ts know the process" },
  ],
  "no-restricted-properties": [
    "error",
    { object: "Date", property: "now", message: "take Clock from Env (src/env/env.ts)" },
    { object: "Math", property: "random", message: "take Random from Env (src/env/env.ts)" },
  ],
  "no-restricted-imports": [
    "error",
    {
      paths: ["node:fs", "node:fs/promises", "fs", "node:timers", "node:perf_hooks", "node:process"].map((name) => ({
        name,
        message: "take it from Env (src/env/env.ts)",
      })),
    },
  ],
  "no-restricted-syntax": [
    "error",
    { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: "take Clock from Env" },
    { selector: "TSEnumDeclaration", message: "use a union of literals" },
    { selector: "ExportDefaultDeclaration", message: "export by name" },
  ],
};

export default ts.config(
  { ignores: ["dist/", "node_modules/", "coverage/", "**/*.cjs", "eslint.config.js", "bench/k6/"] },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      eqeqeq: "error",
    },
  },
  {
    files: ["src/**/*.ts", "sim/**/*.ts"],
    ignores: [
      "src/env/node-*.ts",
      "src/cli/**",
      "src/main.ts",
      "**/*.test.ts",
      "sim/scheduler.ts",
      "sim/command-line.ts",
      "sim/{crash-matrix,run}/{main,catalogue,other-process,tally}.ts",
    ],
    rules: seams,
  },
  {
    files: ["**/*.test.ts"],
    rules: { "@typescript-eslint/no-floating-promises": ["error", { allowForKnownSafeCalls: [] }] },
  },
);

/** The quick gate before a commit: the house rules, without the suites. */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { bun, ROOT } from "./tools.mjs";

const run = spawnSync(bun(), ["scripts/test.ts", "tests/checks", "--runtime", "bun"], { cwd: ROOT, stdio: "inherit" });
process.exit(run.status ?? 1);

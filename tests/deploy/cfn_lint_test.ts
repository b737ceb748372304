import { assertEquals } from "@std/assert";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { STAGE_NAMES } from "../../infra/config.ts";
import { cfnLint } from "../../scripts/tools.mjs";
import { writeTemplates } from "../infra/template_files.ts";

const program = cfnLint();
const skipped = "cfn-lint is not started: there is no Python 3.10 or newer that makes virtual environments";
if (program === undefined && process.env.CI === "true") throw new Error(`${skipped}; with CI=true that is a failure`);

describe("cfn-lint", () => {
  if (program === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});

  it("finds nothing in the templates", async () => {
    const scratch = mkdtempSync(join(tmpdir(), "roomtone-lint-"));
    try {
      const files: string[] = [];
      for (const stage of STAGE_NAMES) {
        const names = Object.keys(await writeTemplates("bun", stage, scratch));
        files.push(
          ...names.filter((name) => name.includes(".template.")).map((name) => join(scratch, `bun-${stage}`, name)),
        );
      }
      // W3005: CDK itself writes some a DependsOn that a reference says already.
      const args = ["--ignore-checks", "W3005", "--format", "parseable", "--", ...files];
      const said = await new Promise((resolve) =>
        execFile(
          program,
          args,
          { maxBuffer: 1 << 24 },
          (error, stdout, stderr) => resolve([error?.code, stdout, stderr]),
        )
      );
      assertEquals(said, [undefined, "", ""]);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });
});

import { assert, assertEquals } from "@std/assert";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { STAGE_NAMES } from "../../infra/config.ts";
import { bun, ROOT } from "../../scripts/tools.mjs";
import { NAG_EXCEPTIONS, type NagException } from "./nag_exceptions.ts";

interface Report {
  pluginReports: {
    pluginName: string;
    violations: { ruleName: string; violatingConstructs: { constructPath: string }[] }[];
  }[];
}

/** A rule's name without what differs from stage to stage and from hash to hash. */
const plain = (rule: string): string =>
  rule.replace(/(?<=\[Resource::)Roomtone-\w+-Data:\w+(?=\/recordings)/, "DATA")
    .replace(/(?<=\[Resource::)arn:.*:task-definition\/roomtone-\w+-recorder(?=:\*)/, "TASK")
    .replace(/(?<=<)\w+Function[0-9A-F]{8}(?=\.Arn>)/, "FUNCTION");

/** What cdk-nag says of a stage, as `rule resource`. Synthesis fails by it, but its report is written before. */
async function violations(stage: string): Promise<{ rule: string; resource: string }[]> {
  const scratch = mkdtempSync(join(tmpdir(), "roomtone-nag-"));
  try {
    const program = [join(ROOT, "tests", "deploy", "nag.ts"), stage, scratch];
    await new Promise((resolve) => execFile(bun(), program, { cwd: ROOT, maxBuffer: 1 << 26 }, resolve));
    const text = readFileSync(join(scratch, "out", "validation-report.json"), "utf8");
    const [report, ...more] = (JSON.parse(text) as Report).pluginReports.filter(({ pluginName }) =>
      pluginName === "AwsSolutions"
    );
    assert(report !== undefined && more.length === 0, "cdk-nag did not report");
    return report.violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => ({
        rule: plain(ruleName),
        resource: constructPath.replace(`Roomtone-${stage}-`, ""),
      }))
    );
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

describe("cdk-nag's AwsSolutions", () => {
  const covers = ({ rule, resources }: NagException) => (found: { rule: string; resource: string }) =>
    found.rule === rule && resources.test(found.resource);

  for (const stage of STAGE_NAMES) {
    it(`finds nothing in ${stage} but what is left so for a reason, and needs every reason`, async () => {
      const exceptions = NAG_EXCEPTIONS.filter((each) => each.stage === undefined || each.stage === stage);
      const found = await violations(stage);
      assertEquals(found.filter((each) => !exceptions.some((exception) => covers(exception)(each))), []);
      assertEquals(exceptions.filter((exception) => !found.some(covers(exception))).map(({ rule }) => rule), []);
    });
  }
});

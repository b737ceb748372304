/**
 * Writes `infra/templates.json`, the reviewed resources of prod, after a wanted change of the stacks; and adds new tables
 * and buckets of every stage to `infra/stateful.json`, whose entries never change: `bun scripts/templates.ts`.
 * @module
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { STAGE_NAMES } from "../infra/config.ts";
import { forReview, REVIEWED, STATEFUL, statefulOf, writeTemplates } from "../tests/infra/template_files.ts";

const scratch = mkdtempSync(join(tmpdir(), "roomtone-templates-"));
try {
  const templates: Record<string, unknown> = {};
  const stateful: Record<string, unknown> = existsSync(STATEFUL) ? JSON.parse(readFileSync(STATEFUL, "utf8")) : {};
  for (const stage of STAGE_NAMES) {
    const files = await writeTemplates("bun", stage, scratch);
    if (stage === "prod") Object.assign(templates, forReview(files));
    for (const [id, kept] of Object.entries(statefulOf(files))) stateful[id] ??= kept;
  }
  for (const [file, content] of [[REVIEWED, templates], [STATEFUL, stateful]] as const) {
    writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
  }
} finally {
  rmSync(scratch, { recursive: true });
}

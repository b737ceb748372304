/**
 * Templates as `infra/bin/app.ts` writes them, on either runtime, and what is kept of them for review.
 * @module
 */
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { bun, node24, ROOT } from "../../scripts/tools.mjs";
import { emptyBundles, type Resource } from "./synthesise.ts";

/** What `infra/templates.json` and `infra/stateful.json` are made by. */
export const REVIEWED = join(ROOT, "infra", "templates.json");
export const STATEFUL = join(ROOT, "infra", "stateful.json");

/** A template's text, by the name of its file. */
export type TemplateFiles = Record<string, string>;

/** Runs the app on a runtime, with empty bundles. @param scratch an empty folder */
export async function writeTemplates(runtime: "bun" | "node", stage: string, scratch: string): Promise<TemplateFiles> {
  const out = join(scratch, `${runtime}-${stage}`);
  mkdirSync(out, { recursive: true });
  const env = { ...process.env, CDK_OUTDIR: out, ROOMTONE_DIST: emptyBundles(join(scratch, "dist")) };
  const program = runtime === "bun" ? bun() : node24();
  await promisify(execFile)(program, [join(ROOT, "infra", "bin", "app.ts"), stage], { cwd: ROOT, env });
  const names = readdirSync(out).filter((name) => /\.(template|assets)\.json$/.test(name)).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(out, name), "utf8")]));
}

/** What other files say and other tests compare: the API's routes, and the variables of a process. */
const ELSEWHERE = new Set(["AWS::ApiGatewayV2::Route", "AWS::Lambda::Permission"]);

/**
 * The resources of templates for people to review, without hashes of bundles, and without what the contract's routes and
 * the config schemas say already.
 */
export function forReview(files: TemplateFiles): Record<string, unknown> {
  const templates = Object.entries(files).filter(([name]) => name.endsWith(".template.json"));
  return Object.fromEntries(templates.map(([name, text]) => {
    const { Resources } = JSON.parse(text.replace(/[0-9a-f]{64}/g, "HASH")) as { Resources: Record<string, Resource> };
    const shown = Object.entries(Resources).filter(([, { Type }]) => !ELSEWHERE.has(Type)).map(([id, resource]) => {
      const { Metadata: _, ...rest } = resource as Resource & { Metadata?: unknown };
      return [id, JSON.parse(JSON.stringify(rest, (key, value) => key === "Environment" ? undefined : value))];
    });
    return [name.replace(".template.json", ""), Object.fromEntries(shown)];
  }));
}

/** Properties that CloudFormation cannot change in place: another value is another resource, and the old one goes. */
const REPLACING: Record<string, readonly string[]> = {
  "AWS::DynamoDB::Table": ["TableName", "KeySchema", "LocalSecondaryIndexes", "ImportSourceSpecification"],
  "AWS::S3::Bucket": ["BucketName", "ObjectLockEnabled"],
};

/** Tables and buckets by stack and logical id, each with what must not change. */
export function statefulOf(files: TemplateFiles): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(files)) {
    if (!name.endsWith(".template.json")) continue;
    const { Resources } = JSON.parse(text) as { Resources: Record<string, Resource> };
    for (const [id, { Type, Properties = {} }] of Object.entries(Resources)) {
      const replacing = REPLACING[Type];
      if (replacing === undefined) continue;
      const kept = replacing.filter((key) => key in Properties).map((key) => [key, Properties[key]]);
      found[`${name.replace(".template.json", "")} ${id}`] = { Type, ...Object.fromEntries(kept) };
    }
  }
  return found;
}

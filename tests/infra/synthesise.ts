/**
 * The templates of a stage, for tests: made of empty bundles, as what is in the code makes no difference to them.
 * @module
 */
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StageConfig, stageConfig } from "../../infra/config.ts";
import { addStacks, STACK_PARTS } from "../../infra/roomtone.ts";
import { LAMBDAS } from "../../scripts/build_functions.ts";

/** A part of the system. */
export type Part = (typeof STACK_PARTS)[number];

/** A resource of a template. */
export interface Resource {
  Type: string;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  Properties: Record<string, unknown>;
}

/** A statement of a policy. */
export interface Statement {
  Action: string | string[];
  Resource: unknown;
  Effect: string;
  Condition?: unknown;
}

/** The templates of a stage. */
export class Templates {
  readonly byPart: Readonly<Record<Part, Template>>;

  constructor(byPart: Record<Part, Template>) {
    this.byPart = byPart;
  }

  /** Resources of a type, of one part or of all; ids are unique over the parts. */
  resources(type: string, part?: Part): Record<string, Resource> {
    const parts = part === undefined ? STACK_PARTS : [part];
    return Object.assign({}, ...parts.map((each) => this.byPart[each].findResources(type)));
  }

  /** The one resource of a type whose logical id begins so. */
  one(type: string, id: string): Resource {
    const found = Object.entries(this.resources(type)).filter(([key]) => key.startsWith(id));
    const [resource] = found;
    if (resource === undefined || found.length > 1) throw new Error(`${found.length} resources ${type} ${id}`);
    return resource[1];
  }

  /** Statements of the policies whose logical id begins so. */
  statements(id: string): Statement[] {
    return Object.entries(this.resources("AWS::IAM::Policy"))
      .filter(([key]) => key.startsWith(id))
      .flatMap(([, { Properties }]) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement);
  }
}

/** Makes the folder of bundles that the stacks take, each empty. */
export function emptyBundles(distDir: string): string {
  for (const name of [...LAMBDAS, "recorder_task"]) {
    mkdirSync(join(distDir, name), { recursive: true });
    writeFileSync(join(distDir, name, name === "recorder_task" ? "Dockerfile" : "index.mjs"), "");
  }
  return distDir;
}

/** Makes the templates of a stage, with some settings changed. */
export function synthesise(stage: string, more: Partial<StageConfig> = {}): Templates {
  const scratch = mkdtempSync(join(tmpdir(), "roomtone-infra-"));
  try {
    const app = new App({ outdir: join(scratch, "out"), analyticsReporting: false });
    const distDir = emptyBundles(join(scratch, "dist"));
    const stacks = addStacks(app, { config: { ...stageConfig(stage), ...more }, distDir });
    const templates = STACK_PARTS.map((part) => [part, Template.fromStack(stacks[part])]);
    return new Templates(Object.fromEntries(templates));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

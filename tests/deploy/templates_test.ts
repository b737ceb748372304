import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { STAGE_NAMES } from "../../infra/config.ts";
import {
  forReview,
  REVIEWED,
  STATEFUL,
  statefulOf,
  type TemplateFiles,
  writeTemplates,
} from "../infra/template_files.ts";

describe("templates", () => {
  let scratch: string;
  let onBun: TemplateFiles;
  let onNode: TemplateFiles;

  before(async () => {
    scratch = mkdtempSync(join(tmpdir(), "roomtone-templates-"));
    const all = { bun: {}, node: {} };
    for (const runtime of ["bun", "node"] as const) {
      for (const stage of STAGE_NAMES) Object.assign(all[runtime], await writeTemplates(runtime, stage, scratch));
    }
    [onBun, onNode] = [all.bun, all.node];
  });
  after(() => rmSync(scratch, { recursive: true }));

  it("are the same on Bun and on Node, to the byte", () => {
    assertEquals(Object.keys(onBun).length, STAGE_NAMES.length * 12);
    assertEquals(Object.keys(onNode), Object.keys(onBun));
    for (const [name, text] of Object.entries(onBun)) assert(onNode[name] === text, `${name} differs`);
  });

  it("are those that were reviewed: after a wanted change, run `bun scripts/templates.ts`", () => {
    const reviewed = JSON.parse(readFileSync(REVIEWED, "utf8")) as Record<string, unknown>;
    const now = forReview(Object.fromEntries(Object.entries(onBun).filter(([name]) => name.includes("-prod-"))));
    assertEquals(Object.keys(now), Object.keys(reviewed));
    for (const [name, template] of Object.entries(now)) assertEquals(template, reviewed[name], name);
  });

  it("keep each table and bucket that was ever released, and nothing of it that would make a new one", () => {
    const released = JSON.parse(readFileSync(STATEFUL, "utf8")) as Record<string, unknown>;
    const now = statefulOf(onBun);
    for (const [id, kept] of Object.entries(released)) assertEquals(now[id], kept, id);
    assertEquals(Object.keys(now).sort(), Object.keys(released).sort());
  });

  it("name no account, no region but the stage's, and nothing secret", () => {
    for (const [name, text] of Object.entries(onBun)) {
      assert(!/\b\d{12}\b/.test(text), name);
      assert(!/sessionid|cookie["':= ]/i.test(text), name);
    }
  });
});

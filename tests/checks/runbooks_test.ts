/** Every kind of alarm has a page that tells what to do, and every page is of an alarm. */
import { assert, assertEquals } from "@std/assert";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { METRICS } from "../../functions/contract/metrics.ts";
import { type AlarmKind, runbookPage, RUNBOOKS } from "../../infra/runbooks.ts";
import { read, ROOT } from "./source_files.ts";

const FOLDER = "docs/runbooks";
const PARTS = ["What it means", "Look first", "Likely causes", "What to do", "It is over when"];
/** Metrics of AWS itself that pages name. */
const OF_AWS = /^[A-Z]/;

describe("runbooks", () => {
  const pages = readdirSync(join(ROOT, FOLDER)).map((name) => `${FOLDER}/${name}`).sort();

  it("are there for each kind of alarm, and for nothing else", () => {
    assertEquals(pages, (Object.keys(RUNBOOKS) as AlarmKind[]).map(runbookPage).sort());
  });

  it("say what it means, where to look, why it may be, what to do, and when it is over", () => {
    for (const page of pages) {
      const parts = read(page).split(/^## /m).slice(1).map((part) => part.split("\n"));
      assertEquals(parts.map(([title]) => title), PARTS, page);
      assert(parts.every((lines) => lines.join(" ").length > 30), page);
    }
  });

  it("link to pages that are there, and name metrics that are told", () => {
    for (const page of pages) {
      const text = read(page);
      for (const [, target = ""] of text.matchAll(/\]\(([^)]+)\)/g)) {
        assert(existsSync(join(ROOT, FOLDER, target)), `${page} links to ${target}`);
      }
      for (const [, word = ""] of text.matchAll(/`(\w+_(?:total|seconds|bytes)|due_\w+|spool_\w+)`/g)) {
        assert(OF_AWS.test(word) || Object.hasOwn(METRICS, word), `${page} names the metric ${word}`);
      }
    }
  });
});

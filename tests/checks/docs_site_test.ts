/** The docs as a site: every link leads somewhere, every event is told of, and people can use the pages. */
import { assert, assertEquals } from "@std/assert";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { docsOf } from "../../scripts/deno_doc.ts";
import { buildDocs } from "../../scripts/docs/build.ts";
import { EVENT_EXAMPLES } from "../../scripts/docs/event_examples.ts";
import { eventsOf, fieldsOf } from "../../scripts/docs/events_page.ts";
import { markdownFaults, siteFaults } from "../../scripts/docs/links.ts";
import { settingsOf } from "../../scripts/docs/settings_page.ts";
import { assertAccessible, shoot } from "../console/console_world.ts";
import { type ChromiumStart, startChromium } from "../engines/chromium.ts";
import { ROOT, sourceFiles } from "./source_files.ts";

/** Fields of each event that JSON has, those of its head. */
const HEAD = ["type", "id", "roomId", "at", "receivedAt", "history", "method"];

const site = mkdtempSync(join(tmpdir(), "roomtone-docs-"));
const pages = buildDocs(site);
after(() => rmSync(site, { recursive: true, force: true }));

describe("the docs", () => {
  it("are a site without a dead link", () => {
    assert(pages.length >= 30, String(pages.length));
    assertEquals(siteFaults(site), []);
  });

  it("are Markdown without a dead link", () => {
    const files = sourceFiles(/^(README|CONTRIBUTING)\.md$|^docs\/.*\.md$/);
    assert(files.length >= 25, String(files.length));
    assertEquals(markdownFaults(ROOT, files), []);
  });

  it("are all on the site, and in its menu", () => {
    const files = sourceFiles(/^docs\/.*\.md$/).map((file) => file.slice("docs/".length).replace(/md$/, "html"));
    assertEquals(files.filter((file) => !pages.includes(file)), []);
    const home = readFileSync(join(site, "index.html"), "utf8");
    assertEquals(pages.filter((path) => !home.includes(`<li><a href="${path}"`)), []);
  });

  it("tell of every event: all of its fields, and an example with no others", () => {
    const [module] = docsOf([join(ROOT, "sdk", "src", "events", "types.ts")]);
    assert(module !== undefined);
    const html = readFileSync(join(site, "events.html"), "utf8");
    const events = [...eventsOf(module, "WireEvent"), ...eventsOf(module, "ClientEvent")];
    assertEquals(events.map(({ type }) => type).sort(), Object.keys(EVENT_EXAMPLES).sort());
    for (const event of events) {
      const section = html.split(`<h3 id="${event.type}">`)[1]?.split("<h3 ")[0] ?? "";
      const names = fieldsOf(event).map(({ name }) => name);
      assertEquals(names.filter((name) => !section.includes(`<td><code>${name}</code></td>`)), [], event.type);
      const { jsDoc } = event.symbol.declarations[0] ?? {};
      assert(jsDoc?.doc, event.type);
      assertEquals(fieldsOf(event).filter((field) => !field.jsDoc?.doc).map(({ name }) => name), [], event.type);
      const example = EVENT_EXAMPLES[event.type as keyof typeof EVENT_EXAMPLES];
      const others = Object.keys(example).filter((name) => ![...HEAD, ...names].includes(name));
      // Messages that did not decode keep their bytes.
      assertEquals(others, ["unknown", "decode_error"].includes(event.type) ? ["bytes"] : [], event.type);
    }
  });

  it("tell of every call of the API, with a curl that names it", () => {
    const api = JSON.parse(readFileSync(join(ROOT, "functions", "openapi.json"), "utf8"));
    const html = readFileSync(join(site, "api.html"), "utf8");
    const operations = Object.values<Record<string, { operationId: string; responses: object }>>(api.paths).flatMap(
      (methods) => Object.values(methods),
    );
    assert(operations.length >= 40, String(operations.length));
    for (const { operationId, responses } of operations) {
      const section = html.split(`<h3 id="${operationId}">`)[1]?.split("<h3 ")[0] ?? "";
      assert(section.includes("curl ") && section.includes("http://127.0.0.1:3000/"), operationId);
      assertEquals(Object.keys(responses).filter((status) => !section.includes(`<td>${status}</td>`)), [], operationId);
    }
  });

  it("tell of every setting", () => {
    const settings = settingsOf(readFileSync(join(ROOT, "functions", "contract", "config.ts"), "utf8"));
    assert(settings.length >= 50, String(settings.length));
    assertEquals(settings.filter(({ what }) => what === "").map(({ variable }) => variable), []);
    const html = readFileSync(join(site, "settings.html"), "utf8");
    assertEquals(settings.filter(({ variable }) => !html.includes(`<code>${variable}</code>`)), []);
  });

  it("tell of every symbol of the SDK", () => {
    const text = readFileSync(join(ROOT, "sdk", "api.txt"), "utf8");
    const html = ["sdk.html", "events.html"].map((file) => readFileSync(join(site, file), "utf8")).join("");
    const names = [...text.matchAll(/^(?:class|interface|function|type|const) (\w+)/gm)].map(([, name = ""]) => name);
    assert(names.length > 150, String(names.length));
    const told = new Set(
      [...html.matchAll(/<h3 id="[^"]*"><a href="[^"]*">(?:<code>)?(\w+)/g)].map(([, name]) => name),
    );
    const events = new Set([...html.matchAll(/<p><code>(\w+)<\/code>(?:, from|<\/p>)/g)].map(([, name]) => name));
    assertEquals(names.filter((name) => !told.has(name) && !events.has(name)), []);
  });
});

describe("siteFaults() and markdownFaults()", () => {
  it("name links that lead nowhere, pages without a title, pictures that say nothing", () => {
    const folder = mkdtempSync(join(tmpdir(), "roomtone-links-"));
    try {
      mkdirSync(join(folder, "sub"));
      const page = (body: string) => `<title>A page</title><h1 id="top">A page</h1>${body}`;
      writeFileSync(join(folder, "index.html"), page(`<a href="sub/other.html#here">fine</a><a href="#top">fine</a>`));
      writeFileSync(
        join(folder, "sub", "other.html"),
        `<h1 id="here">x</h1><i id="here"></i><a href="../gone.html">x</a><a href="../index.html#no">x</a>` +
          `<a href="http://plain.example">x</a><a href="/top.html">x</a><img src="a.png" alt="">` +
          `<script src="https://cdn.example/x.js"></script>`,
      );
      assertEquals(siteFaults(folder).map((line) => line.replace("sub/other.html: ", "")), [
        "has no title",
        "has the id here twice",
        "href ../gone.html leads nowhere",
        "href ../index.html#no names no place of index.html",
        "href http://plain.example is not https",
        "href /top.html is not relative",
        "src a.png leads nowhere",
        "src https://cdn.example/x.js is fetched from elsewhere",
        `<img src="a.png" alt=""> says nothing to those who do not see it`,
      ]);
      writeFileSync(
        join(folder, "a.md"),
        "# A head, with `code`\n[x](b.md) [y](#a-head-with-code) [z](#no) [w](http://x.y)",
      );
      assertEquals(markdownFaults(folder, ["a.md"]), [
        "a.md: b.md leads nowhere",
        "a.md: #no names no heading of a.md",
        "a.md: http://x.y is not https",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const { browser, skipped }: ChromiumStart = await startChromium();
if (skipped !== undefined) describe(`SKIPPED: ${skipped}`, () => {});
else {
  describe("the site in Chromium, opened from its folder", () => {
    const complaints: string[] = [];
    const open = async (path: string, look: { width: number; dark: boolean }): Promise<Page> => {
      const page = await browser.newPage({
        viewport: { width: look.width, height: 800 },
        colorScheme: look.dark ? "dark" : "light",
      });
      page.setDefaultTimeout(30_000);
      page.on("pageerror", (error) => complaints.push(`${path}: ${error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(`${path}: ${message.text()}`);
      });
      page.on("request", (request) => {
        if (!request.url().startsWith("file:")) complaints.push(`${path} asks for ${request.url()}`);
      });
      await page.goto(pathToFileURL(join(site, path)).href);
      return page;
    };

    after(() => browser.close());

    const looks = [
      { width: 1280, dark: true, paths: ["index.html", "recipes.html", "settings.html"] },
      { width: 360, dark: false, paths: ["start.html", "how_it_works.html", "alerts.html"] },
    ];
    for (const { paths, ...look } of looks) {
      it(`can be used by everybody at ${look.width} px, asks nobody, and fits`, async () => {
        for (const path of paths) {
          const page = await open(path, look);
          assertEquals(await page.evaluate(() => document.documentElement.scrollWidth), look.width, path);
          assertEquals(complaints, []);
          await assertAccessible(page);
          // axe asks for the style sheet, which a page from a folder may not read.
          complaints.splice(0);
          await shoot(page, `docs_${path.replace(".html", "")}_${look.width}`);
          await page.close();
        }
      });
    }

    it("finds sections by words, without a mouse", async () => {
      const page = await open("runbooks/live_lag.html", { width: 1280, dark: false });
      await page.keyboard.press("/");
      await page.keyboard.type("deleting data");
      await page.getByRole("status").filter({ hasText: /found/ }).waitFor({ state: "attached" });
      await page.keyboard.press("ArrowDown");
      const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
      assert((await focused()).startsWith("Limits and manners: Deleting data"), await focused());
      await page.keyboard.press("Enter");
      await page.waitForURL(/limits\.html#deleting-data$/);
      await page.getByRole("searchbox").fill("no such words anywhere");
      await page.getByRole("status").filter({ hasText: "Nothing was found" }).waitFor({ state: "attached" });
      assertEquals(complaints.splice(0), []);
    });
  });
}

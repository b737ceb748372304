/**
 * Builds the site: Markdown of the clone and pages made from the source, as files that work from any folder.
 * @module
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join, posix } from "node:path";
import { docsOf, doorsOf } from "../deno_doc.ts";
import { ROOT } from "../tools.mjs";
import { apiPage } from "./api_page.ts";
import { eventPlaces, eventsPage } from "./events_page.ts";
import { layOut, relativeTo } from "./layout.ts";
import { codeBlock, type LinkTo, type Rendered, renderMarkdown } from "./markdown.ts";
import { type OpenDoor, sdkPage, sdkPlaces } from "./sdk_page.ts";
import { entriesOf, indexScript, type SearchEntry } from "./search_index.ts";
import { settingsPage } from "./settings_page.ts";
import { type Group, type MadePage, menu, type Page } from "./site.ts";

const ASSETS = join(ROOT, "scripts", "docs", "assets");
/** A paragraph that is nothing but a link to a script: the script stands behind it. */
const SCRIPT_ALONE = /^<p><a href="([\w./]+\.ts)">([^<]*)<\/a><\/p>$/gm;

/** What each file of the clone is on the site. */
function pagesByFile(groups: readonly Group[]): Map<string, string> {
  return new Map(
    groups.flatMap(({ pages }) => pages).flatMap((page) =>
      ("source" in page ? [page.source] : page.shows).map((file): [string, string] => [file, page.path])
    ),
  );
}

/** Links of a page: to other pages, to files that the site has too, and none to the rest of the clone. */
function linksOf(page: Page, byFile: ReadonlyMap<string, string>, copied: Set<string>): LinkTo {
  const from = "source" in page ? page.source : "docs/made.md";
  return (href) => {
    if (/^[a-z]+:/.test(href) || href.startsWith("#")) return href;
    const [file = "", anchor] = href.split("#");
    const hash = anchor === undefined ? "" : `#${anchor}`;
    if (file.endsWith(".html")) return `${relativeTo(page.path, file)}${hash}`;
    const target = posix.join(posix.dirname(from), file);
    const other = byFile.get(target) ?? byFile.get(`${target}.md`);
    if (other !== undefined) return `${relativeTo(page.path, other)}${hash}`;
    if (!/^docs\/.*\.(svg|png|ts)$/.test(target)) return undefined;
    copied.add(target);
    return relativeTo(page.path, target.slice("docs/".length));
  };
}

/** Markdown of the pages that are made from the source. */
function madePages(): Record<MadePage["make"], string> {
  const doors = [...doorsOf("sdk"), ...doorsOf("recorder")];
  const types = join(ROOT, "sdk", "src", "events", "types.ts");
  const [events, ...modules] = docsOf([types, ...doors.map(({ file }) => file)]);
  if (events === undefined) throw new Error("Cannot read the events: deno doc says nothing of them");
  const open: OpenDoor[] = doors.map((door, index) => ({ ...door, module: modules[index] ?? { symbols: [] } }));
  const eventNames = eventPlaces(events);
  const places = sdkPlaces(open, eventNames);
  const api = JSON.parse(readFileSync(join(ROOT, "functions", "openapi.json"), "utf8"));
  const config = readFileSync(join(ROOT, "functions", "contract", "config.ts"), "utf8");
  return {
    api: apiPage(api),
    events: eventsPage(events, places),
    sdk: sdkPage(open, places, eventNames),
    settings: settingsPage(config),
  };
}

/**
 * Builds the site.
 * @param folder emptied first
 * @returns paths of its pages
 */
export function buildDocs(folder: string): string[] {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const groups = menu();
  const byFile = pagesByFile(groups);
  const made = madePages();
  const copied = new Set<string>();
  const entries: SearchEntry[] = [];
  const pages = groups.flatMap((group) => group.pages);
  for (const page of pages) {
    const markdown = "source" in page ? readFileSync(join(ROOT, page.source), "utf8") : made[page.make];
    const rendered = renderMarkdown(markdown, linksOf(page, byFile, copied));
    const whole: Rendered = { ...rendered, html: rendered.html.replace(SCRIPT_ALONE, scriptBehind) };
    write(join(folder, page.path), layOut(page.path, whole, groups));
    entries.push(...entriesOf(page.path, page.title, whole));
  }
  for (const file of copied) write(join(folder, file.slice("docs/".length)), readFileSync(join(ROOT, file)));
  for (const file of readdirSync(ASSETS)) cpSync(join(ASSETS, file), join(folder, file));
  writeFileSync(join(folder, "search_index.js"), indexScript(entries));
  // GitHub Pages shall serve the files as they are.
  writeFileSync(join(folder, ".nojekyll"), "");
  return pages.map(({ path }) => path);
}

function scriptBehind(link: string, path: string): string {
  const file = join(ROOT, "docs", path);
  if (!existsSync(file)) throw new Error(`Cannot show docs/${path}: there is no such file`);
  const script = readFileSync(file, "utf8").replace(/^\/\/ deno-lint-ignore-file .*\n/m, "");
  return `${link}\n${codeBlock(script, extname(file).slice(1))}`;
}

function write(path: string, data: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, data);
}

/**
 * The frame around every page.
 * @module
 */
import { posix } from "node:path";
import { escapeHtml, type Rendered } from "./markdown.ts";
import type { Group } from "./site.ts";

/** The way from one path of the site to another. */
export function relativeTo(from: string, to: string): string {
  return posix.relative(posix.dirname(from), to);
}

/** A list of the page's sections, where it has many. */
function contents({ headings }: Rendered): string {
  const sections = headings.filter(({ depth }) => depth === 2);
  if (sections.length < 4) return "";
  const links = sections.map(({ id, text }) => `<li><a href="#${id}">${escapeHtml(text)}</a></li>`);
  return `<details class="contents"><summary>On this page</summary><ul>${links.join("")}</ul></details>\n`;
}

function menuHtml(groups: readonly Group[], path: string): string {
  return groups.map(({ title, pages }) => {
    const links = pages.map((page) => {
      const here = page.path === path ? ' aria-current="page"' : "";
      return `<li><a href="${relativeTo(path, page.path)}"${here}>${escapeHtml(page.title)}</a></li>`;
    }).join("");
    // The many runbooks are a group to open.
    const open = pages.length <= 8 || pages.some((page) => page.path === path) ? " open" : "";
    return `<details${open}><summary>${escapeHtml(title)}</summary><ul>${links}</ul></details>`;
  }).join("\n");
}

/** A page of the site as a whole. */
export function layOut(path: string, rendered: Rendered, groups: readonly Group[]): string {
  const title = rendered.headings.find(({ depth }) => depth === 1)?.text;
  if (title === undefined) throw new Error(`Cannot lay out ${path}: it has no heading of the first level`);
  const to = (other: string) => relativeTo(path, other);
  const [head, ...rest] = rendered.html.split("</h1>\n");
  const body = `${head}</h1>\n${contents(rendered)}${rest.join("</h1>\n")}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title === "Roomtone" ? title : `${title} · Roomtone`)}</title>
<link rel="icon" href="${to("icon.svg")}">
<link rel="stylesheet" href="${to("style.css")}">
<script src="${to("search.js")}" defer></script>
</head>
<body>
<a class="skip" href="#content">To the text</a>
<header>
<a class="brand" href="${to("index.html")}">Roomtone</a>
<form role="search" hidden>
<label for="search">Search</label>
<input id="search" type="search" autocomplete="off" placeholder="Press / to search" aria-controls="found">
<p id="count" role="status"></p>
<ul id="found"></ul>
</form>
<a class="to-menu" href="#menu">Pages</a>
</header>
<div class="columns">
<main id="content" tabindex="-1">
${body}</main>
<nav id="menu" aria-label="Pages">
${menuHtml(groups, path)}
</nav>
</div>
</body>
</html>
`;
}

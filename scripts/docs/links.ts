/**
 * Finds what is wrong with the built site and with the Markdown of the clone: links that lead nowhere, pages without a
 * title, pictures that are missing or say nothing.
 * @module
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";
import { Marked, type Token } from "marked";
import { plainText, Slugs } from "./markdown.ts";

/** Files below a folder, by path from it, with `/`. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

/** A link out of the clone is looked at for its form only: nothing is asked of the network. */
function formFault(href: string): string | undefined {
  const url = URL.canParse(href) ? new URL(href) : undefined;
  if (url === undefined) return "is no address";
  if (url.protocol === "mailto:") return undefined;
  if (url.protocol !== "https:") return "is not https";
  if (!url.hostname.includes(".")) return "names no host";
  return undefined;
}

const isExternal = (href: string): boolean => /^[a-z][\w+.-]*:|^\/\//i.test(href);

const unescaped = (text: string): string =>
  text.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/**
 * Faults of the site.
 * @param folder of the site
 * @returns one line each
 */
export function siteFaults(folder: string): string[] {
  const files = new Set(filesBelow(folder));
  const pages = new Map(
    [...files].filter((file) => file.endsWith(".html")).map((file) => [file, readFileSync(join(folder, file), "utf8")]),
  );
  const ids = new Map(
    [...pages].map(([file, html]) => [file, [...html.matchAll(/ id="([^"]*)"/g)].map(([, id = ""]) => id)]),
  );
  return [...pages].flatMap(([file, html]) => {
    const faults: string[] = [];
    const fault = (text: string) => faults.push(`${file}: ${text}`);
    if (!/<title>[^<]+<\/title>/.test(html)) fault("has no title");
    if ((html.match(/<h1\b/g) ?? []).length !== 1) fault("has not one heading of the first level");
    const own = ids.get(file) ?? [];
    for (const id of new Set(own.filter((id, index) => own.indexOf(id) !== index))) fault(`has the id ${id} twice`);
    for (const [, tag = "", attribute = "", value = ""] of html.matchAll(/<(\w+)\b[^>]*? (href|src)="([^"]*)"/g)) {
      const target = unescaped(value);
      if (isExternal(target)) {
        const why = tag === "a" ? formFault(target) : "is fetched from elsewhere";
        if (why !== undefined) fault(`${attribute} ${target} ${why}`);
        continue;
      }
      const [path = "", anchor] = target.split("#");
      const other = path === "" ? file : posix.join(posix.dirname(file), decodeURI(path));
      if (path.startsWith("/")) fault(`${attribute} ${target} is not relative`);
      else if (!files.has(other)) fault(`${attribute} ${target} leads nowhere`);
      else if (anchor !== undefined && !ids.get(other)?.includes(decodeURIComponent(anchor))) {
        fault(`${attribute} ${target} names no place of ${other}`);
      }
    }
    for (const [image] of html.matchAll(/<img\b[^>]*>/g)) {
      if (!/ alt="[^"]+"/.test(image)) fault(`${image} says nothing to those who do not see it`);
    }
    return faults;
  });
}

/** Headings and links of a text. */
function read(markdown: string): { slugs: Set<string>; links: string[] } {
  const marked = new Marked({ gfm: true });
  const slugs = new Slugs();
  const found = { slugs: new Set<string>(), links: [] as string[] };
  marked.walkTokens(marked.lexer(markdown), (token: Token) => {
    if (token.type === "heading") found.slugs.add(slugs.next(plainText(token["text"])));
    if (token.type === "link" || token.type === "image") found.links.push(token["href"]);
  });
  return found;
}

/**
 * Faults of links in Markdown, as they are read in the clone.
 * @param root of the clone
 * @param files by path from there
 * @returns one line each
 */
export function markdownFaults(root: string, files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const { links } = read(readFileSync(join(root, file), "utf8"));
    return links.flatMap((href) => {
      if (isExternal(href)) return formFault(href) === undefined ? [] : [`${file}: ${href} ${formFault(href)}`];
      const [path = "", anchor] = href.split("#");
      const target = path === "" ? file : posix.join(posix.dirname(file), decodeURI(path));
      const at = join(root, target);
      if (target.startsWith("..") || !existsSync(at)) return [`${file}: ${href} leads nowhere`];
      if (anchor === undefined || !target.endsWith(".md") || statSync(at).isDirectory()) return [];
      const { slugs } = read(readFileSync(at, "utf8"));
      return slugs.has(anchor) ? [] : [`${file}: ${href} names no heading of ${target}`];
    });
  });
}

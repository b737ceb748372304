/**
 * What the search box looks through: every section of every page.
 * @module
 */
import type { Rendered } from "./markdown.ts";

/** A section, in few letters since there are thousands. */
export interface SearchEntry {
  /** Address below the site's folder. */
  u: string;
  /** Title of its page. */
  p: string;
  /** Its heading. */
  h: string;
  /** Its words. */
  t: string;
}

/** Words of a section that are looked through. */
const MAX_TEXT = 600;

const ENTITIES: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"' };

/** The words of a piece of HTML. */
function wordsOf(html: string): string {
  return html.replace(/<[^>]+>/g, " ").replace(/&(?:amp|lt|gt|quot);/g, (entity) => ENTITIES[entity] ?? entity)
    .replace(/&#\d+;/g, " ").replace(/\s+/g, " ").trim();
}

/** The sections of a page. */
export function entriesOf(path: string, title: string, { html, headings }: Rendered): SearchEntry[] {
  const [, ...pieces] = html.split(/<h[1-6] id="/);
  return pieces.map((piece, index) => {
    const { id = "", text = "", depth } = headings[index] ?? {};
    const body = wordsOf(piece.replace(/^[\s\S]*?<\/h\d>/, ""));
    return { u: depth === 1 ? path : `${path}#${id}`, p: title, h: text, t: body.slice(0, MAX_TEXT) };
  });
}

/** The index as a script, since a page that was opened from a folder may load scripts and nothing else. */
export function indexScript(entries: readonly SearchEntry[]): string {
  return `globalThis.roomtoneSearch(${JSON.stringify(entries)});\n`;
}

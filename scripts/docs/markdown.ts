/**
 * Markdown to HTML: headings with the ids that GitHub gives them, links for the site, code in colours.
 * @module
 */
import highlighter from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import diff from "highlight.js/lib/languages/diff";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import typescript from "highlight.js/lib/languages/typescript";
import { Marked, type Tokens } from "marked";

/** A heading of a page. */
export interface Heading {
  id: string;
  /** 1 to 6. */
  depth: number;
  /** Its words, without marks. */
  text: string;
}

/** A page's text, ready to be laid out. */
export interface Rendered {
  html: string;
  headings: Heading[];
}

/** What becomes of a link's target; `undefined` leaves the words without a link. */
export type LinkTo = (href: string) => string | undefined;

const LANGUAGES: Record<string, Parameters<typeof highlighter.registerLanguage>[1]> = {
  bash,
  diff,
  json,
  python,
  typescript,
};
const ALIASES: Record<string, string> = { ts: "typescript", js: "typescript", sh: "bash" };

/** Text as HTML shows it. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Gives headings ids as GitHub does: two of the same words differ by a number. */
export class Slugs {
  readonly #taken = new Map<string, number>();

  /** The id of the next heading with these words. */
  next(text: string): string {
    const base = text.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(/\s/g, "-");
    const times = this.#taken.get(base) ?? 0;
    this.#taken.set(base, times + 1);
    return times === 0 ? base : `${base}-${times}`;
  }
}

/** The words of a heading, without marks of Markdown. */
export function plainText(markdown: string): string {
  return markdown.replace(/`([^`]*)`/g, "$1").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[*]/g, "");
}

/** Code in colours, as HTML; plain where its language is not known. */
export function highlighted(code: string, language: string): string {
  const name = ALIASES[language] ?? language;
  const grammar = LANGUAGES[name];
  if (grammar === undefined) return escapeHtml(code);
  if (highlighter.getLanguage(name) === undefined) highlighter.registerLanguage(name, grammar);
  return highlighter.highlight(code, { language: name }).value;
}

/** A block of code. Keys can scroll it, so that wide lines can be read without a mouse. */
export function codeBlock(code: string, language: string): string {
  return `<pre tabindex="0"><code>${highlighted(code.replace(/\n$/, ""), language)}</code></pre>\n`;
}

/**
 * Renders a page.
 * @param markdown GitHub's Markdown; a heading may name its id at its end, as in `### The links {#links}`
 */
export function renderMarkdown(markdown: string, linkTo: LinkTo): Rendered {
  const headings: Heading[] = [];
  const slugs = new Slugs();
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ depth, text, tokens }: Tokens.Heading): string {
        const [, words = text, given] = /^(.*?)(?: \{#([\w.-]+)\})?$/.exec(text) ?? [];
        const plain = plainText(words);
        const id = given ?? slugs.next(plain);
        headings.push({ id, depth, text: plain });
        const inner = this.parser.parseInline(tokens).replace(/ \{#[\w.-]+\}$/, "");
        if (depth === 1) return `<h1 id="${id}">${inner}</h1>\n`;
        return `<h${depth} id="${id}"><a href="#${id}">${inner.replace(/<\/?a\b[^>]*>/g, "")}</a></h${depth}>\n`;
      },
      link({ href, tokens }: Tokens.Link): string {
        const target = linkTo(href);
        const inner = this.parser.parseInline(tokens);
        return target === undefined ? inner : `<a href="${escapeHtml(target)}">${inner}</a>`;
      },
      image({ href, text }: Tokens.Image): string {
        return `<img src="${escapeHtml(linkTo(href) ?? href)}" alt="${escapeHtml(text)}">`;
      },
      code({ text, lang }: Tokens.Code): string {
        return codeBlock(text, lang ?? "");
      },
      table(token: Tokens.Table): string {
        const row = (cells: Tokens.TableCell[], tag: "td" | "th") =>
          `<tr>${
            cells.map(({ tokens }) => {
              const inner = this.parser.parseInline(tokens);
              // A head without words is no head to those who hear the page.
              return inner === "" ? "<td></td>" : tag === "th" ? `<th scope="col">${inner}</th>` : `<td>${inner}</td>`;
            }).join("")
          }</tr>`;
        const body = token.rows.map((cells) => row(cells, "td")).join("\n");
        return `<div class="wide" tabindex="0"><table><thead>${row(token.header, "th")}</thead>\n` +
          `<tbody>${body}</tbody></table></div>\n`;
      },
    },
  });
  const html = marked.parse(markdown, { async: false });
  return { html, headings };
}

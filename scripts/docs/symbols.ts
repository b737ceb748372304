/**
 * What the pages about types share: types with links, doc comments as Markdown, tables of members.
 * @module
 */
import {
  type DocBody,
  type DocComment,
  type DocMember,
  type DocSymbol,
  method,
  type,
  typeParams,
} from "../api_text.ts";
import { escapeHtml } from "./markdown.ts";

/** Where a name is told of, such as `events.html#user`. */
export type Places = ReadonlyMap<string, string>;

/** Code with a link on each name that has a place, for a line or a cell of Markdown. */
export function linkedCode(code: string, places: Places): string {
  const html = code.split(/("[^"]*"|[A-Za-z_$][\w$]*)/).map((piece) => {
    const place = places.get(piece);
    const text = escapeHtml(piece).replaceAll("|", "&#124;").replaceAll("*", "&#42;").replaceAll("_", "&#95;")
      .replaceAll("`", "&#96;").replaceAll("[", "&#91;");
    return place === undefined ? text : `<a href="${place}">${text}</a>`;
  });
  return `<code>${html.join("")}</code>`;
}

/** A doc comment as Markdown, its `{@link}`s as links. */
export function commentText(comment: DocComment | undefined, places: Places): string {
  return (comment?.doc ?? "").replace(/\s*@default\s+(.*)$/gm, " Default: $1.").replace(
    /\{@link ([\w.]+)\}/g,
    (_, name: string) => {
      const place = places.get(name.split(".")[0] ?? "");
      return place === undefined ? `\`${name}\`` : `[\`${name}\`](${place})`;
    },
  );
}

/** The same as a cell of a table. */
export function cellText(comment: DocComment | undefined, places: Places): string {
  return cell(commentText(comment, places));
}

/** Markdown as a cell of a table. */
export function cell(markdown: string): string {
  return markdown.trim().replace(/\s*\n\s*/g, " ").replaceAll("|", "\\|");
}

/** What a comment says of `@default`; deno doc hands such tags on as they stand. */
function defaultOf(comment: DocComment | undefined): string {
  const value = comment?.tags?.map(({ value }) => /^@default\s+([\s\S]*)/.exec(value ?? "")?.[1]).find(Boolean);
  return value === undefined ? "" : ` Default: ${cell(value)}.`;
}

/** A table of properties. */
export function propertyTable(properties: readonly DocMember[], places: Places): string {
  const rows = properties.map((one) => {
    const name = `\`${one.name}${one.optional ? "?" : ""}\``;
    return `| ${name} | ${linkedCode(type(one.tsType), places)} | ${cellText(one.jsDoc, places)}${
      defaultOf(one.jsDoc)
    } |`;
  });
  return ["| field | type | what |", "|---|---|---|", ...rows].join("\n");
}

const TAGS: Record<string, string> = { return: "Gives", throws: "Throws" };

/** Parameters, result, errors and examples of a comment. */
export function tagsText(comment: DocComment | undefined, places: Places): string {
  const tags = comment?.tags ?? [];
  const said = (doc: string | undefined) => cell(commentText({ doc: doc ?? "" }, places));
  const list = tags.flatMap(({ kind, name, doc, tsType }) => {
    if (kind === "param") return [`- \`${name}\`: ${said(doc)}`];
    const head = TAGS[kind];
    if (head === undefined) return [];
    // deno doc takes the link of `@returns {@link X}` for a type.
    const words = tsType?.kind === "unsupported" ? `{${tsType.repr}}` : doc;
    const kindOf = tsType === undefined || tsType.kind === "unsupported" ? "" : ` ${linkedCode(type(tsType), places)}`;
    return [`- ${head}${kindOf}${words === undefined ? "" : `: ${said(words)}`}`];
  });
  const examples = tags.filter(({ kind }) => kind === "example").map(({ doc }) => doc ?? "");
  return [list.join("\n"), ...examples].filter(Boolean).join("\n\n");
}

/** A symbol of a module as a section of Markdown. */
export function symbolSection({ name, declarations }: DocSymbol, id: string, places: Places): string {
  return [`### ${name} {#${id}}`, ...declarations.map((one) => declarationText(name, id, one, places))].join("\n\n");
}

function declarationText(
  name: string,
  id: string,
  one: DocSymbol["declarations"][number],
  places: Places,
): string {
  const { kind, def, jsDoc } = one;
  const parts = [commentText(jsDoc, places)];
  const others = new Map([...places].filter(([other]) => other !== name));
  const code = (text: string) => `<p class="signature">${linkedCode(text, others)}</p>`;
  if (kind === "interface" || kind === "class") parts.push(code(headOf(name, kind, def)));
  if (kind === "typeAlias") parts.push(code(`type ${name}${typeParams(def?.typeParams)} = ${type(def?.tsType)}`));
  if (kind === "variable") parts.push(code(`const ${name}: ${type(def?.tsType)}`));
  if (kind === "function") parts.push(code(`function ${method({ name, ...def, kind: "method" })}`));
  parts.push(tagsText(jsDoc, places));
  const visible = (member: DocMember) => member.accessibility !== "private";
  const properties = (def?.properties ?? []).filter(visible);
  if (properties.length > 0) parts.push(propertyTable(properties, places));
  for (const member of def?.constructors ?? []) {
    const text = method({ ...member, name: `new ${name}`, kind: "method" });
    parts.push(code(text), commentText(member.jsDoc, places), tagsText(member.jsDoc, places));
  }
  const told = new Set<string>();
  for (const member of (def?.methods ?? []).filter(visible)) {
    // What has several signatures has one heading.
    if (!told.has(member.name)) parts.push(`#### ${name}.${member.name} {#${id}.${member.name.replace(/\W/g, "")}}`);
    told.add(member.name);
    parts.push(code(method(member)), commentText(member.jsDoc, places), tagsText(member.jsDoc, places));
  }
  return parts.filter(Boolean).join("\n\n");
}

function headOf(name: string, kind: string, def: DocBody | undefined): string {
  const parents = typeof def?.extends === "string" ? [def.extends] : (def?.extends ?? []).map(type);
  const tail = parents.length === 0 ? "" : ` extends ${parents.join(", ")}`;
  return `${kind} ${name}${typeParams(def?.typeParams)}${tail}`;
}

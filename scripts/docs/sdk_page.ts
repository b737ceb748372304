/**
 * The page about the SDK and the recorder, made from their doc comments, door by door.
 * @module
 */
import type { DocModule, DocSymbol } from "../api_text.ts";
import type { Door } from "../deno_doc.ts";
import { commentText, type Places, symbolSection } from "./symbols.ts";

/** A door and what it exports. */
export interface OpenDoor extends Door {
  module: DocModule;
}

const isReference = ({ declarations }: DocSymbol): boolean => declarations.every(({ kind }) => kind === "reference");

/** The id of a door's section. */
const doorId = (title: string): string => title.replace("@", "").replaceAll("/", "-");

/** Where each symbol is told of; those of the first door keep their plain names. Events have a page of their own. */
export function sdkPlaces(doors: readonly OpenDoor[], events: Places): Map<string, string> {
  const places = new Map<string, string>();
  for (const { module } of doors) {
    for (const symbol of module.symbols) {
      if (!isReference(symbol) && !places.has(symbol.name)) places.set(symbol.name, `sdk.html#${symbol.name}`);
    }
  }
  return new Map([...places, ...events]);
}

/** What stands first within a door. */
const ORDER = ["class", "function", "variable", "interface", "typeAlias"];

/** The page as Markdown. */
export function sdkPage(doors: readonly OpenDoor[], places: Places, events: Places): string {
  const told = new Set<string>();
  const sections = doors.flatMap(({ title, module }) => {
    const own = module.symbols.filter((symbol) => !isReference(symbol) && !events.has(symbol.name));
    const sorted = own.toSorted((a, b) => place(a) - place(b) || (a.name < b.name ? -1 : 1));
    return [
      `## ${title} {#${doorId(title)}}`,
      commentText(module.module_doc, places),
      ...sorted.map((symbol) => {
        // The same name behind two doors is two symbols, such as `proxied` of each runtime.
        const id = told.has(symbol.name) ? `${doorId(title)}-${symbol.name}` : symbol.name;
        told.add(symbol.name);
        return symbolSection(symbol, id, places);
      }),
    ];
  });
  return [
    "# SDK",
    "Everything that programs can import, made from the comments in the source. Events have [a page of their own]" +
    "(../sdk/src/events/types.ts). Wrong use by the programmer throws a `TypeError` or `RangeError`; an aborted call " +
    "throws its signal's reason; whatever TikTok or the network does is a " +
    "[`LiveError`](sdk.html#LiveError) with a code, what was seen, and what to do.",
    ...sections,
  ].join("\n\n");
}

function place({ declarations }: DocSymbol): number {
  return ORDER.indexOf(declarations[0]?.kind ?? "");
}

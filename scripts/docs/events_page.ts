/**
 * The page about events, made from the types that scripts read: every `type` with its fields and an example.
 * @module
 */
import type { DocMember, DocModule, DocSymbol, DocType } from "../api_text.ts";
import { EVENT_EXAMPLES } from "./event_examples.ts";
import { commentText, type Places, propertyTable, symbolSection } from "./symbols.ts";

/** An event's interface, and what its head says of it. */
export interface EventDoc {
  /** Interface, such as `ChatEvent`. */
  name: string;
  /** Tag, such as `chat`. */
  type: string;
  /** Messages of TikTok that it comes from; empty for events that the client makes. */
  methods: string[];
  symbol: DocSymbol;
}

const BASES = ["EventBase", "WireEventBase"];

function typeRef(given: DocType | undefined): { typeName: string; typeParams?: DocType[] } {
  if (given?.kind !== "typeRef") throw new Error(`Cannot read the events: ${given?.kind} is no interface`);
  return given.value as { typeName: string; typeParams?: DocType[] };
}

const literals = (given: DocType | undefined): string[] =>
  given?.kind === "union"
    ? (given.value as DocType[]).flatMap(literals)
    : given?.kind === "literal"
    ? [given.repr ?? ""]
    : [];

function symbolOf(module: DocModule, name: string): DocSymbol {
  const found = module.symbols.find((symbol) => symbol.name === name);
  if (found === undefined) throw new Error(`Cannot read the events: there is no ${name}`);
  return found;
}

/** Every event of a union, in its order. */
export function eventsOf(module: DocModule, union: string): EventDoc[] {
  const { def } = symbolOf(module, union).declarations[0] ?? {};
  return (def?.tsType?.value as DocType[]).map((member) => {
    const name = typeRef(member).typeName;
    const symbol = symbolOf(module, name);
    const base = symbol.declarations[0]?.def?.extends;
    const [tag, methods] = typeRef(Array.isArray(base) ? base[0] : undefined).typeParams ?? [];
    const [type] = literals(tag);
    if (type === undefined) throw new Error(`Cannot read the events: ${name} has no type`);
    return { name, type, methods: literals(methods), symbol };
  });
}

/** Own fields of an event. */
export function fieldsOf({ symbol }: EventDoc): DocMember[] {
  return symbol.declarations.flatMap(({ def }) => def?.properties ?? []);
}

/** Where each type of the page stands in it. */
export function eventPlaces(module: DocModule): Map<string, string> {
  const events = [...eventsOf(module, "WireEvent"), ...eventsOf(module, "ClientEvent")];
  const types = new Map(events.map(({ name, type }) => [name, `events.html#${type}`]));
  return new Map(module.symbols.map(({ name }) => [name, types.get(name) ?? `events.html#${name}`]));
}

function section(event: EventDoc, places: Places): string {
  const fields = fieldsOf(event);
  const { jsDoc } = event.symbol.declarations[0] ?? {};
  const example = EVENT_EXAMPLES[event.type as keyof typeof EVENT_EXAMPLES];
  return [
    `### \`${event.type}\` {#${event.type}}`,
    commentText(jsDoc, places),
    `\`${event.name}\`${
      event.methods.length === 0 ? "" : `, from ${event.methods.map((one) => `\`${one}\``).join(", ")}`
    }`,
    fields.length === 0 ? "It has no fields of its own." : propertyTable(fields, places),
    `\`\`\`json\n${JSON.stringify(example, undefined, 2)}\n\`\`\``,
  ].join("\n\n");
}

/** The page as Markdown. */
export function eventsPage(module: DocModule, places: Places): string {
  const wire = eventsOf(module, "WireEvent");
  const client = eventsOf(module, "ClientEvent");
  const inPage = new Set([...wire, ...client].map(({ name }) => name));
  const shapes = module.symbols.filter(({ name, declarations }) =>
    !inPage.has(name) && !BASES.includes(name) && declarations[0]?.kind !== "reference"
  );
  const list = (events: EventDoc[]) => events.map(({ type }) => `[\`${type}\`](#${type})`).join(", ");
  return [
    "# Events",
    "Everything that a live yields, made from the types in `sdk/src/events`. Ids are decimal strings, times are " +
    "milliseconds since 1970 (UTC), money is in diamonds (TikTok's coins). A field that a message did not carry is " +
    "empty, 0 or `undefined`; JSON leaves out what is `undefined`. `switch (event.type)` narrows to the fields of one.",
    `Messages of TikTok: ${list(wire)}.`,
    `Made by the client: ${list(client)}.`,
    "A file of a recording (`events.jsonl`), `--json` on the command line and the HTTP API have the same objects, as " +
    "the examples show them.",
    "## Fields of all events",
    ...BASES.map((name) => symbolSection(symbolOf(module, name), name, places)),
    "## Messages of TikTok",
    ...wire.map((event) => section(event, places)),
    "## Events of the client",
    ...client.map((event) => section(event, places)),
    "## Shapes within events",
    ...shapes.map((symbol) => symbolSection(symbol, symbol.name, places)),
  ].join("\n\n");
}

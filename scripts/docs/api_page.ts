/**
 * The page about the HTTP API, made from its OpenAPI description.
 * @module
 */
import { cell } from "./symbols.ts";

/** A JSON Schema, as far as the description uses it. */
interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  examples?: unknown[];
}

interface Parameter {
  name: string;
  in: string;
  description?: string;
  example?: unknown;
  required?: boolean;
  schema: Schema;
}

interface Reply {
  $ref?: string;
  description?: string;
  content?: Record<string, { schema?: Schema; example?: unknown }>;
}

interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema?: Schema; example?: unknown }> };
  responses: Record<string, Reply>;
}

/** An OpenAPI description. */
export interface ApiDescription {
  info: { description: string };
  tags: { name: string; description?: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, Reply> };
}

const ADDRESS = "http://127.0.0.1:3000";

const nameOf = (ref: string): string => ref.split("/").at(-1) ?? "";

/** A schema in few words, for a cell. */
function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return `[${nameOf(schema.$ref)}](#${nameOf(schema.$ref)})`;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(" or ");
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  const some = schema.anyOf ?? schema.oneOf;
  if (some !== undefined) return some.map(typeOf).join(" or ");
  if (schema.allOf !== undefined) return schema.allOf.map(typeOf).join(" and ");
  if (schema.items !== undefined) return `array of ${typeOf(schema.items)}`;
  if (schema.properties !== undefined) {
    return `object (${
      Object.entries(schema.properties).map(([name, one]) => `\`${name}\`: ${typeOf(one)}`).join("; ")
    })`;
  }
  return Array.isArray(schema.type) ? schema.type.join(" or ") : schema.type ?? "anything";
}

/** What a value must keep to. */
function limitsOf({ minimum, maximum, minLength, maxLength, default: fallback, format }: Schema): string {
  return [
    minimum !== undefined && maximum !== undefined
      ? `${minimum} to ${maximum}`
      : minimum !== undefined && minimum !== 0
      ? `at least ${minimum}`
      : maximum !== undefined
      ? `at most ${maximum}`
      : "",
    minLength !== undefined && minLength > 1 ? `${minLength} characters or more` : "",
    maxLength !== undefined ? `at most ${maxLength} characters` : "",
    format ?? "",
    fallback !== undefined && JSON.stringify(fallback) !== "[]" ? `default \`${JSON.stringify(fallback)}\`` : "",
  ].filter(Boolean).join(", ");
}

function fieldTable(schema: Schema): string {
  const rows = Object.entries(schema.properties ?? {}).map(([name, one]) => {
    const limits = limitsOf(one);
    const what = [one.description ?? "", limits && `(${limits})`].filter(Boolean).join(" ");
    return [`\`${name}${schema.required?.includes(name) ? "" : "?"}\``, cell(typeOf(one)), cell(what)];
  });
  // Many answers explain themselves by their names.
  const columns = rows.some(([, , what]) => what !== "") ? ["field", "type", "what"] : ["field", "type"];
  const line = (cells: readonly string[]) => `| ${cells.slice(0, columns.length).join(" | ")} |`;
  return [line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}

const json = (value: unknown): string => `\`\`\`json\n${JSON.stringify(value, undefined, 2)}\n\`\`\``;

/** A string as one word of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A call that can be pasted; the address is that of the local system. */
function curlOf(method: string, path: string, operation: Operation): string {
  const parameters = operation.parameters ?? [];
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const given = parameters.find((one) => one.in === "path" && one.name === name)?.example;
    return encodeURIComponent(String(given ?? name));
  });
  const query = parameters.filter((one) => one.in === "query" && (one.required || one.name.endsWith("[]")))
    .flatMap(({ name, example }) => [example].flat().map((value) => `${name}=${encodeURIComponent(String(value))}`));
  const url = `${ADDRESS}${filled}${query.length === 0 ? "" : `?${query.join("&")}`}`;
  const words = ["curl", /[[\]{}]/.test(url) ? "-g" : "", method === "get" ? "" : `-X ${method.toUpperCase()}`];
  const body = operation.requestBody?.content["application/json"]?.example;
  const sent = body === undefined ? [] : ["-H 'content-type: application/json'", `-d ${quoted(JSON.stringify(body))}`];
  return [[...words, quoted(url)].filter(Boolean).join(" "), ...sent].join(" \\\n  ");
}

/** Codes that a reply's words name, and those of its example. */
function codesOf(reply: Reply): string {
  const example = Object.values(reply.content ?? {})[0]?.example;
  const code = example !== null && typeof example === "object" && "code" in example ? String(example.code) : undefined;
  return code === undefined || reply.description?.includes(code) ? "" : `: \`${code}\``;
}

/** The example of an answer that went well, folded. */
function answerOf({ responses }: Operation, api: ApiDescription): string {
  const [, reply] = Object.entries(responses).find(([status]) => status.startsWith("2")) ?? [];
  const content = reply?.content?.["application/json"];
  const named = content?.schema?.$ref === undefined
    ? content?.schema
    : api.components.schemas[nameOf(content.schema.$ref)];
  const example = content?.example ?? named?.examples?.[0];
  return example === undefined ? "" : `<details><summary>An answer</summary>\n\n${json(example)}\n\n</details>`;
}

function section(method: string, path: string, operation: Operation, api: ApiDescription): string {
  const { summary, description, parameters = [], requestBody, responses, operationId } = operation;
  const replies = Object.entries(responses).map(([status, given]) => {
    const reply = given.$ref === undefined ? given : api.components.responses[nameOf(given.$ref)] ?? given;
    const [type, content] = Object.entries(reply.content ?? {})[0] ?? [];
    const schema = content?.schema;
    const body = type === "application/problem+json"
      ? "[Problem](#Problem)"
      : schema === undefined
      ? ""
      : typeOf(schema);
    const kind = type === undefined || type === "application/json" || type === "application/problem+json"
      ? ""
      : ` \`${type}\``;
    return `| ${status} | ${cell(`${reply.description ?? ""}${codesOf(reply)}`)} | ${cell(`${body}${kind}`)} |`;
  });
  const rows = parameters.map((one) => {
    const limits = limitsOf(one.schema);
    const what = [one.description ?? "", limits && `(${limits})`].filter(Boolean).join(" ");
    return `| \`${one.name}${one.required ? "" : "?"}\` | ${one.in} | ${cell(typeOf(one.schema))} | ${cell(what)} |`;
  });
  const body = requestBody?.content["application/json"]?.schema;
  return [
    `### \`${method.toUpperCase()} ${path}\` {#${operationId}}`,
    `${summary}. ${description ?? ""}`,
    `\`\`\`sh\n${curlOf(method, path, operation)}\n\`\`\``,
    rows.length === 0 ? "" : ["| parameter | in | type | what |", "|---|---|---|---|", ...rows].join("\n"),
    body?.properties === undefined ? "" : `The body, as JSON:\n\n${fieldTable(body)}`,
    ["| status | when | answer |", "|---|---|---|", ...replies].join("\n"),
    answerOf(operation, api),
  ].filter(Boolean).join("\n\n");
}

function schemaSection([name, schema]: [string, Schema]): string {
  const example = schema.examples?.[0];
  return [
    `### ${name} {#${name}}`,
    schema.description ?? "",
    schema.properties === undefined ? `Is ${typeOf(schema)}.` : fieldTable(schema),
    example === undefined ? "" : json(example),
  ].filter(Boolean).join("\n\n");
}

/** The page as Markdown. */
export function apiPage(api: ApiDescription): string {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation }))
  );
  const tags = api.tags.flatMap(({ name, description }) => [
    `## ${name} {#about-${name}}`,
    `${description ?? ""}.`,
    ...operations.filter(({ operation }) => operation.tags[0] === name).map(({ path, method, operation }) =>
      section(method, path, operation, api)
    ),
  ]);
  return [
    "# HTTP API",
    api.info.description,
    `The examples call the local system at \`${ADDRESS}\`, which asks for no key on loopback. Elsewhere a key is ` +
    "sent as `Authorization: Bearer KEY` or `x-api-key: KEY`. Every process describes itself at `/openapi.json`, and " +
    "has a page to try it at `/docs`.",
    "| call | does |\n|---|---|\n" +
    operations.map(({ path, method, operation }) =>
      `| [\`${method.toUpperCase()} ${path}\`](#${operation.operationId}) | ${cell(operation.summary)} |`
    ).join("\n"),
    ...tags,
    "## Schemas",
    "A `?` behind a name says that the field may be missing.",
    ...Object.entries(api.components.schemas).map(schemaSection),
  ].join("\n\n");
}

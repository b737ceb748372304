import type { JsonSchema, OpenApiDocument, Operation, Parameter } from "../../contract/openapi.ts";

/**
 * The program of the documentation page: reads the API's description and builds the page from it. Its text is sent to
 * the browser, so it uses nothing from outside itself.
 */
export async function docsScript(): Promise<void> {
  type Child = Node | string;
  const MAX_SHOWN_CHARS = 200_000;

  function element<K extends keyof HTMLElementTagNameMap>(
    tag: K,
    properties: Partial<HTMLElementTagNameMap[K]> = {},
    ...children: Child[]
  ): HTMLElementTagNameMap[K] {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  /** Text with `code` in it. */
  function marked(text: string): Child[] {
    return text.split("`").map((part, index) => index % 2 === 1 ? element("code", {}, part) : part);
  }

  function schemaText(schema: unknown): string {
    return JSON.stringify(schema, null, 2).replaceAll('"#/components/schemas/', '"');
  }

  /** The limits of a parameter in words. */
  function limits(schema: JsonSchema): string {
    const { type, minimum, maximum, pattern, default: usual } = schema;
    return [
      type === "array" ? "several: separate them by commas" : "",
      minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER
        ? `${minimum} to ${maximum}`
        : "",
      type === "string" && pattern !== undefined ? `matches ${pattern}` : "",
      usual !== undefined && typeof usual !== "object" ? `${usual} when not given` : "",
    ].filter((text) => text !== "").join(" · ");
  }

  function inputOf({ name, schema, example = "" }: Parameter): HTMLInputElement | HTMLSelectElement {
    if (schema.enum === undefined) {
      return element("input", { name, placeholder: `such as ${[example].flat().join(",")}` });
    }

    const options = ["", ...schema.enum.map(String)];
    return element("select", { name }, ...options.map((value) => element("option", { value }, value || "–")));
  }

  function shown(text: string, type: string): string {
    const cut = (long: string) => long.length > MAX_SHOWN_CHARS ? `${long.slice(0, MAX_SHOWN_CHARS)}\n…` : long;
    if (!type.includes("json")) return cut(text);
    try {
      return cut(JSON.stringify(JSON.parse(text), null, 2));
    } catch (error) {
      return `${error}\n\n${cut(text)}`;
    }
  }

  function card(method: string, path: string, operation: Operation, api: OpenApiDocument): HTMLElement {
    const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
    const inputs = new Map(parameters.map((parameter) => [parameter, inputOf(parameter)]));
    const asked = requestBody?.content["application/json"];
    const body = asked && element("textarea", {
      id: `${operationId}-body`,
      value: JSON.stringify(asked.example, null, 2),
    });

    const fields = [...inputs].map(([{ name, required, description: text = "", schema }, input]) => {
      input.id = `${operationId}-${name}`;
      const label = element("label", { htmlFor: input.id }, element("code", {}, name));
      if (required) label.append(element("b", { title: "required" }, " *"));
      const hint = [text, limits(schema)].filter((each) => each !== "").join(" · ");
      return element("div", { className: "field" }, label, input, element("div", { className: "hint" }, hint));
    });
    if (body !== undefined) {
      fields.push(
        element("div", { className: "field" }, element("label", { htmlFor: body.id }, "body, JSON"), body),
      );
    }

    const target = (): string => {
      let filled = path;
      const query = new URLSearchParams();
      for (const [{ name, in: place, schema }, { value }] of inputs) {
        if (place === "path") filled = filled.replace(`{${name}}`, encodeURIComponent(value));
        else if (value !== "") {
          const values = schema.type === "array" ? value.split(",").map((each) => each.trim()) : [value];
          for (const each of values) query.append(name, each);
        }
      }
      const text = query.toString().replaceAll("%5B%5D", "[]");
      return text === "" ? filled : `${filled}?${text}`;
    };

    const answer = element("div", { ariaLive: "polite" });
    const stop = element("button", { type: "button", className: "quiet", hidden: true }, "Stop");
    const send = async () => {
      const ending = new AbortController();
      stop.hidden = false;
      stop.onclick = () => ending.abort();
      const url = target();
      const headers = new Headers();
      if (keyInput.value !== "") headers.set("x-api-key", keyInput.value);
      if (body !== undefined) headers.set("content-type", "application/json");
      const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
      const curl = [
        "curl -g",
        method === "get" ? "" : `-X ${method.toUpperCase()}`,
        quoted(new URL(url, location.href).href.replaceAll("%5B%5D", "[]")),
        keyInput.value === "" ? "" : `-H "x-api-key: $ROOMTONE_KEY"`,
        body === undefined ? "" : `-H 'content-type: application/json' -d ${quoted(body.value)}`,
      ].filter((part) => part !== "").join(" ");
      answer.replaceChildren(element("h4", {}, "Answer"), element("p", { className: "dim" }, "Waiting …"));
      const started = performance.now();
      const parts: Child[] = [];
      try {
        const response = await fetch(url, {
          method: method.toUpperCase(),
          headers,
          body: body?.value,
          signal: ending.signal,
        });
        const text = await response.text();
        const timeMs = Math.round(performance.now() - started);
        const type = response.headers.get("content-type") ?? "";
        parts.push(
          element(
            "p",
            {},
            element("span", { className: `status ${response.ok ? "ok" : "bad"}` }, `${response.status}`),
            element(
              "span",
              { className: "dim" },
              ` in ${timeMs} ms · ${type || "no body"} · ${text.length} characters`,
            ),
          ),
        );
        if (text !== "") parts.push(element("pre", { tabIndex: 0 }, shown(text, type)));
        const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
        parts.push(
          element("details", { className: "more" }, element("summary", {}, "Headers"), element("pre", {}, lines)),
        );
      } catch (error) {
        parts.push(element("p", { className: "status bad" }, ending.signal.aborted ? "Stopped" : `${error}`));
      }
      stop.hidden = true;
      answer.replaceChildren(element("h4", {}, "Answer"), ...parts, element("pre", {}, curl));
    };

    const form = element(
      "form",
      {
        onsubmit: (event) => {
          event.preventDefault();
          void send();
        },
      },
      ...(fields.length > 0 ? [element("h4", {}, "Parameters"), ...fields] : []),
      element("div", { className: "actions" }, element("button", {}, "Try it"), stop),
    );
    const rows = Object.entries(responses).flatMap(([status, answer]) => {
      const response = "$ref" in answer ? api.components.responses[answer.$ref.split("/").at(-1) ?? ""] : answer;
      if (response === undefined) return [];
      const { schema } = Object.values(response.content ?? {})[0] ?? {};
      const cell = element("td", {}, ...marked(response.description));
      const named = schema?.$ref?.split("/").at(-1);
      if (schema !== undefined && named !== "Problem") {
        const text = schemaText(api.components.schemas[named ?? ""] ?? schema);
        cell.append(
          element(
            "details",
            { className: "more" },
            element("summary", {}, named ?? "Schema"),
            element("pre", {}, text),
          ),
        );
      }
      return [element("tr", {}, element("td", {}, status), cell)];
    });
    return element(
      "details",
      { className: "call", id: operationId },
      element(
        "summary",
        {},
        element("span", { className: `method ${method}` }, method),
        element("span", { className: "path" }, path),
        element("span", { className: "dim" }, summary),
      ),
      element(
        "div",
        { className: "inside" },
        ...(description === undefined ? [] : [element("p", { className: "dim" }, ...marked(description))]),
        form,
        answer,
        element("h4", {}, "Answers"),
        element("table", {}, element("tbody", {}, ...rows)),
      ),
    );
  }

  const keyInput = element("input", { id: "key", type: "password", autocomplete: "off", placeholder: "none" });
  const api: OpenApiDocument = await (await fetch("/openapi.json")).json();
  const nav = element("nav", {}, element("strong", {}, api.info.title));
  const main = element(
    "main",
    {},
    element("h1", {}, `${api.info.title} `, element("small", {}, api.info.version)),
    element("p", {}, ...marked(api.info.description ?? "")),
    element("p", {}, element("a", { href: "/openapi.json" }, "openapi.json")),
    element(
      "div",
      { className: "key" },
      element("label", { htmlFor: "key" }, "API key"),
      keyInput,
      element("span", { className: "dim" }, "Sent as x-api-key; forgotten when the page is left."),
    ),
  );
  for (const { name, description } of api.tags) {
    const calls = Object.entries(api.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { tags }]) => tags.includes(name))
        .map(([method, operation]) => ({ path, method, operation }))
    );
    if (calls.length === 0) continue;
    nav.append(element("h2", {}, name));
    main.append(element("h3", {}, name), element("p", { className: "dim" }, description));
    for (const { path, method, operation } of calls) {
      nav.append(element("a", { href: `#${operation.operationId}`, title: path }, operation.summary));
      main.append(card(method, path, operation, api));
    }
  }
  document.body.append(element("div", { className: "frame" }, nav, main));
  const openNamed = () => {
    const named = document.getElementById(location.hash.slice(1));
    if (!(named instanceof HTMLDetailsElement)) return;
    named.open = true;
    named.scrollIntoView();
  };
  addEventListener("hashchange", openNamed);
  openNamed();
}

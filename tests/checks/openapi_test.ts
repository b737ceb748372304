/** The committed description of the API is the one that the routes' schemas make, and hangs together. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import type { OpenApiDocument } from "../../functions/contract/openapi.ts";
import { openApiText } from "../../scripts/openapi.ts";
import { read } from "./source_files.ts";

describe("functions/openapi.json", () => {
  const text = read("functions/openapi.json");
  const { paths, components } = JSON.parse(text) as OpenApiDocument;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, ...operation }))
  );

  it("is up to date: `bun scripts/openapi.ts` writes it", () => {
    assert(text === openApiText(), "run `bun scripts/openapi.ts` and commit functions/openapi.json");
  });

  it("refers only to what it has", () => {
    const refs = new Set([...text.matchAll(/"\$ref": "([^"]*)"/g)].map(([, ref = ""]) => ref));
    const known = Object.entries(components).flatMap(([kind, parts]) =>
      Object.keys(parts).map((name) => `#/components/${kind}/${name}`)
    );
    assertEquals([...refs].filter((ref) => !known.includes(ref)), []);
  });

  it("names each operation once, with an answer and all parameters of its path", () => {
    assertEquals(new Set(operations.map(({ operationId }) => operationId)).size, operations.length);
    for (const { path, parameters = [], responses } of operations) {
      assert(Object.keys(responses).some((status) => status.startsWith("2")), path);
      const inPath = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name);
      assertEquals(inPath, [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name), path);
    }
  });

  it("documents every failure as a problem", () => {
    for (const { path, responses } of operations) {
      for (const [status, answer] of Object.entries(responses)) {
        const { content } = "$ref" in answer ? components.responses[answer.$ref.split("/").at(-1) ?? ""] ?? {} : answer;
        if (Number(status) >= 400) assertEquals(Object.keys(content ?? {}), ["application/problem+json"], path);
      }
    }
  });
});

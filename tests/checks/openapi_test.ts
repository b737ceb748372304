/** The committed description of the API is the one that the routes' schemas make, and hangs together. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import * as v from "valibot";
import { BODIES, PROBLEMS, REQUESTS } from "../../functions/contract/examples.ts";
import type { OpenApiDocument, Reference, ResponseObject } from "../../functions/contract/openapi.ts";
import type { Route } from "../../functions/contract/route.ts";
import * as routes from "../../functions/contract/routes.ts";
import * as schemas from "../../functions/contract/schemas.ts";
import { STATUS_OF } from "../../functions/http/errors.ts";
import { openApiText } from "../../scripts/openapi.ts";
import { read } from "./source_files.ts";

describe("functions/openapi.json", () => {
  const text = read("functions/openapi.json");
  const { paths, components } = JSON.parse(text) as OpenApiDocument;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, ...operation }))
  );

  const found = (answer: ResponseObject | Reference): ResponseObject => {
    if (!("$ref" in answer)) return answer;
    const response = components.responses[answer.$ref.split("/").at(-1) ?? ""];
    assert(response !== undefined, answer.$ref);
    return response;
  };

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
        const { content } = found(answer);
        if (Number(status) >= 400) assertEquals(Object.keys(content ?? {}), ["application/problem+json"], path);
      }
    }
  });

  it("says of each operation and parameter what it is, with a value that it may have and its range", () => {
    const wrong: string[] = [];
    for (const { path, operationId, summary, parameters = [], requestBody } of operations) {
      if (summary === "") wrong.push(`${path} has no summary`);
      for (const { name, description = "", example, schema } of parameters) {
        const place = `${operationId} ${name}`;
        if (description === "") wrong.push(`${place} has no description`);
        if (example === undefined) wrong.push(`${place} has no example`);
        if (/Ms$/.test(name) && !/\bms\b/.test(description)) wrong.push(`${place} has no unit`);
        const { type, minimum, maximum, enum: values } = schema;
        const bounded = type === "integer"
          ? minimum !== undefined && maximum !== undefined
          : /^(string|array)$/.test(`${type}`);
        if (!bounded && values === undefined) wrong.push(`${place} has no range`);
      }
      const body = requestBody?.content["application/json"];
      if (body === undefined) continue;
      if (body.example === undefined) wrong.push(`${operationId} has no example of its body`);
      for (
        const { properties = {} } of [body.schema, ...body.schema.anyOf ?? []].filter((each) =>
          typeof each === "object"
        )
      ) {
        for (const [name, property] of Object.entries(properties)) {
          if (typeof property === "boolean" || !property.description) {
            wrong.push(`${operationId} ${name} has no description`);
          }
        }
      }
    }
    assertEquals(wrong, []);
  });

  it("shows an example of each answer but files", () => {
    const wrong: string[] = [];
    for (const { operationId, responses } of operations) {
      for (const [status, answer] of Object.entries(responses)) {
        const { description, content = {} } = found(answer);
        if (description === "") wrong.push(`${operationId} ${status} has no description`);
        for (const [type, { schema, example }] of Object.entries(content)) {
          const named = components.schemas[schema.$ref?.split("/").at(-1) ?? ""];
          const shown = example ?? named?.examples;
          if (shown === undefined && !/^(application\/octet-stream|image\/|video\/)/.test(type)) {
            wrong.push(`${operationId} ${status} ${type}`);
          }
        }
      }
    }
    assertEquals(wrong, []);
  });

  it("has examples that its own schemas take", () => {
    const wrong: unknown[] = [];
    const check = (what: string, schema: v.GenericSchema, value: unknown) => {
      const { success, issues } = v.safeParse(schema, value);
      if (!success) wrong.push(`${what}: ${JSON.stringify(v.flatten(issues))}`);
    };
    const known: Readonly<Record<string, v.GenericSchema>> = schemas;
    for (const [name, body] of Object.entries(BODIES)) check(name, known[name] ?? v.never(), body);
    for (const [status, problem] of Object.entries(PROBLEMS)) {
      check(status, schemas.Problem, { status: Number(status), ...problem });
      const statuses: Readonly<Record<string, number>> = STATUS_OF;
      assertEquals(statuses[problem.code], Number(status));
    }
    for (const { operationId, parameters = [] } of operations) {
      const all: Readonly<Record<string, unknown>> = routes;
      const { request } = all[`${operationId}Route`] as Route;
      const given = (place: string) =>
        Object.fromEntries(
          parameters.filter((parameter) => parameter.in === place).map(({ name, example }) => [
            name,
            Array.isArray(example) ? example : String(example),
          ]),
        );
      check(`${operationId} path`, request.params, given("path"));
      check(`${operationId} query`, request.query, given("query"));
      if (request.body !== undefined) check(`${operationId} body`, request.body, REQUESTS[operationId]);
    }
    assertEquals(wrong, []);
  });
});

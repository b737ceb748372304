/**
 * Who may import whom: contract -> ports -> core -> entry, one way (CONTRIBUTING.md has the picture).
 * @module
 */
import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { dirname, posix } from "node:path";
import { importsOf, read, sourceFiles } from "./source_files.ts";

/** What files below a folder may import: path prefixes of the clone, packages, or `node:`. Longest prefix wins. */
const MAY_IMPORT: Record<string, string[]> = {
  "sdk/src/gen/": ["sdk/src/wire/message_defaults.ts"],
  "sdk/src/runtime/node_proxy.ts": ["sdk/src/", "undici"],
  "sdk/src/": ["sdk/src/"],
  "sdk/": ["sdk/"],
  "sdk/examples/": ["@roomtone/sdk", "@roomtone/recorder", "node:"],
  "recorder/": ["recorder/", "@roomtone/sdk", "mediabunny", "node:"],
  "functions/contract/": ["functions/contract/", "@roomtone/sdk", "valibot"],
  "functions/contract/openapi.ts": ["functions/contract/", "valibot", "@valibot/to-json-schema"],
  "functions/client/": ["functions/client/", "functions/contract/", "valibot"],
  "functions/ports/": ["functions/ports/", "functions/contract/", "@roomtone/sdk"],
  "functions/core/": ["functions/core/", "functions/ports/", "functions/contract/", "@roomtone/sdk"],
  "functions/http/": [
    "functions/http/",
    "functions/core/",
    "functions/ports/",
    "functions/contract/",
    "@roomtone/sdk",
    "hono",
    "valibot",
  ],
  "functions/adapters/local/": [
    "functions/adapters/local/",
    "functions/ports/",
    "functions/contract/",
    "@roomtone/sdk",
    "prom-client",
    "valibot",
    "node:",
  ],
  "functions/adapters/aws/": [
    "functions/adapters/aws/",
    "functions/ports/",
    "functions/contract/",
    "@roomtone/sdk",
    "@aws-lambda-powertools/metrics",
    "@aws-sdk/",
    "valibot",
    "node:",
  ],
  "functions/adapters/webhook/": ["functions/adapters/webhook/", "functions/ports/", "ipaddr.js", "node:"],
  "functions/adapters/": [
    "functions/adapters/",
    "functions/ports/",
    "functions/contract/",
    "@roomtone/sdk",
    "@roomtone/recorder",
    "node:",
  ],
  "functions/": [
    "functions/",
    "@roomtone/sdk",
    "@roomtone/recorder",
    "@aws-sdk/",
    "hono",
    "@hono/",
    "valibot",
    "node:",
  ],
  "cli/": ["cli/", "@roomtone/sdk", "@roomtone/recorder", "@roomtone/functions", "node:"],
  "console/": ["console/", "@roomtone/functions", "eventsource-parser", "preact", "uplot", "hls.js", "vite", "node:"],
  "infra/": ["infra/", "@roomtone/functions", "aws-cdk-lib", "constructs", "valibot", "node:"],
};

const TYPE_ONLY_ALSO: Record<string, string[]> = { "functions/": ["aws-lambda"] };

const prefixOf = (table: Record<string, unknown>, file: string): string | undefined =>
  Object.keys(table).filter((prefix) => file.startsWith(prefix)).sort((a, b) => b.length - a.length)[0];

const isTest = (file: string): boolean => file.endsWith("_test.ts");

describe("source tree", () => {
  it("imports go one way", () => {
    const wrong: string[] = [];
    for (const file of sourceFiles(/^(sdk|recorder|functions|cli|console|infra)\/.*\.tsx?$/)) {
      if (isTest(file)) continue;
      const prefix = prefixOf(MAY_IMPORT, file);
      if (prefix === undefined) continue;
      for (const { specifier, typeOnly } of importsOf(file)) {
        const target = specifier.startsWith(".") ? posix.join(dirname(file), specifier) : specifier;
        const typePrefix = prefixOf(TYPE_ONLY_ALSO, file);
        const allowed = [
          ...MAY_IMPORT[prefix] ?? [],
          ...(typeOnly && typePrefix ? TYPE_ONLY_ALSO[typePrefix] ?? [] : []),
        ];
        if (!allowed.some((start) => target.startsWith(start))) wrong.push(`${file} imports ${specifier}`);
      }
    }
    assertEquals(wrong, []);
  });

  it("nothing but tests and scripts imports tests", () => {
    const wrong = sourceFiles(/^(sdk|recorder|functions|cli|console|infra|proto)\/.*\.tsx?$/)
      .filter((file) => !isTest(file))
      .flatMap(importsOf)
      .filter(({ specifier }) => /(^|\/)tests\//.test(specifier) || specifier.endsWith("_test.ts"))
      .map(({ file, specifier }) => `${file} imports ${specifier}`);
    assertEquals(wrong, []);
  });

  it("other packages are used through their doors only", () => {
    const doors =
      /^@roomtone\/(sdk(\/(testing|workers|euler|compat|media|replay|node|bun|deno))?|recorder|functions(\/(client|local|deploy))?)$/;
    const wrong = sourceFiles(/\.tsx?$/)
      .flatMap(importsOf)
      .filter(({ specifier }) => specifier.startsWith("@roomtone/") && !doors.test(specifier))
      .map(({ file, specifier }) => `${file} imports ${specifier}`);
    assertEquals(wrong, []);
  });

  it("no file is longer than 500 lines", () => {
    const long = sourceFiles(/\.(tsx?|mjs|js|css)$/)
      .filter((file) => !file.includes("/gen/"))
      .map((file) => ({ file, lines: read(file).split("\n").length - 1 }))
      .filter(({ lines }) => lines > 500);
    assertEquals(long, []);
  });

  it("holds no path of a machine and no address of a package registry", () => {
    const traces = new RegExp(
      ["/wo" + "rk/", "/ro" + "ot/", "registry\\.npm" + "js", "/-/[a-z@][^\\s]*\\.tg" + "z"].join("|"),
    );
    const wrong = sourceFiles(/\.(ts|mjs|js|json|md|toml|lock|xml|java|yml|sh)$|^\.ci\/run$/).filter((file) =>
      traces.test(read(file))
    );
    assertEquals(wrong, []);
  });
});

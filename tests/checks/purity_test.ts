/**
 * The SDK runs wherever the web's own interfaces are: four nets that catch a leak of a platform into it.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import vm from "node:vm";
import { bun, deno } from "../../scripts/tools.mjs";
import { runProgram } from "./run_program.ts";
import { serveWorker } from "./serve_worker.ts";
import { ROOT } from "./source_files.ts";

/** Packages that may be in the SDK's graph; types of Node are Deno's own doing, net 1 shows that none is used. */
const PACKAGES = ["@types/node"];

/** A probe that uses the SDK the way any script would, without a network. */
const PROBE = `
  import { decodeMessage, isLiveError, TikTok } from "${join(ROOT, "sdk", "mod.ts")}";
  // WebcastChatMessage { content: "hi" }
  const event = decodeMessage("WebcastChatMessage", new Uint8Array([0x1a, 2, 0x68, 0x69]));
  const refused = async () => {
    const tiktok = new TikTok({ fetch: () => Promise.reject(new Error("no network here")), WebSocket: class {} });
    const [result] = await tiktok.links(["some.host"]);
    return result.error.code;
  };
  export const probe = async () => [event.type, event.text, event.message.content, await refused()].join(" ");
`;
const EXPECTED = "chat hi hi network";

describe("the SDK", () => {
  let scratch = "";
  before(() => {
    scratch = mkdtempSync(join(tmpdir(), "roomtone-purity-"));
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  /** Bundles the probe with a last line of its own. */
  async function bundle(name: string, ending: string): Promise<string> {
    const entry = join(scratch, `${name}.ts`);
    const out = join(scratch, `${name}.js`);
    writeFileSync(entry, PROBE + ending);
    const { code, output } = await runProgram(bun(), [
      "build",
      entry,
      "--target=browser",
      "--format=esm",
      `--outfile=${out}`,
    ]);
    assertEquals({ code, output: code === 0 ? "" : output }, { code: 0, output: "" });
    return out;
  }

  it("type-checks against the web's types alone", async () => {
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const { code, output } = await runProgram(bun(), [tsc, "-p", "tsconfig.sdk.json"]);
    assertEquals({ code, output }, { code: 0, output: "" });
  });

  it("has no platform module and no stray package in its graph", async () => {
    const { stdout } = await runProgram(deno(), ["info", "--json", "sdk/mod.ts"]);
    const graph: { modules: { kind?: string; specifier: string; error?: string }[] } = JSON.parse(stdout);
    const outside = graph.modules.filter(({ specifier, kind, error }) => {
      if (error !== undefined || kind === "node" || specifier.startsWith("node:")) return true;
      if (specifier.includes("/node_modules/")) {
        return !PACKAGES.some((name) => specifier.includes(`/node_modules/${name}/`));
      }
      if (specifier.startsWith("npm:")) return !PACKAGES.some((name) => specifier.includes(`${name}@`));
      return !specifier.includes("/sdk/");
    });
    assert(graph.modules.length > 10, "the graph was not read");
    assertEquals(outside.map(({ specifier }) => specifier), []);
  });

  it("runs in a realm that has the web's globals and forbids eval, and looks at no platform's global", async () => {
    const text = readFileSync(await bundle("realm", "globalThis.answer = probe();"), "utf8").replace(
      /^export\s*\{[^}]*\};?$/gm,
      "",
    );
    const touched = new Set<string>();
    const context: Record<string, unknown> = {
      AbortController,
      AbortSignal,
      DOMException,
      DecompressionStream,
      Headers,
      Request,
      Response,
      TextDecoder,
      TextEncoder,
      URL,
      URLSearchParams,
      clearTimeout,
      crypto,
      performance,
      queueMicrotask,
      setTimeout,
    };
    for (const name of ["process", "Buffer", "Deno", "Bun", "require", "navigator", "global"]) {
      Object.defineProperty(context, name, {
        get: () => {
          touched.add(name);
          return undefined;
        },
      });
    }
    vm.createContext(context, { codeGeneration: { strings: false, wasm: false } });
    vm.runInContext(text, context);
    assertEquals(await context["answer"], EXPECTED);
    assertEquals([...touched], []);
  });

  it("answers from workerd, the runtime of Cloudflare's Workers", async () => {
    const script = await bundle("worker", "export default { fetch: async () => new Response(await probe()) };");
    const worker = await serveWorker(script);
    try {
      const answer = await fetch(worker.url);
      assertEquals(await answer.text(), EXPECTED);
    } finally {
      worker.stop();
    }
  });
});

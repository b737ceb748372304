import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import type { PageFiles } from "../ports/page_files.ts";
import { createApp } from "./app.ts";

const page = (text: string, mediaType: string) => ({ body: new TextEncoder().encode(text), mediaType, gzip: false });
const FILES: Record<string, ReturnType<typeof page>> = {
  "index.html": page("<!doctype html>", "text/html; charset=utf-8"),
  "assets/index-1.js": page("1", "text/javascript; charset=utf-8"),
};
const files: PageFiles = { find: (path, gzip) => Promise.resolve(FILES[path] && { ...FILES[path], gzip }) };
const app = createApp({
  logger: new CaptureLogger(),
  loopbackOnly: true,
  console: { files, mediaOrigins: () => Promise.resolve(["https://media.example"]) },
});
const get = (path: string, headers: Record<string, string> = {}) =>
  app.request(`http://127.0.0.1:3000${path}`, { headers });

describe("the console's files", () => {
  it("a browser gets the page at /, a program the list of routes", async () => {
    const html = await get("/", { accept: "text/html,*/*" });
    assertEquals([html.status, html.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
    assertStringIncludes((await get("/")).headers.get("content-type") ?? "", "application/json");
  });

  it("the page may run nothing but its own script, and ask nobody but its server and the store of the video", async () => {
    const policy = (await get("/", { accept: "text/html" })).headers.get("content-security-policy") ?? "";
    assertStringIncludes(
      policy,
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' https://media.example;",
    );
    assert(!policy.includes("unsafe"));
  });

  it("assets are kept by browsers for good, and packed for those that take it", async () => {
    const asset = await get("/console/assets/index-1.js", { "accept-encoding": "br, gzip" });
    assertEquals(asset.headers.get("content-encoding"), "gzip");
    assertStringIncludes(asset.headers.get("cache-control") ?? "", "immutable");
  });

  it("what is no file of the console is not found, wherever it leads", async () => {
    for (const path of ["nope.js", "..%2f..%2fpackage.json", "%2e%2e/package.json", "assets"]) {
      assertEquals([path, (await get(`/console/${path}`)).status], [path, 404]);
    }
  });

  it("pages of other sites get nothing", async () => {
    assertEquals((await get("/", { accept: "text/html", origin: "https://evil.example" })).status, 403);
    assertEquals((await get("/", { accept: "text/html", host: "evil.example" })).status, 403);
  });
});

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { createApp } from "./app.ts";

const document = { openapi: "3.1.0", paths: {} };

describe("the documentation", () => {
  const app = createApp({ openApi: document, logger: new CaptureLogger(), loopbackOnly: true });

  it("gives the description as it is handed in", async () => {
    const response = await app.request("/openapi.json");
    assertEquals([response.status, await response.json()], [200, document]);
  });

  it("is one page that loads nothing from elsewhere and runs nothing but its own script", async () => {
    const response = await app.request("/docs");
    assertEquals([response.status, response.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
    const page = await response.text();
    assertEquals(page.match(/(src|href)="(?!\/openapi\.json"|data:,")[^"]*"/g), null);
    const policy = response.headers.get("content-security-policy") ?? "";
    assertStringIncludes(policy, "default-src 'none'");
    assert(!policy.includes("unsafe"), policy);
    for (const [tag, directive] of [["script", "script-src"], ["style", "style-src"]]) {
      const source = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page)?.[1] ?? "";
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(source)));
      assertStringIncludes(policy, `${directive} 'sha256-${btoa(String.fromCharCode(...hash))}'`);
    }
  });

  it("has a script that is plain JavaScript", async () => {
    const page = await (await app.request("/docs")).text();
    const source = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? "";
    assertStringIncludes(source, "/openapi.json");
    new Function(source);
  });

  it("is not there without a description", async () => {
    const bare = createApp({ logger: new CaptureLogger(), loopbackOnly: true });
    assertEquals((await bare.request("/docs")).status, 404);
  });
});

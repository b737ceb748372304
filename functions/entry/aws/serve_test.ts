import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { describe, it } from "node:test";
import { apiGatewayEvent } from "../../../tests/fakes/lambda_events.ts";
import { serve } from "./serve.ts";

describe("serve()", () => {
  it("hands bytes over as base64, and text as it is", async () => {
    const app = new Hono();
    app.get("/bytes", () => new Response(new Uint8Array([0, 255, 128]), { headers: { "content-type": "video/mp4" } }));
    app.get("/text", () => new Response("ünï", { headers: { "content-type": "text/html; charset=utf-8" } }));
    app.get("/list", () => new Response("#EXTM3U", { headers: { "content-type": "application/vnd.apple.mpegurl" } }));
    app.get("/none", () => new Response(null, { status: 304, headers: { etag: '"1"' } }));
    const handler = serve(app);
    const answers = await Promise.all(
      ["/bytes", "/text", "/list", "/none"].map((path) => handler(apiGatewayEvent("GET", path))),
    );
    assertEquals(answers.map(({ body, isBase64Encoded }) => [body, isBase64Encoded]), [
      ["AP+A", true],
      ["ünï", false],
      ["#EXTM3U", false],
      ["", false],
    ]);
    assertEquals([answers[3]?.statusCode, answers[3]?.headers], [304, { etag: '"1"' }]);
  });

  it("passes a body on, encoded or not, and leaves out cookies and headers that no client could send", async () => {
    const app = new Hono();
    app.post("/echo", async (c) => c.json({ text: await c.req.text(), headers: [...c.req.raw.headers.keys()].sort() }));
    const handler = serve(app);
    const event = { ...apiGatewayEvent("POST", "/echo", { "x-name": "hé", "x-plain": "a" }), cookies: ["a=b"] };
    for (
      const [body, isBase64Encoded] of [["tea ☕", false], [
        btoa(String.fromCharCode(...new TextEncoder().encode("tea ☕"))),
        true,
      ]] as const
    ) {
      const { text, headers } = JSON.parse((await handler({ ...event, body, isBase64Encoded })).body ?? "");
      assertEquals(text, "tea ☕");
      const odd = ["cookie", "x-name", "x-plain", "x-request-id"].filter((name) => headers.includes(name));
      assertEquals(odd, ["x-plain", "x-request-id"]);
    }
  });

  it("takes any path that the gateway may hand over", async () => {
    const app = new Hono();
    app.get("/names/:name", (c) => c.json({ name: c.req.param("name"), query: c.req.query("q") }));
    const handler = serve(app);
    const event = apiGatewayEvent("GET", "/names/x?q=a%20b");
    for (
      const [rawPath, name] of [
        ["/names/a#b?c", "a#b?c"],
        ["/names/100%", "100%"],
        ["/names/%40a", "@a"],
        ["/names/é \\", "é \\"],
        ["/names/\ud800", "\ufffd"],
      ] as const
    ) {
      const { body } = await handler({ ...event, rawPath });
      assertEquals(JSON.parse(body ?? ""), { name, query: "a b" });
    }
  });
});

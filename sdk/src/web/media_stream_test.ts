import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "node:test";
import { isLiveError, LiveError } from "../errors.ts";
import { type Fetch, systemClock } from "../ports.ts";
import { TikTok } from "../tiktok.ts";

const clock = { ...systemClock, setTimeout: () => 0, clearTimeout: () => undefined };

function client(fetch: Fetch): TikTok {
  return new TikTok({
    fetch,
    clock,
    cookies: { sessionid: "secret" },
    socket: { open: () => ({ send() {}, close() {} }) },
  });
}

describe("TikTok.openStream", () => {
  it("follows redirects to other hosts and keeps cookies from them", async () => {
    const seen: { url: string; cookie: string | null }[] = [];
    const fetch: Fetch = (url, init) => {
      seen.push({ url, cookie: new Headers(init.headers).get("cookie") });
      return Promise.resolve(
        seen.length === 1
          ? new Response(null, { status: 302, headers: { location: "https://edge.example/a.flv?sign=2" } })
          : new Response("flv"),
      );
    };
    const stream = await client(fetch).openStream("https://pull.tiktok.com/a.flv?sign=1");
    assertEquals(await new Response(stream).text(), "flv");
    assertEquals(seen, [
      { url: "https://pull.tiktok.com/a.flv?sign=1", cookie: "sessionid=secret" },
      { url: "https://edge.example/a.flv?sign=2", cookie: null },
    ]);
  });

  it("names the refusal and shows no query", async () => {
    const fetch: Fetch = () => Promise.resolve(new Response("no", { status: 403 }));
    const error = await assertRejects(() => client(fetch).openStream("https://pull.example/a.flv?sign=secret"));
    assert(isLiveError(error) && error.code === "blocked");
    assert(!JSON.stringify([error.message, error.evidence]).includes("secret"));
  });

  it("calls an unreachable host network, and hands on what fetch itself says", async () => {
    const cause = new TypeError("fetch failed");
    const error = await assertRejects(() => client(() => Promise.reject(cause)).openStream("https://pull.example/a"));
    assert(isLiveError(error) && error.code === "network" && error.cause === cause);
    const said = new LiveError("network", "Use the proxy: NO_PROXY would send the request past it", {
      retryable: false,
    });
    assertEquals(
      await assertRejects(() => client(() => Promise.reject(said)).openStream("https://pull.example/a")),
      said,
    );
  });

  it("throws the reason of the signal that ends it", async () => {
    const controller = new AbortController();
    const fetch: Fetch = (_, init) =>
      new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
    const opening = client(fetch).openStream("https://pull.example/a.flv", { signal: controller.signal });
    const reason = new Error("enough");
    controller.abort(reason);
    assertEquals(await assertRejects(() => opening), reason);
  });
});

import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { refusalError } from "./socket_refusals.ts";
import { browserPlatform, directSocketHeaders, directSocketUrl } from "./socket_url.ts";

const WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0.0.0";

describe("directSocketUrl()", () => {
  it("holds protocol.md's parameters, which agree with the User-Agent, and no signature", () => {
    const url = new URL(directSocketUrl({
      baseUrl: "wss://webcast-ws.tiktok.com",
      roomId: "7300000000000000001",
      userAgent: WINDOWS,
      timeZone: "Europe/Berlin",
      random: 0.5,
    }));
    const query = Object.fromEntries(url.searchParams);
    assertEquals(url.pathname, "/webcast/im/ws_proxy/ws_reuse_supplement/");
    assertEquals(query, {
      version_code: "180800",
      device_platform: "web",
      cookie_enabled: "true",
      screen_width: "1920",
      screen_height: "1080",
      browser_language: "en-US",
      browser_platform: "Win32",
      browser_name: "Mozilla",
      browser_version: "5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0.0.0",
      browser_online: "true",
      tz_name: "Europe/Berlin",
      app_name: "tiktok_web",
      sup_ws_ds_opt: "1",
      update_version_code: "2.0.0",
      compress: "gzip",
      webcast_language: "en",
      ws_direct: "1",
      aid: "1988",
      live_id: "12",
      app_language: "en",
      client_enter: "1",
      room_id: "7300000000000000001",
      identity: "audience",
      history_comment_count: "6",
      last_rtt: "150.000",
      heartbeat_duration: "10000",
      resp_content_type: "protobuf",
      did_rule: "3",
    });
    assertEquals(url.search.includes("+"), false);
  });

  it("names the platform of the User-Agent", () => {
    assertEquals([WINDOWS, "Mozilla/5.0 (Macintosh; Intel)", "Mozilla/5.0 (X11; Linux x86_64)"].map(browserPlatform), [
      "Win32",
      "MacIntel",
      "Linux x86_64",
    ]);
  });
});

describe("directSocketHeaders()", () => {
  it("sends a cookie only when there is one", () => {
    assertEquals("Cookie" in directSocketHeaders("Test/1.0", undefined), false);
    const headers = directSocketHeaders("Test/1.0", "ttwid=1");
    assertEquals([headers["Cookie"], headers["Origin"], headers["User-Agent"]], [
      "ttwid=1",
      "https://www.tiktok.com",
      "Test/1.0",
    ]);
  });
});

describe("refusalError()", () => {
  const of = (refusal: Parameters<typeof refusalError>[0]) =>
    refusalError(refusal, "wss://x.example/a?room_id=1", 1_700_000_000_000);

  it("names every refusal of protocol.md 4.4", () => {
    const cases: [Parameters<typeof refusalError>[0], string, boolean][] = [
      [{ status: 200, handshakeStatus: "415", handshakeMessage: "DEVICE_BLOCKED" }, "device_blocked", true],
      [{ status: 200, handshakeMessage: "device_blocked" }, "device_blocked", true],
      [{ status: 415 }, "device_blocked", true],
      [{ status: 200, handshakeStatus: "417", handshakeMessage: "illegal secret key" }, "blocked", true],
      [{ status: 200, handshakeStatus: "417", handshakeMessage: "illegal app_id" }, "blocked", true],
      [{ status: 400, handshakeMessage: "bad route_params" }, "protocol", false],
      [{ status: 200 }, "blocked", true],
      [{ status: 403 }, "blocked", true],
      [{ status: 429 }, "rate_limited", true],
      [{ status: 502 }, "network", true],
      [{ cause: new Error("ECONNREFUSED") }, "network", true],
      [{}, "network", true],
    ];
    for (const [refusal, code, retryable] of cases) {
      const error = of(refusal);
      assertEquals([error.code, error.retryable], [code, retryable], JSON.stringify(refusal));
    }
  });

  it("reads how long to wait, in seconds or as a date, and what is neither as nothing", () => {
    const waits = ["7", new Date(1_700_000_009_000).toUTCString(), "soon"]
      .map((retryAfter) => of({ status: 429, retryAfter }).retryAfterMs);
    assertEquals([...waits, of({ status: 429 }).retryAfterMs], [7_000, 9_000, undefined, undefined]);
  });

  it("shows the evidence without the query", () => {
    const error = of({ status: 200, handshakeStatus: "417", handshakeMessage: "illegal app_id", logId: "L" });
    assertEquals(error.message, "Open the socket: TikTok refuses the handshake: illegal app_id");
    assertEquals(error.evidence, {
      url: "wss://x.example/a",
      status: 200,
      handshakeStatus: "417",
      handshakeMessage: "illegal app_id",
      logId: "L",
    });
  });
});

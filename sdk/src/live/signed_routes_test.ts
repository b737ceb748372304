import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { encodeFetchResult } from "../testing/encode.ts";
import { decodeFetchResult } from "../wire/frames.ts";
import { POLL_LIMITS_MS, POLL_MS, pollDelayMs } from "./polling_route.ts";
import { signedSocketUrl } from "./signed_socket_url.ts";

const answer = (fields: Parameters<typeof encodeFetchResult>[0]) => decodeFetchResult(encodeFetchResult(fields));
const query = {
  userAgent: "Mozilla/5.0 (X11) Chrome/150",
  timeZone: "Europe/Berlin",
  random: 0,
  params: { extra: "a b" },
};

describe("signedSocketUrl()", () => {
  const url = signedSocketUrl(
    answer({
      cursor: "t-1_r-2",
      internalExt: new TextEncoder().encode("fetch_time:1|flag:0"),
      pushServer: "wss://webcast-ws.tiktok.com/webcast/im/ws_proxy/ws_reuse_supplement/",
      routeParams: { wrss: "a+b/c==", done: "a%2Bb", aid: "1233" },
    }),
    "7300000000000000001",
    query,
  );

  it("begins with the signer's parameters, each encoded once, and ends with the second version_code", () => {
    const [place, text = ""] = url.split("?");
    const pairs = text.split("&");
    assertEquals(place, "wss://webcast-ws.tiktok.com/webcast/im/ws_proxy/ws_reuse_supplement/");
    assertEquals(pairs.slice(0, 3), ["wrss=a%2Bb%2Fc%3D%3D", "done=a%2Bb", "aid=1233"]);
    assertEquals(pairs.at(-1), "version_code=270000");
    assertEquals(pairs.filter((pair) => pair.startsWith("aid=")).length, 1);
  });

  it("names room, position and player, and what the program adds", () => {
    const { searchParams } = new URL(url);
    const shown = ["room_id", "cursor", "internal_ext", "compress", "ws_direct", "heartbeat_duration", "extra"];
    assertEquals(shown.map((name) => searchParams.get(name)), [
      "7300000000000000001",
      "t-1_r-2",
      "fetch_time:1|flag:0",
      "gzip",
      "0",
      "0",
      "a b",
    ]);
    assertEquals(searchParams.getAll("version_code"), ["180800", "270000"]);
    assertEquals([searchParams.get("browser_name"), searchParams.get("browser_version")], [
      "Mozilla",
      "5.0 (X11) Chrome/150",
    ]);
  });
});

describe("pollDelayMs()", () => {
  it("keeps to the answer's interval within limits", () => {
    const [least, most] = POLL_LIMITS_MS;
    const delays = [0, 1, 2000, 3_600_000].map((fetchIntervalMs) => pollDelayMs(answer({ fetchIntervalMs })));
    assertEquals(delays, [POLL_MS, least, 2000, most]);
    const asked = [0, 1, 2000].map((fetchIntervalMs) => pollDelayMs(answer({ fetchIntervalMs }), 1500));
    assertEquals(asked, [1500, 1500, 2000]);
  });
});

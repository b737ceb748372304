/** What a signer's first answer may be before a socket is dialled for it, and how long it serves. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "node:test";
import { isLiveError } from "../errors.ts";
import type { RouteName } from "../events/types.ts";
import { encodeFetchResult, encodePushFrame } from "../testing/encode.ts";
import { settle } from "../testing/fakes.ts";
import { entered, setUp } from "../testing/live_world.ts";
import type { SignedRoom, Signer } from "./signer.ts";
import { FRESH_MS, MAX_RESULT_BYTES } from "./signed_rooms.ts";

const PUSH_SERVER = "wss://webcast-ws.tiktok.com/webcast/im/ws_proxy/ws_reuse_supplement/";
type Fields = Parameters<typeof encodeFetchResult>[0];

const answer = (fields: Fields = {}): Uint8Array =>
  encodeFetchResult({ cursor: "t-1", pushServer: PUSH_SERVER, routeParams: { wrss: "signed" }, ...fields });

/** A client whose signer gives these answers, the last one again and again. */
function signedBy(answers: (Partial<SignedRoom> & { result: Uint8Array })[], routes: RouteName[] = ["signed"]) {
  let asked = 0;
  const signer: Signer = {
    sign: ({ url }) => Promise.resolve({ url }),
    fetchRoom: () => {
      const given = answers[Math.min(asked++, answers.length - 1)];
      return Promise.resolve({ cookies: "ttwid=signed", ...given } as SignedRoom);
    },
  };
  return { ...setUp({ signer, routes }), asked: () => asked };
}

/** The error with which a live cannot connect. */
async function refusal(given: Partial<SignedRoom> & { result: Uint8Array }) {
  const { tiktok, sockets, clock } = signedBy([given]);
  const connecting = assertRejects(() => tiktok.live("some.host").connected);
  for (let round = 0; round < 8; round++) await clock.advance(60_000);
  const error = await connecting;
  assert(isLiveError(error), String(error));
  return { error, dialled: sockets.dialled.length };
}

describe("a signer's first answer", () => {
  it("leads to TikTok's sockets alone, whatever it names", async () => {
    const places = [
      "",
      "ws://webcast-ws.tiktok.com/x",
      "wss://webcast-ws.tiktok.com:8443/x",
      "wss://tiktok.com.evil.example/x",
      "wss://eviltiktok.com/x",
      "wss://user:secret@webcast-ws.tiktok.com/x",
      "wss://webcast-ws.tiktok.com/x?room_id=1",
      "https://webcast-ws.tiktok.com/x",
    ];
    for (const pushServer of places) {
      const { error, dialled } = await refusal({ result: answer({ pushServer }) });
      assertEquals([error.code, dialled], ["signer_failed", 0], pushServer);
      assert(!JSON.stringify(error.evidence).includes("secret"), pushServer);
    }
    const { tiktok, sockets } = signedBy([{ result: answer({ pushServer: "wss://webcast-ws.eu.tiktok.com/x" }) }]);
    tiktok.live("some.host");
    await settle();
    assertEquals(sockets.last.url.slice(0, 35), "wss://webcast-ws.eu.tiktok.com/x?wr");
  });

  it("is bounded: all of it, and what goes into the socket's URL", async () => {
    const large = await refusal({ result: new Uint8Array(MAX_RESULT_BYTES + 1) });
    assertEquals([large.error.code, large.error.evidence.bodyBytes], ["signer_failed", MAX_RESULT_BYTES + 1]);
    const long = await refusal({ result: answer({ routeParams: { wrss: "x".repeat(20_000) } }) });
    assertEquals([long.error.code, /too many parameters/.test(long.error.message)], ["signer_failed", true]);
    const empty = await refusal({ result: new Uint8Array(0) });
    const noBytes = await refusal({ result: "text" as unknown as Uint8Array });
    assertEquals([empty.error.code, noBytes.error.code], ["signer_failed", "signer_failed"]);
  });

  it("carries no header of its own into the handshake", async () => {
    for (const fields of [{ cookies: "a=b\r\nHost: evil" }, { userAgent: "Mozilla\n" }]) {
      const { error, dialled } = await refusal({ result: answer(), ...fields });
      assertEquals([error.code, dialled], ["signer_failed", 0]);
    }
  });

  it("is left to the other route for as long as it leads anywhere, and asked for anew after that", async () => {
    for (const [waitMs, expected] of [[0, 1], [FRESH_MS - 1, 1], [FRESH_MS, 2]] as const) {
      const one = signedBy([{ result: answer() }], ["signed", "polling"]);
      one.tiktok.live("some.host");
      await settle();
      assertEquals([one.sockets.dialled.length, one.asked()], [1, 1]);
      // The handshake's own time-out is 30 s too, so the clock stands still for the rest.
      await one.clock.advance(Math.min(waitMs, 29_000));
      const now = one.clock.now();
      one.clock.now = () => now + waitMs - Math.min(waitMs, 29_000);
      one.sockets.last.refuse({ status: 403 });
      await settle();
      assertEquals(one.asked(), expected, `after ${waitMs} ms`);
    }
  });

  it("is signed anew for each connection", async () => {
    const { tiktok, sockets, clock, asked } = signedBy([{ result: answer() }], ["signed", "polling"]);
    const live = tiktok.live("some.host");
    await settle();
    sockets.last.accept();
    sockets.last.push(entered);
    sockets.last.push(encodePushFrame({ payloadType: "msg", payload: answer() }));
    await settle();
    sockets.last.drop();
    await clock.advance(1000);
    assertEquals([live.state, sockets.dialled.length, asked()], ["connecting", 2, 2]);
    live.close();
    const refused = signedBy([{ result: answer() }]);
    refused.tiktok.live("some.host");
    await settle();
    refused.sockets.last.refuse({ status: 403 });
    await refused.clock.advance(1000);
    assertEquals([refused.sockets.dialled.length, refused.asked()], [2, 2]);
  });
});

import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { encodeHeartbeat } from "../wire/frames.ts";
import { FakeClock, FakeSockets } from "./fakes.ts";

describe("FakeClock", () => {
  it("runs timers in the order of their times, each at its own time", async () => {
    const clock = new FakeClock(1000);
    const log: string[] = [];
    const note = (name: string) => () => void log.push(`${name}@${clock.now()}`);
    clock.setTimeout(note("late"), 50);
    clock.setTimeout(note("early"), 10);
    clock.setTimeout(note("same time, set later"), 10);
    const cancelled = clock.setTimeout(note("cancelled"), 5);
    clock.clearTimeout(cancelled);
    await clock.advance(49);
    assertEquals(log, ["early@1010", "same time, set later@1010"]);
    assertEquals([clock.now(), clock.waiting], [1049, 1]);
    await clock.advance(1);
    assertEquals(log.at(-1), "late@1050");
    assertEquals(clock.waiting, 0);
  });

  it("runs timers that timers and their promises set on the way", async () => {
    const clock = new FakeClock(0);
    const times: number[] = [];
    const again = async () => {
      times.push(clock.now());
      await Promise.resolve();
      clock.setTimeout(() => void again(), 10);
    };
    clock.setTimeout(() => void again(), 10);
    await clock.advance(35);
    assertEquals(times, [10, 20, 30]);
  });
});

describe("FakeSockets", () => {
  it("lets the test play the server", () => {
    const sockets = new FakeSockets();
    const log: unknown[] = [];
    const socket = sockets.open("wss://x.example/", { headers: { Cookie: "a=b" } }, {
      opened: () => log.push("opened"),
      refused: (refusal) => log.push(refusal),
      message: (bytes) => log.push([...bytes]),
      closed: ({ code }) => log.push(code),
    });
    socket.send(new Uint8Array([1]));
    socket.push(new Uint8Array([2]));
    socket.accept();
    socket.push(new Uint8Array([3]));
    socket.send(encodeHeartbeat("5"));
    socket.drop({ code: 1001, reason: "" });
    socket.drop();
    socket.push(new Uint8Array([4]));
    assertEquals(log, ["opened", [3], 1001]);
    assertEquals(socket.frames.map(({ payloadType, roomId }) => [payloadType, roomId]), [["hb", "5"]]);
    assertEquals([sockets.last.url, sockets.last.headers, socket.closed], [
      "wss://x.example/",
      { Cookie: "a=b" },
      true,
    ]);
  });

  it("refuses, and stays silent once the client has closed", () => {
    const sockets = new FakeSockets();
    const log: unknown[] = [];
    const handlers = {
      opened: () => log.push("opened"),
      refused: (refusal: unknown) => log.push(refusal),
      message: () => log.push("message"),
      closed: () => log.push("closed"),
    };
    sockets.open("wss://a.example/", { headers: {} }, handlers).refuse({ status: 200, handshakeStatus: "415" });
    const closing = sockets.open("wss://b.example/", { headers: {} }, handlers);
    closing.close();
    closing.accept();
    closing.refuse();
    assertEquals(log, [{ status: 200, handshakeStatus: "415" }]);
    assertEquals(sockets.dialled.length, 2);
    assertThrows(() => new FakeSockets().last);
  });
});

/**
 * A stream whose server ends it while its reader is slow, over real sockets: the rest is still read.
 * @module
 */
import { assertEquals } from "@std/assert";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { TikTok } from "../mod.ts";

/** Little enough for the buffers of the system, so that the end arrives before anybody reads. */
const BYTES = 64 * 1024;
/** Turns of the event loop, in which the end of the connection arrives. */
const TURNS = 200;

describe("openStream()", () => {
  it("gives all bytes of a stream that ended while its reader was slow", async () => {
    const server = createServer((socket) => {
      socket.once("data", () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BYTES}\r\nConnection: close\r\n\r\n`);
        socket.write(new Uint8Array(BYTES));
        socket.end();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const body = (await new TikTok({ mediaHosts: ["127.0.0.1"] }).openStream(`http://127.0.0.1:${port}/stream-1.flv`))
      .getReader();
    let length = 0;
    for (let turn = 0; turn < TURNS; turn++) await setImmediate();
    for (;;) {
      const { done, value } = await body.read();
      if (done) break;
      length += value.length;
    }
    assertEquals(length, BYTES);
    server.close();
  });
});

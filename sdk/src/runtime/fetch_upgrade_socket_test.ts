import { assert, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { isLiveError } from "../errors.ts";
import type { SocketRefusal } from "../ports.ts";
import { settle } from "../testing/fakes.ts";
import { fetchUpgradeSockets } from "./fetch_upgrade_socket.ts";

/** A socket inside an answer that the test plays. */
class FakeUpgraded {
  binaryType = "blob";
  accepted = 0;
  readonly sent: number[][] = [];
  readonly closes: (number | undefined)[] = [];
  readonly #listeners = new Map<string, (event: unknown) => void>();
  accept(): void {
    this.accepted++;
  }
  send(data: Uint8Array): void {
    this.sent.push([...data]);
  }
  close(code?: number): void {
    this.closes.push(code);
  }
  addEventListener(type: string, listener: (event: unknown) => void): void {
    this.#listeners.set(type, listener);
  }
  fire(type: string, event: object = {}): void {
    this.#listeners.get(type)?.(event);
  }
}

/** What Workers answer: a plain `Response` cannot be made with the status 101. */
function answerWith(webSocket: unknown, status = 101): Response {
  const response = new Response(null, { status: 200 });
  return Object.defineProperties(response, { webSocket: { value: webSocket }, status: { value: status } });
}

function setUp(answer: Response | Promise<Response>) {
  const requests: { url: string; init: RequestInit }[] = [];
  const log: string[] = [];
  const messages: number[][] = [];
  const refusals: SocketRefusal[] = [];
  const factory = fetchUpgradeSockets({
    fetch: (url, init) => {
      requests.push({ url, init });
      return Promise.resolve(answer);
    },
  });
  const socket = factory.open("wss://webcast-ws.tiktok.com/x?y=1", { headers: { Cookie: "ttwid=1" } }, {
    opened: () => log.push("opened"),
    refused: (refusal) => {
      refusals.push(refusal);
      log.push("refused");
    },
    message: (bytes) => messages.push([...bytes]),
    closed: ({ code, reason }) => log.push(`closed ${code} ${reason}`),
  });
  return { socket, requests, log, messages, refusals };
}

describe("fetchUpgradeSockets()", () => {
  it("asks for the upgrade over https, accepts, and hands messages on both ways", async () => {
    const native = new FakeUpgraded();
    const { socket, requests, log, messages } = setUp(answerWith(native));
    await settle();
    const [request] = requests;
    assertEquals(request?.url, "https://webcast-ws.tiktok.com/x?y=1");
    assertEquals(request?.init.headers, { Cookie: "ttwid=1", Upgrade: "websocket" });
    assertEquals([log, native.accepted, native.binaryType], [["opened"], 1, "arraybuffer"]);
    native.fire("message", { data: new Uint8Array([1, 2]).buffer });
    socket.send(new Uint8Array([3]));
    assertEquals([messages, native.sent], [[[1, 2]], [[3]]]);
  });

  it("tells once how it ended, and closes its own half", async () => {
    const native = new FakeUpgraded();
    const { socket, log, messages } = setUp(answerWith(native));
    await settle();
    native.fire("close", { code: 1001, reason: "away" });
    native.fire("error");
    native.fire("message", { data: new ArrayBuffer(1) });
    socket.send(new Uint8Array([3]));
    socket.close();
    assertEquals(log, ["opened", "closed 1001 away"]);
    assertEquals([messages, native.sent, native.closes.length], [[], [], 1]);
  });

  it("calls a connection that breaks 1006", async () => {
    const native = new FakeUpgraded();
    const { log } = setUp(answerWith(native));
    await settle();
    native.fire("error", { message: "gone" });
    assertEquals(log, ["opened", "closed 1006 "]);
  });

  it("shows status and headers of a refusal", async () => {
    const headers = {
      "Handshake-Status": "415",
      "Handshake-Msg": "DEVICE_BLOCKED",
      "X-Tt-Logid": "7",
      "Retry-After": "9",
    };
    const { log, refusals } = setUp(new Response("no", { status: 200, headers }));
    await settle();
    assertEquals([log, refusals], [["refused"], [{
      status: 200,
      handshakeStatus: "415",
      handshakeMessage: "DEVICE_BLOCKED",
      retryAfter: "9",
      logId: "7",
    }]]);
  });

  it("names a host that cannot upgrade, and passes on what fetch threw", async () => {
    const without = setUp(answerWith(undefined));
    const failure = new Error("no route");
    const failing = setUp(Promise.reject(failure));
    await settle();
    const cause = without.refusals[0]?.cause;
    assert(isLiveError(cause));
    assertEquals([cause.code, cause.retryable, failing.refusals], ["network", false, [{ cause: failure }]]);
  });

  it("is silent after close(), also when the answer comes late", async () => {
    const native = new FakeUpgraded();
    const answer = Promise.withResolvers<Response>();
    const { socket, requests, log } = setUp(answer.promise);
    socket.close();
    assertEquals(requests[0]?.init.signal?.aborted, true);
    answer.resolve(answerWith(native));
    await settle();
    native.fire("close", { code: 1000 });
    assertEquals([log, native.closes], [[], [1000]]);
  });
});

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, it } from "node:test";
import process from "node:process";
import { until } from "../../../tests/fakes/manual_clock.ts";
import {
  answer,
  type Behaviour,
  drip,
  makeCertificate,
  startReceiver,
  type WebhookReceiver,
} from "../../../tests/fakes/webhook_receiver.ts";
import type { AlertMessage } from "../../ports/alert_target.ts";
import { isPublicAddress } from "./public_address.ts";
import { newSecret, readSecret } from "./signature.ts";
import { type WebhookOptions, webhookTarget } from "./webhook_target.ts";

const T0 = 1_760_000_000_000;
const SECRET = newSecret((bytes) => bytes.fill(7));
const MESSAGE: AlertMessage = {
  id: "live_started:7300000000000000001",
  kind: "live_started",
  recordingId: "7300000000000000001",
  username: "some.host",
  body: '{"version":1,"title":"Tea ☕"}',
};
const certificate = makeCertificate("hooks.example");
const noOpenSsl = certificate === undefined ? "there is no openssl to make a certificate" : undefined;
if (noOpenSsl !== undefined && process.env["CI"] === "true") throw new Error(noOpenSsl);

describe("webhookTarget()", () => {
  let receiver: WebhookReceiver;
  let receivers: WebhookReceiver[];
  beforeEach(async () => {
    receivers = [];
    receiver = await start();
  });
  afterEach(async () => {
    for (const each of receivers) await each.stop();
  });

  const start = async (options: Parameters<typeof startReceiver>[0] = {}) => {
    const started = await startReceiver(options);
    receivers.push(started);
    return started;
  };
  const target = (options: Partial<WebhookOptions> = {}) =>
    webhookTarget({
      name: "ops",
      url: `http://127.0.0.1:${receiver.port}/hook?to=ops`,
      secret: readSecret(SECRET, "test"),
      allowLoopback: true,
      now: () => T0,
      ...options,
    });

  it("sends the body as it is, with an id, a time and a signature", async () => {
    assertEquals(await target().send(MESSAGE), { delivered: true });
    const [hook] = receiver.hooks;
    assertEquals(hook?.path, "/hook?to=ops");
    assertEquals(Buffer.from(hook?.body ?? "", "latin1").toString("utf8"), MESSAGE.body);
    assertEquals(hook?.headers["host"], `127.0.0.1:${receiver.port}`);
    assertEquals(hook?.headers["content-type"], "application/json");
    assertEquals(hook?.headers["webhook-id"], MESSAGE.id);
    assertEquals(hook?.headers["webhook-timestamp"], String(T0 / 1000));
    assertMatch(hook?.headers["webhook-signature"] ?? "", /^v1,[A-Za-z0-9+/]{43}=$/);
  });

  it("signs so that the ten lines of the documentation verify it, and nothing else", async () => {
    const guide = readFileSync(new URL("../../../docs/alerts.md", import.meta.url), "utf8");
    const example = /```js\n([\s\S]*?)```/.exec(guide)?.[1] ?? "";
    assert(example.trimEnd().split("\n").length <= 12, "the example has grown");
    const { isGenuine } = await import(`data:text/javascript;base64,${Buffer.from(example).toString("base64")}`);
    await target().send(MESSAGE);
    const { headers = {}, body: raw = "" } = receiver.hooks[0] ?? {};
    const body = Buffer.from(raw, "latin1").toString("utf8");
    const now = T0 / 1000;
    assertEquals(isGenuine(headers, body, SECRET, now + 299), true);
    assertEquals(isGenuine(headers, body, SECRET, now + 301), false);
    assertEquals(isGenuine(headers, body, SECRET, now - 301), false);
    assertEquals(isGenuine(headers, `${body} `, SECRET, now), false);
    assertEquals(isGenuine(headers, body, newSecret((bytes) => bytes.fill(8)), now), false);
    for (
      const [name, other] of [["webhook-id", "x"], ["webhook-timestamp", String(now + 1)], ["webhook-signature", ""]]
    ) {
      assertEquals(isGenuine({ ...headers, [String(name)]: other }, body, SECRET, now), false, name);
    }
    assertEquals(isGenuine({}, body, SECRET, now), false);
  });

  const HOSTILE: { what: string; behave: Behaviour; problem: RegExp; late?: boolean; retryAfterMs?: number }[] = [
    { what: "fails", behave: answer(500, {}, "secret of the receiver"), problem: /^the answer has status 500$/ },
    {
      what: "asks to come later",
      behave: answer(429, { "retry-after": "120" }),
      problem: /429/,
      retryAfterMs: 120_000,
    },
    {
      what: "asks to come at a time",
      behave: answer(503, { "retry-after": new Date(T0 + 5_000).toUTCString() }),
      problem: /503/,
      retryAfterMs: 5_000,
    },
    { what: "asks to come at no time", behave: answer(503, { "retry-after": "soon" }), problem: /503/ },
    {
      what: "leads to the metadata service",
      behave: answer(307, { location: "http://169.254.169.254/latest/meta-data/" }),
      problem: /status 307, and redirects are not followed$/,
    },
    { what: "says nothing", behave: () => {}, problem: /^no answer within 0\.3 s$/, late: true },
    {
      what: "drips its headers",
      behave: drip("HTTP/1.1 200 OK\r\n", "x-a: 1\r\n", 20),
      problem: /^no answer within 0\.3 s$/,
      late: true,
    },
    {
      what: "sends headers without an end",
      behave: drip("HTTP/1.1 200 OK\r\n", `x-a: ${"1".repeat(8_000)}\r\n`, 0),
      problem: /^the connection failed/,
    },
    {
      what: "sends a huge header",
      behave: answer(200, { "x-a": "1".repeat(200_000) }),
      problem: /^the connection failed/,
    },
    { what: "hangs up", behave: (socket) => void socket.resetAndDestroy(), problem: /^the connection failed/ },
    {
      what: "talks no HTTP",
      behave: (socket) => void socket.end("220 mail ready\r\n"),
      problem: /^the connection failed/,
    },
  ];
  for (const { what, behave, problem, late, retryAfterMs } of HOSTILE) {
    it(`does not take it for delivered when the receiver ${what}`, async () => {
      receiver.behave(behave);
      const result = await target({ timeoutMs: 300 }).send(MESSAGE);
      assert(!result.delivered);
      assertMatch(result.problem, problem);
      assertEquals([result.late, result.retryAfterMs], [late, retryAfterMs]);
      assertEquals(receiver.connections(), 1);
      await until(() => receiver.open() === 0, "every connection is closed");
    });
  }

  it("takes 2xx for delivered, whatever the body does, and reads little of it", async () => {
    const head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    const chunk = `1000\r\n${"x".repeat(4_096)}\r\n`;
    const bodies = [drip(head, chunk, 0), drip(head, "1\r\nx\r\n", 50), answer(202, {}, "thanks")];
    for (const behave of bodies) {
      receiver.behave(behave);
      assertEquals(await target().send(MESSAGE), { delivered: true });
      await until(() => receiver.open() === 0, "every connection is closed");
    }
  });

  it("does not go to a receiver that is not there", async () => {
    const { port } = receiver;
    await receiver.stop();
    receivers = [];
    const url = `http://127.0.0.1:${port}/token-in-the-path?key=hidden`;
    const result = await target({ url }).send(MESSAGE);
    assertEquals(result, { delivered: false, problem: "the connection failed: ECONNREFUSED" });
  });

  it("goes to no address but the internet's, in whatever form the name leads there", async () => {
    const refused = [
      ...["127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
      ...["169.254.169.254", "169.254.170.2", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1"],
      ...["198.51.100.1", "203.0.113.1", "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"],
      ...[
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "fc00::1",
        "fd00:ec2::254",
      ],
      ...["fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "100::1"],
      ...[
        "2001:0:7f00:1::",
        "2001:db8::1",
        "2001:10::1",
        "::ffff:0:10.0.0.1",
        "not an address",
        "0x7f.1",
        "2130706433",
      ],
    ];
    for (const address of refused) {
      const asked: string[] = [];
      const resolve = (name: string) => Promise.resolve((asked.push(name), ["93.184.216.34", address]));
      const result = await target({ url: "https://hooks.example/", allowLoopback: false, resolve }).send(MESSAGE);
      assert(!result.delivered);
      assertEquals([address, result.problem], [
        address,
        "not sent: the name leads to an address that is not the internet's",
      ]);
      assertEquals(asked, ["hooks.example"]);
    }
    for (const address of ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::1"]) {
      assert(isPublicAddress(address), address);
    }
  });

  it("goes to no address that stands in the URL itself, unless it is the internet's or loopback is allowed", async () => {
    const hosts = ["127.0.0.1", "[::1]", "2130706433", "0x7f.1", "017700000001", "[::ffff:7f00:1]", "169.254.169.254"];
    for (const host of hosts) {
      const url = `https://${host}:${receiver.port}/`;
      const result = await target({ url, allowLoopback: false, timeoutMs: 500 }).send(MESSAGE);
      assert(!result.delivered && result.problem.startsWith("not sent: "), host);
    }
    assertEquals(receiver.connections(), 0);
  });

  it("goes without TLS to this machine only", async () => {
    const resolve = () => Promise.resolve(["93.184.216.34"]);
    const result = await target({ url: "http://localhost/", resolve }).send(MESSAGE);
    assertEquals(result, { delivered: false, problem: "not sent: without TLS only this machine is reached" });
  });

  it("gives a name up that leads nowhere, or takes too long", async () => {
    const url = "https://hooks.example/";
    const nowhere = await target({ url, resolve: () => Promise.resolve([]) }).send(MESSAGE);
    assertEquals(nowhere, { delivered: false, problem: "not sent: the name leads to no address" });
    const failed = () => Promise.reject(Object.assign(new Error("query of hooks.example"), { code: "ENOTFOUND" }));
    assertEquals(await target({ url, resolve: failed }).send(MESSAGE), {
      delivered: false,
      problem: "the connection failed: ENOTFOUND",
    });
    const never = await target({ url, resolve: () => new Promise(() => {}), timeoutMs: 50 }).send(MESSAGE);
    assertEquals(never, { delivered: false, problem: "no answer within 0.05 s", late: true });
  });

  describe("over TLS", () => {
    if (certificate === undefined) return it(`SKIPPED: ${noOpenSsl}`, { skip: noOpenSsl }, () => {});

    it("connects to the address that was checked, whatever the name leads to after that", async () => {
      const first = await start({ tls: certificate });
      const answers = [["127.0.0.1"], ["127.0.0.2"]];
      const resolve = () => Promise.resolve(answers.shift() ?? []);
      const url = `https://hooks.example:${first.port}/`;
      assertEquals(await target({ url, resolve, ca: certificate.cert }).send(MESSAGE), { delivered: true });
      assertEquals([first.hooks[0]?.headers["host"], answers.length], [`hooks.example:${first.port}`, 1]);
    });

    it("wants a certificate of the name that it believes", async () => {
      const secure = await start({ tls: certificate });
      const resolve = () => Promise.resolve(["127.0.0.1"]);
      const url = `https://hooks.example:${secure.port}/`;
      const unknown = await target({ url, resolve }).send(MESSAGE);
      assert(!unknown.delivered && unknown.problem.startsWith("the connection failed: "), JSON.stringify(unknown));
      const other = await target({ url: url.replace("hooks", "other"), resolve, ca: certificate.cert }).send(MESSAGE);
      assertEquals(other, { delivered: false, problem: "the connection failed: ERR_TLS_CERT_ALTNAME_INVALID" });
      const plain = await target({ url: `https://hooks.example:${receiver.port}/`, resolve, timeoutMs: 500 }).send(
        MESSAGE,
      );
      assert(!plain.delivered);
      assertEquals(secure.hooks, []);
    });
  });
});

describe("readSecret()", () => {
  it("takes a new secret, and shows nothing of a wrong one", () => {
    assertEquals(readSecret(`${SECRET}\n`, "X").length, 32);
    for (
      const wrong of [
        "",
        "hunter2-hunter2",
        "whsec_",
        "whsec_aHVudGVyMg==",
        "whsec_hunter2*hunter2*hunter2*hunter2*",
        SECRET.slice(6),
      ]
    ) {
      const error = assertThrows(() => readSecret(wrong, "OPS_SECRET"));
      assert(error instanceof TypeError && error.message.includes("OPS_SECRET"));
      assert(wrong === "" || wrong === "whsec_" || !error.message.includes(wrong));
    }
  });
});

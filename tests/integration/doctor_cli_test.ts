/**
 * `roomtone doctor` against the stand-in: all well, and each thing that can be wrong.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, afterEach, before, describe, it } from "node:test";
import { runCli } from "../../cli/cli.ts";
import { egressOf } from "../../cli/doctor/addresses.ts";
import type { Finding } from "../../cli/doctor/finding.ts";
import { checkDisk, checkProxy, missingCodecs } from "../../cli/doctor/machine.ts";
import { SIGNER_KEY } from "../standin/call_routes.ts";
import { type Standin, startStandin } from "../standin/mod.ts";

const CLOSED_PORT = "127.0.0.1:1";

let standin: Standin;
let dir: string;

interface Surroundings {
  env?: Record<string, string>;
  aheadMs?: number;
}

async function run(argv: string[], { env = {}, aheadMs = 0 }: Surroundings = {}) {
  const out: string[] = [];
  const { web, webcast, socket } = standin.baseUrls;
  const code = await runCli(["doctor", ...argv], {
    out: (line) => out.push(line),
    err: (line) => out.push(line),
    status: () => undefined,
    env: {
      PATH: process.env["PATH"],
      ROOMTONE_DATA_DIR: join(dir, "not", "there", "yet"),
      ROOMTONE_TIKTOK_WEB_URL: web,
      ROOMTONE_TIKTOK_WEBCAST_URL: webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: socket,
      ...env,
    },
    signal: new AbortController().signal,
    now: () => Date.now() + aheadMs,
  });
  return { code, out };
}

async function findings(argv: string[], surroundings?: Surroundings) {
  const { code, out } = await run([...argv, "--json"], surroundings);
  const list = out.map((line): Finding => JSON.parse(line));
  return { code, of: (check: string) => list.find((each) => each.check === check), list };
}

describe("roomtone doctor", () => {
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-doctor-"));
    standin = await startStandin({ media: { seconds: 2 }, seed: "doctor" });
    standin.room("some.host").startLive({ rate: 0.001 });
    await standin.prepareMedia();
  });
  afterEach(() => standin.clearFaults());
  after(async () => {
    await standin.stop();
    await rm(dir, { recursive: true });
  });

  it("finds nothing wrong where all is well, with few requests", async () => {
    const before = standin.requests.length;
    const { code, of, list } = await findings(["@some.host"]);
    assertEquals(list.filter(({ state }) => state === "failed" || state === "warning"), []);
    for (
      const check of ["runtime", "ffmpeg", "disk", "proxy", "pages", "room", "api", "route direct", "media", "clock"]
    ) {
      assertEquals(of(check)?.state, "ok", check);
    }
    assertEquals([of("route signed")?.state, of("route polling")?.state, code], ["skipped", "skipped", 0]);
    const sent = standin.requests.length - before;
    assert(sent <= 10, `${sent} requests`);
  });

  it("tries each route that the signer can, too", async () => {
    const env = { ROOMTONE_EULER_KEY: SIGNER_KEY, ROOMTONE_EULER_URL: standin.url };
    const { of } = await findings(["some.host"], { env });
    assertEquals(["direct", "signed", "polling"].map((route) => of(`route ${route}`)?.state), ["ok", "ok", "ok"]);
  });

  it("skips the room without a name, and says what to do", async () => {
    const { code, of } = await findings([]);
    assertEquals([code, of("pages")?.state, of("api")?.state, of("route direct")?.state], [0, "ok", "ok", "skipped"]);
    assertEquals(of("media")?.remedy, "Name a host who is live: roomtone doctor NAME");
    standin.room("idle.host");
    assertEquals((await findings(["idle.host"])).of("media")?.detail, "nothing to enter: @idle.host is not live");
  });

  it("tells a captcha page", async () => {
    const fault = { kind: "http", route: "profile_page", reply: "captcha_page", times: 1 } as const;
    standin.fault(fault);
    const { code, of } = await findings(["some.host"]);
    const { state, code: why, remedy } = of("pages") ?? {};
    assertEquals([code, state, why, of("api")?.state], [1, "failed", "captcha", "ok"]);
    assert(remedy !== undefined);
    standin.fault(fault);
    const { out } = await run(["some.host"]);
    assert(
      out.some((line) => line.startsWith("FAIL pages         captcha: ")) && out.includes(`     to do: ${remedy}`),
    );
    assertEquals(out.at(-1), "something needed does not work");
  });

  it("tells a refused socket; with a route that works it is a warning", async () => {
    standin.fault({ kind: "handshake", status: 415, way: "direct" });
    const { code, of } = await findings(["some.host"]);
    assertEquals([code, of("route direct")?.state, of("route direct")?.code], [1, "failed", "device_blocked"]);
    assertEquals(of("media")?.state, "ok");
    const env = { ROOMTONE_EULER_KEY: SIGNER_KEY, ROOMTONE_EULER_URL: standin.url };
    const signed = await findings(["some.host"], { env });
    assertEquals([signed.code, signed.of("route direct")?.state, signed.of("route signed")?.state], [
      0,
      "warning",
      "ok",
    ]);
  });

  it("tells a clock that is off by more than 5 s", async () => {
    for (const [aheadMs, words] of [[3_600_000, "3600 s ahead of"], [-60_000, "60 s behind"]] as const) {
      const { code, of } = await findings([], { aheadMs });
      assertEquals([code, of("clock")?.state], [1, "failed"]);
      const seconds = Number(/\d+/.exec(words)?.[0]);
      const said = Number(/(\d+) s (ahead of|behind)/.exec(of("clock")?.detail ?? "")?.[1]);
      assert(Math.abs(said - seconds) <= 2 && of("clock")?.detail.includes(words.split(" s ")[1] ?? "-"));
    }
  });

  it("goes on without ffmpeg, unless one was named", async () => {
    const none = await findings([], { env: { PATH: "" } });
    assertEquals([none.code, none.of("ffmpeg")?.state, none.of("ffmpeg")?.code], [0, "warning", "ffmpeg_missing"]);
    const named = await findings([], { env: { ROOMTONE_FFMPEG: "/no/ffmpeg" } });
    assertEquals([named.code, named.of("ffmpeg")?.state], [1, "failed"]);
    const broken = await findings([], { env: { ROOMTONE_FFMPEG: "/bin/false" } });
    assertEquals([broken.code, broken.of("ffmpeg")?.state], [1, "failed"]);
  });

  it("says so when nothing gets out", async () => {
    const url = `http://${CLOSED_PORT}`;
    const env = {
      ROOMTONE_TIKTOK_WEB_URL: url,
      ROOMTONE_TIKTOK_WEBCAST_URL: url,
      ROOMTONE_TIKTOK_SOCKET_URL: `ws://${CLOSED_PORT}`,
    };
    const { code, of } = await findings(["some.host"], { env });
    assertEquals([code, of("pages")?.code, of("api")?.code, of("room")?.code], [1, "network", "network", "network"]);
    assertEquals([of("clock")?.state, of("media")?.detail], [
      "skipped",
      "nothing to enter: the room could not be looked up",
    ]);
  });

  it("shows no secret", async () => {
    const secrets = ["verysecretcookie", SIGNER_KEY, "proxypassword"];
    const env = {
      ROOMTONE_TIKTOK_COOKIES: `sessionid=${secrets[0]}`,
      ROOMTONE_EULER_KEY: SIGNER_KEY,
      ROOMTONE_EULER_URL: `http://${CLOSED_PORT}`,
      ALL_PROXY: `http://me:${secrets[2]}@proxy.example:3128`,
    };
    standin.fault({ kind: "handshake", status: 417 });
    const shown = [...(await run(["some.host"], { env })).out, ...(await run(["some.host", "--json"], { env })).out];
    assert(shown.some((line) => line.includes("proxy.example:3128")));
    for (const secret of secrets) assertEquals(shown.filter((line) => line.includes(secret)), []);
  });

  it("looks at each identity that is named, and says by which way it leaves", async () => {
    const seen: string[] = [];
    const proxy = createServer((request, response) => {
      seen.push("fetch");
      const { host, pathname, search } = new URL(request.url ?? "");
      const onward = httpRequest(`http://${host}${pathname}${search}`, {
        method: request.method ?? "GET",
        headers: request.headers,
      }, (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers)));
      onward.on("error", () => response.destroy());
      request.pipe(onward);
    });
    proxy.on("connect", (request, client) => {
      seen.push("tunnel");
      const { hostname, port } = new URL(`http://${request.url}`);
      const onward = connect(Number(port), hostname, () => {
        client.write("HTTP/1.1 200 OK\r\n\r\n");
        onward.pipe(client).pipe(onward);
      });
      for (const socket of [onward, client]) socket.on("error", () => (onward.destroy(), client.destroy()));
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const address = proxy.address();
    const host = `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
    try {
      const far = `http://me:verysecretword@${host}`;
      const named = [
        "--identity",
        "home=direct",
        "--identity",
        `far=${far}`,
        "--identity",
        `gone=http://${CLOSED_PORT}`,
      ];
      const { code, list } = await findings(["some.host", ...named]);
      const of = (identity: string | undefined, check: string) =>
        list.find((each) => each.identity === identity && each.check === check);
      assertEquals([code, of(undefined, "ffmpeg")?.state], [1, "ok"]);
      for (const name of ["home", "far"]) {
        for (const check of ["pages", "room", "api", "route direct", "media", "egress"]) {
          assertEquals(of(name, check)?.state, "ok", `${name}: ${of(name, check)?.detail}`);
        }
      }
      assert(seen.length > 1 && seen.includes("tunnel"), seen.join());
      assert(
        of("home", "egress")?.detail.startsWith(
          "pages, api, socket and media from 127.0.0.1 (IPv4), directly; not known",
        ),
      );
      assert(of("far", "egress")?.detail.startsWith(`pages, api, socket and media all go through ${host}; not known`));
      assertEquals([of("gone", "pages")?.code, of("gone", "api")?.code], ["network", "network"]);
      const shown = JSON.stringify(list) + (await run(["--identity", `far=${far}`])).out.join("\n");
      assert(shown.includes(`identity far: through ${host}`) && !shown.includes("verysecretword"));
      assertEquals(
        (await findings([], { env: { ROOMTONE_IDENTITIES: "one=direct two=direct" } })).list.map(({ identity }) =>
          identity
        )
          .filter((each, i, all) => all.indexOf(each) === i),
        [undefined, "one", "two"],
      );
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
    for (const bad of ["direct", "a=ftp://x", "a=http://me:verysecretword@"]) {
      const { code, out } = await run(["--identity", bad]);
      assertEquals([code, out.join().includes("verysecretword")], [2, false]);
    }
  });

  it("wants one name at most", async () => {
    assertEquals([(await run(["a", "b"])).code, (await run(["--what"])).code], [2, 2]);
  });
});

describe("the doctor's checks of the machine", () => {
  it("names codecs that a build of ffmpeg lacks", () => {
    const list = [
      " D..... = Decoding supported",
      " DEV.LS h264                 H.264",
      " D.V.L. hevc                 HEVC",
      " D.VIL. mjpeg                Motion JPEG",
      " DEAIL. aac                  AAC",
      " ..AIL. mp3                  MP3",
    ].join("\n");
    assertEquals(missingCodecs(list), ["writes no mjpeg (thumbnails)", "reads no mp3 (sound that is no AAC)"]);
  });

  it("fails on a full disk and warns on a small one", async () => {
    const state = async (bytes: number) => (await checkDisk(".", () => Promise.resolve(bytes))).state;
    assertEquals([await state(10e6), await state(1e9), await state(100e9)], ["failed", "warning", "ok"]);
  });

  it("tells when parts of an identity leave by different addresses", () => {
    const v4 = { address: "10.0.0.5", family: "IPv4" };
    const v6 = { address: "fd00::5", family: "IPv6" };
    const both = egressOf([{ name: "pages", own: v4 }, { name: "api", own: v4 }, { name: "socket", own: v6 }]);
    assertEquals(both.state, "warning");
    assert(both.detail.startsWith("pages and api from 10.0.0.5 (IPv4), socket from fd00::5 (IPv6): "));
    const part = egressOf([{ name: "pages", own: v4 }, { name: "api", own: undefined }]);
    assert(part.state === "ok" && part.detail.includes("no connection for api"));
    assertEquals(egressOf([{ name: "pages", own: undefined }]).state, "skipped");
  });

  it("says what goes past a proxy", () => {
    const versions = { ...process.versions, bun: "1.4.5" };
    const finding = checkProxy({ HTTPS_PROXY: "http://u:p@proxy.example:1", http_proxy: "nonsense" }, versions);
    assertEquals(finding.state, "warning");
    assert(finding.detail.startsWith("HTTPS_PROXY is proxy.example:1, http_proxy is no URL; Bun "));
  });
});

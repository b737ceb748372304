/** Each runtime's proxy door against a real proxy: what went through it, and that nothing went past it. */
import { assert, assertEquals } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { ProgramInput, ProgramOutput } from "../../tests/fakes/proxied_program.ts";
import { type ConnectProxy, startConnectProxy } from "../../tests/standin/connect_proxy.ts";
import { type FlvTag, type Standin, startStandin } from "../../tests/standin/mod.ts";

const RUNTIME = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";
const PROGRAM = fileURLToPath(new URL("../../tests/fakes/proxied_program.ts", import.meta.url));
const LOGIN = { username: "us er", password: "p@ss:w%rd/secret" };
const WRONG = "wrong-secret";
/** Deno has no such switch for one client; its programs are started with one for the process. */
const INSECURE = RUNTIME === "deno" ? {} : { insecure: true };
const DENO = ["run", "--no-check", "--quiet", "--allow-net", "--allow-read", "--allow-env=NO_PROXY,no_proxy"];
const CHECKED = RUNTIME === "deno" ? DENO : RUNTIME === "node" ? ["--no-warnings"] : [];
const ARGUMENTS = RUNTIME === "deno" ? [...DENO, "--unsafely-ignore-certificate-errors"] : CHECKED;

const STEPS = ["proxied", "page", "user", "api", "live", "socket", "media"];
const WEB_HOSTS = ["pull-f5-sg01.fcdn.eu.tiktokcdn.com", "ttwid.bytedance.com", "webcast.tiktok.com", "www.tiktok.com"];
const SOCKET_HOST = "webcast-ws.tiktok.com";

/** Runs the program on this runtime. */
async function run(
  input: Omit<ProgramInput, "runtime">,
  env: Record<string, string> = {},
  args: readonly string[] = ARGUMENTS,
): Promise<ProgramOutput> {
  const child = spawn(process.execPath, [...args, PROGRAM, JSON.stringify({ runtime: RUNTIME, ...input })], {
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
  child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
  await new Promise((resolve) => child.on("close", resolve));
  assert(stdout.startsWith("{"), `the program said: ${stdout}${stderr}`);
  const output: ProgramOutput = JSON.parse(stdout);
  const said = output.said + stderr;
  const encoded = new URL(`http://x:${encodeURIComponent(LOGIN.password)}@x`).password;
  const inHeader = btoa(`${LOGIN.username}:${LOGIN.password}`);
  for (const secret of [LOGIN.password, encoded, inHeader, WRONG, btoa(`${LOGIN.username}:${WRONG}`)]) {
    assert(!said.includes(secret), "the proxy's password was shown");
  }
  return output;
}

/** Hosts that tunnels were opened to, sorted; every request must be such a one, with the right login, to port 443. */
function tunnels({ requests }: ConnectProxy): string[] {
  for (const { method, target, authorised } of requests) {
    assertEquals({ method, authorised, port: target.split(":")[1] }, {
      method: "CONNECT",
      authorised: true,
      port: "443",
    });
  }
  return [...new Set(requests.map(({ target }) => target.split(":")[0] ?? ""))].sort();
}

const all = (outcome: string, names = STEPS) => Object.fromEntries(names.map((name) => [name, outcome]));

/** A picture that needs no ffmpeg. */
const tag: FlvTag = {
  type: 9,
  timestampMs: 0,
  payload: new Uint8Array([0x17, 1, 0, 0, 0]),
  md5: "",
  keyframe: true,
  header: false,
};

const folder = mkdtempSync(join(tmpdir(), "roomtone-proxy-"));
const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
const made = spawnSync("openssl", [
  ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", keyFile, "-out", certFile, "-days", "2"],
  ...["-subj", "/CN=standin", "-addext", "subjectAltName=DNS:*.tiktok.com,DNS:localhost"],
]);
const skip = made.status === 0 || process.env["CI"] === "true"
  ? false
  : "SKIPPED: proxies, there is no openssl to make a certificate";

describe(`@roomtone/sdk/${RUNTIME}`, { skip }, () => {
  let standin: Standin;
  let proxy: ConnectProxy;
  let tlsProxy: ConnectProxy;
  /** Where a request that goes past the proxy would arrive. */
  let trap: Server;
  let trapped = 0;
  let trapPort = 0;

  before(async () => {
    const tls = { key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") };
    standin = await startStandin({
      tls: { port: 0, ...tls },
      media: { source: () => Promise.resolve({ headers: [], tags: [tag], loopMs: 100 }) },
      ttwid: { pageShare: 0 },
      seed: "proxy",
    });
    standin.room("some.host").startLive({ speed: 10 });
    const options = { ...LOGIN, targetPort: standin.tlsPort ?? 0 };
    proxy = await startConnectProxy(options);
    tlsProxy = await startConnectProxy({ ...options, tls });
    trap = createServer((socket) => {
      trapped++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => trap.listen(0, "127.0.0.1", resolve));
    const address = trap.address();
    trapPort = typeof address === "object" && address !== null ? address.port : 0;
  });
  beforeEach(() => {
    proxy.forget();
    tlsProxy.forget();
    trapped = 0;
  });
  after(async () => {
    await Promise.all([standin.stop(), proxy.stop(), tlsProxy.stop(), new Promise((resolve) => trap.close(resolve))]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** All of TikTok at the trap. */
  const trapInput = () => {
    const url = `https://localhost:${trapPort}`;
    return {
      baseUrls: { web: url, webcast: url, ttwid: url, socket: `wss://localhost:${trapPort}` },
      streamUrl: `${url}/stage/stream-1.flv`,
    };
  };

  it("sends pages, API, guest cookie, socket and media through the proxy", async () => {
    const from = standin.requests.length;
    const { steps } = await run({ options: { proxy: proxy.secretUrl, ...INSECURE } });
    assertEquals(steps, all("ok"));
    assertEquals(tunnels(proxy), [...WEB_HOSTS, SOCKET_HOST].sort());
    const requests = standin.requests.slice(from);
    assertEquals([...new Set(requests.map(({ host }) => host))].sort(), [...WEB_HOSTS, SOCKET_HOST].sort());
    assert(requests.every(({ userAgents }) => userAgents.length === 1));
  });

  it("goes through an https proxy, where the runtime can", async () => {
    const options = { proxy: tlsProxy.secretUrl, ...INSECURE };
    if (RUNTIME === "deno") {
      const { steps, said } = await run({ options });
      assertEquals(steps, { proxied: "TypeError" });
      assert(said.includes("https proxy for the socket"));
    }
    const { steps } = await run({ options: RUNTIME === "deno" ? { ...options, allProxy: proxy.secretUrl } : options });
    assertEquals(steps, all("ok"));
    const both = [...tunnels(tlsProxy), ...tunnels(proxy)].sort();
    assertEquals(both, [...WEB_HOSTS, SOCKET_HOST].sort());
  });

  it("takes HTTPS_PROXY for all and ALL_PROXY for the socket only, from the variables it is given", async () => {
    const env = { HTTPS_PROXY: proxy.secretUrl, NO_PROXY: "*" };
    assertEquals((await run({ options: { env, ...INSECURE } })).steps, all("ok"));
    assertEquals(tunnels(proxy), [...WEB_HOSTS, SOCKET_HOST].sort());
    proxy.forget();

    const other = await startConnectProxy({ ...LOGIN, targetPort: standin.tlsPort ?? 0 });
    try {
      const split = { https_proxy: proxy.secretUrl, ALL_PROXY: other.secretUrl };
      assertEquals((await run({ options: { env: split, ...INSECURE } })).steps, all("ok"));
      assertEquals([tunnels(proxy), tunnels(other)], [WEB_HOSTS, [SOCKET_HOST]]);
    } finally {
      await other.stop();
    }
  });

  it("goes nowhere when the proxy refuses the login, and does not show it", async () => {
    const wrong = proxy.secretUrl.replace(encodeURIComponent(LOGIN.password), WRONG);
    const { steps } = await run({ options: { proxy: wrong, ...INSECURE }, ...trapInput() });
    const { proxied, ...others } = steps;
    assertEquals(proxied, "ok");
    assertEquals(Object.keys(others), ["page", "user", "api", "socket", "media"]);
    for (const [name, outcome] of Object.entries(others)) if (name !== "socket") assertEquals(outcome, "network", name);
    assert(others["socket"] !== "ok");
    assertEquals(trapped, 0);
    assert(
      proxy.requests.length >= 5 &&
        proxy.requests.every(({ method, authorised, target }) =>
          method === "CONNECT" && !authorised && target === `localhost:${trapPort}`
        ),
    );
  });

  it("goes nowhere when there is no proxy", async () => {
    const gone = await startConnectProxy({ ...LOGIN, targetPort: 1 });
    await gone.stop();
    const { steps } = await run({ options: { proxy: gone.secretUrl, ...INSECURE }, ...trapInput() });
    assert(Object.entries(steps).every(([name, outcome]) => (outcome === "ok") === (name === "proxied")));
    assertEquals(trapped, 0);
  });

  for (const noProxy of ["*", "other.example, .localhost:443"]) {
    it(`lets NO_PROXY=${noProxy} of the process send nothing past the proxy`, async () => {
      const options = { proxy: proxy.secretUrl, ...INSECURE };
      const { steps, said } = await run({ options, ...trapInput() }, { NO_PROXY: noProxy });
      assertEquals(trapped, 0);
      assertEquals(steps["proxied"], "ok");
      if (RUNTIME === "node") return assert(proxy.requests.length > 0);
      assertEquals([steps["page"], steps["media"]], ["network", "network"]);
      assert(said.includes("NO_PROXY would send the request to localhost past it"));
      // Deno's sockets are tunnels of our own, which no variable leads elsewhere.
      assert(proxy.requests.every(() => RUNTIME === "deno"));
    });
  }

  it("checks certificates unless told not to", async () => {
    const from = standin.requests.length;
    const { steps } = await run({ options: { proxy: proxy.secretUrl }, ...trapInput() }, {}, CHECKED);
    const { proxied, ...others } = steps;
    assertEquals(proxied, "ok");
    assert(Object.values(others).every((outcome) => outcome !== "ok"));
    assert(proxy.requests.length > 0);
    assertEquals([trapped, standin.requests.length - from], [0, 0]);
  });

  it("does nothing when the variables name no proxy", async () => {
    const { proxied } = await import(`../${RUNTIME}.ts`);
    assertEquals(proxied({ env: { HTTPS_PROXY: "", PATH: "x" } }), {});
  });
});

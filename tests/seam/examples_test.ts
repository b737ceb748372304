/** Each example of the SDK runs on Bun, Deno and Node 24 (that of the proxy on Node), against the stand-in. */
import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { bun, deno, node24, ROOT } from "../../scripts/tools.mjs";
import { runProgram } from "../checks/run_program.ts";
import { sourceFiles } from "../checks/source_files.ts";
import { startConnectProxy } from "../standin/connect_proxy.ts";
import { MediaLibrary } from "../standin/flv_source.ts";
import { startStandin } from "../standin/mod.ts";
import { liveUntilHeard } from "./live_until_heard.ts";

type Standin = Awaited<ReturnType<typeof startStandin>>;

const EXAMPLES = join(ROOT, "sdk", "examples");
const ffmpegPath = process.env["ROOMTONE_FFMPEG"];

describe("the examples", () => {
  let standin: Standin;
  let scratch = "";
  before(async () => {
    const media = new MediaLibrary(ffmpegPath === undefined ? {} : { ffmpegPath });
    standin = await startStandin({ seed: "examples", media });
    scratch = mkdtempSync(join(tmpdir(), "roomtone-examples-"));
  });
  after(async () => {
    await standin.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** Runs an example and gives back its lines. */
  async function run(program: string, flags: string[], example: string, args: string[], env = {}): Promise<string[]> {
    const TIKTOK_URLS = JSON.stringify(standin.baseUrls);
    const { code, output } = await runProgram(program, [...flags, join(EXAMPLES, example), ...args], {
      env: { TIKTOK_URLS, NODE_NO_WARNINGS: "1", ...env },
    });
    assertEquals(code, 0, output);
    return output.trim().split("\n");
  }

  it("are each under 30 lines", () => {
    const files = sourceFiles(/^sdk\/examples\/.*\.ts$/);
    assert(files.length >= 6);
    const long = files.filter((file) => readFileSync(join(ROOT, file), "utf8").split("\n").length > 30);
    assertEquals(long, []);
  });

  const runtimes: [string, () => string, string[]][] = [
    ["Bun", bun, []],
    ["Deno", deno, ["run", "--quiet", "--no-prompt", "-A"]],
    ["Node 24", node24, []],
  ];
  for (const [runtime, program, flags] of runtimes) {
    it(`log the chat on ${runtime}`, async () => {
      liveUntilHeard(standin.room("chat.host"), runtime);
      const lines = await run(program(), flags, "chat_log.ts", ["@chat.host"]);
      assert(/^\d\d:\d\d:\d\d connected to /.test(lines[0] ?? ""), lines[0]);
      assert(lines.filter((line) => /^\d\d:\d\d:\d\d \S+: ./.test(line)).length >= 10, lines.join("\n"));
      assertEquals(lines.at(-1), "the live is over");
    });

    it(`tell of gifts and add them up on ${runtime}`, async () => {
      liveUntilHeard(standin.room("gift.host"), runtime);
      const lines = await run(program(), flags, "gift_alert.ts", ["gift.host", "1"]);
      const alerts = lines.flatMap((line) => /^.+ sent \d+ x .+, (\d+) diamonds$/.exec(line)?.[1] ?? []);
      const sum = alerts.reduce((all, diamonds) => all + Number(diamonds), 0);
      assert(sum > 0, lines.join("\n"));
      // A streak that the end of the live cut off is in the sum and had no alert.
      const told = Number(/^(\d+) diamonds from [1-9]\d* people$/.exec(lines.at(-1) ?? "")?.[1]);
      assert(told >= sum, lines.join("\n"));
    });

    it(`poll many hosts on ${runtime}`, async () => {
      const room = standin.room("live.host");
      room.startLive({});
      standin.room("idle.host");
      const names = ["live.host", "nobody.host", "@idle.host"];
      const lines = await run(program(), flags, "poll_many.ts", names, { ROUNDS: "1" });
      assertEquals(lines.map((line) => line.split(",")[0]), [
        "live.host: live",
        "nobody.host: not_found",
        "idle.host: not live",
      ]);
      room.endLive();
    });

    it(`list followings with a signer of their own on ${runtime}`, async () => {
      const { host } = standin.room("quiet.host");
      const signer = createServer(async (request, response) => {
        const asked = await fetch(`${standin.url}/webcast/sign_url`, { method: "POST", body: await text(request) });
        const { response: signed } = await asked.json();
        response.end(JSON.stringify({ signedUrl: signed.signedUrl }));
      });
      await new Promise<void>((resolve) => signer.listen(0, "127.0.0.1", resolve));
      const address = signer.address();
      const port = typeof address === "object" ? address?.port : undefined;
      try {
        const env = { SIGNER_URL: `http://127.0.0.1:${port}` };
        const lines = await run(program(), flags, "custom_signer.ts", ["quiet.host"], env);
        const hidden = Math.floor(host.following / 20);
        assertEquals(lines.at(-1), `${host.following} in all, ${hidden} of them hidden`);
        assertEquals(lines.length, host.following - hidden + 1);
      } finally {
        signer.close();
      }
    });

    it(`record a room on ${runtime}`, async () => {
      const name = `record.${runtime.toLowerCase().replace(" ", ".")}`;
      const room = standin.room(name);
      room.startLive({ seed: runtime });
      void room.until(({ acked }) => acked >= 40).then(() => room.endLive());
      const env = ffmpegPath === undefined ? {} : { ROOMTONE_FFMPEG: ffmpegPath };
      const lines = await run(program(), flags, "record_a_room.ts", [name, scratch], env);
      assertEquals(lines[0]?.startsWith(`recording into ${scratch}`), true, lines.join("\n"));
      assert(/^ended after [1-9]\d* s with [1-9]\d* events$/.test(lines.at(-1) ?? ""), lines.join("\n"));
    });
  }

  it("read a live through a proxy on Node 24", async (test) => {
    const [keyFile, certFile] = [join(scratch, "key.pem"), join(scratch, "cert.pem")];
    const made = spawnSync("openssl", [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", keyFile, "-out", certFile, "-days", "2"],
      ...["-subj", "/CN=standin", "-addext", "subjectAltName=DNS:*.tiktok.com"],
    ]);
    if (made.status !== 0 && process.env["CI"] !== "true") return test.skip("SKIPPED: no openssl for a certificate");
    const tls = { port: 0, key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") };
    const secure = await startStandin({ seed: "proxied", media: false, tls });
    const login = { username: "someone", password: "secret" };
    const proxy = await startConnectProxy({ ...login, targetPort: secure.tlsPort ?? 0 });
    try {
      liveUntilHeard(secure.room("some.host"), "proxied");
      const env = { HTTPS_PROXY: proxy.secretUrl, NODE_EXTRA_CA_CERTS: certFile };
      const lines = await run(node24(), [], "through_a_proxy.ts", ["some.host"], env);
      assertEquals(lines.at(-1), "the live is over");
      assert(lines.filter((line) => /^\S+: ./.test(line)).length >= 10, lines.join("\n"));
      const hosts = new Set(proxy.requests.map(({ target }) => target));
      assert(hosts.has("www.tiktok.com:443") && hosts.has("webcast-ws.tiktok.com:443"), [...hosts].join(" "));
    } finally {
      await Promise.all([secure.stop(), proxy.stop()]);
    }
  });
});

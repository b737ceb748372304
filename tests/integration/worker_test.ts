/** The Worker as Cloudflare's own tool runs it, on loopback, against the stand-in. */
import { assert, assertEquals } from "@std/assert";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { node24, packageChecker, ROOT } from "../../scripts/tools.mjs";
import { type Standin, startStandin } from "../standin/mod.ts";

/** A key by its id, and its entry among the settings. */
function key(id: string, scopes: string) {
  const text = `rtk_${id}_${"cd".repeat(32)}`;
  return { text, entry: `${id}:${createHash("sha256").update(text).digest("hex")}:${scopes}` };
}

const LOOKUP = key("0123456789ab", "lookup");
const WRITE = key("ba9876543210", "write");
const KEY = LOOKUP.text;
const APP = "https://app.example";

describe("the Worker", () => {
  let scratch = "";
  let standin: Standin;
  let child: ChildProcess;
  let url = "";

  before(async () => {
    scratch = mkdtempSync(join(tmpdir(), "roomtone-worker-"));
    standin = await startStandin({ media: false, seed: "worker" });
    standin.room("live.host").startLive({ durationMs: 600_000 });
    standin.room("idle.host");
    const { web, webcast, socket, ttwid } = standin.baseUrls;
    const settings = join(scratch, "settings.env");
    writeFileSync(
      settings,
      [
        `ROOMTONE_TIKTOK_WEB_URL=${web}`,
        `ROOMTONE_TIKTOK_WEBCAST_URL=${webcast}`,
        `ROOMTONE_TIKTOK_SOCKET_URL=${socket}`,
        `ROOMTONE_TIKTOK_TTWID_URL=${ttwid}`,
        `ROOMTONE_API_KEYS=${LOOKUP.entry},${WRITE.entry}`,
        `ROOMTONE_CORS_ORIGINS=${APP}`,
      ].join("\n"),
    );
    const wrangler = packageChecker("wrangler");
    const options = ["--local", "--ip", "127.0.0.1", "--port", "0", "--inspector-port", "0", "--env-file", settings];
    child = spawn(node24(), [wrangler, "dev", ...options, "--show-interactive-dev-session=false"], {
      cwd: ROOT,
      env: {
        ...process.env,
        WRANGLER_SEND_METRICS: "false",
        WRANGLER_LOG_PATH: scratch,
        XDG_CONFIG_HOME: scratch,
        CI: "true",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    url = await new Promise<string>((resolve, reject) => {
      let output = "";
      const look = (text: string) => {
        output += text;
        const ready = /Ready on (http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1];
        if (ready !== undefined) resolve(ready);
      };
      child.stdout?.setEncoding("utf8").on("data", look);
      child.stderr?.setEncoding("utf8").on("data", look);
      child.on("error", reject);
      child.on("exit", (code) => reject(new Error(`wrangler ended with ${code}: ${output}`)));
    });
  });
  after(async () => {
    child?.kill("SIGTERM");
    await standin.stop();
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  });

  const ask = async (path: string, headers: Record<string, string> = { "x-api-key": KEY }) => {
    const response = await fetch(`${url}${path}`, { headers });
    return { status: response.status, body: await response.json() as Record<string, unknown> };
  };

  it("answers for hosts, side by side too", async () => {
    const asked = Array.from({ length: 5 }, () => ask("/api/links?usernames[]=live.host&usernames[]=idle.host"));
    for (const { status, body } of await Promise.all(asked)) {
      assertEquals(status, 200);
      const [live, idle] = body as unknown as Record<string, unknown>[];
      assertEquals([live?.["user"], live?.["code"]], ["live.host", "live"]);
      assert(String(live?.["live_stream_link"]).includes(".flv"));
      assertEquals(idle, { error: "User is not live", user: "idle.host", code: "offline" });
    }
  });

  it("answers routes 1 to 4", async () => {
    for (
      const [path, status] of [
        ["/tiktok/user-info?uniqueId=live.host", 200],
        ["/tiktok/user-info?uniqueId=nobody", 404],
        ["/tiktok/user-followings?uniqueId=live.host", 403],
        ["/api/live?usernames[]=live.host", 200],
        ["/api/rooms/live.host", 200],
        ["/api/gifts", 200],
        ["/api/prices", 200],
        ["/api/feed", 200],
        ["/api/links?usernames[]=live.host&protocol=rtmp", 400],
        ["/recordings", 404],
      ] as const
    ) assertEquals([path, (await ask(path)).status], [path, status]);
  });

  it("asks TikTok once for what it was asked a moment ago", async () => {
    const path = "/api/links?usernames[]=idle.host&usernames[]=live.host&usernames[]=nobody";
    await ask(path);
    const before = standin.requests.length;
    const again = await fetch(`${url}${path}`, { headers: { "x-api-key": KEY } });
    assertEquals([again.status, standin.requests.length - before], [200, 0]);
    assert(/^\d+$/.test(again.headers.get("age") ?? ""), "no Age");
    const etag = again.headers.get("etag") ?? "";
    const known = await fetch(`${url}${path}`, { headers: { "x-api-key": KEY, "if-none-match": etag } });
    assertEquals(known.status, 304);
    await known.arrayBuffer();
  });

  it("sends messages only where that is configured, and for keys that may write", async () => {
    const send = async (text: string) => {
      const response = await fetch(`${url}/api/rooms/live.host/messages`, {
        method: "POST",
        headers: { "x-api-key": text, "content-type": "application/json" },
        body: '{"text":"hello"}',
      });
      return [response.status, (await response.json() as { code: unknown }).code];
    };
    assertEquals(await send(KEY), [403, "forbidden"]);
    assertEquals(await send(WRITE.text), [403, "not_configured"]);
    assertEquals((await ask("/api/feed", { "x-api-key": WRITE.text })).status, 403);
  });

  it("lets pages of configured origins call, and no others", async () => {
    for (const [origin, allowed] of [[APP, APP], ["https://evil.example", null]] as const) {
      const headers = { origin, "access-control-request-method": "GET", "access-control-request-headers": "x-api-key" };
      const preflight = await fetch(`${url}/api/feed`, { method: "OPTIONS", headers });
      assertEquals(preflight.headers.get("access-control-allow-origin"), allowed);
      await preflight.arrayBuffer();
      const answer = await fetch(`${url}/health`, { headers: { origin } });
      assertEquals(answer.headers.get("access-control-allow-origin"), allowed);
      await answer.arrayBuffer();
    }
  });

  it("wants a key that it knows", async () => {
    const wrong: Record<string, string>[] = [{}, { authorization: `Bearer ${KEY.slice(0, -1)}e` }];
    for (const headers of wrong) {
      const { status, body } = await ask("/api/links?usernames=live.host", headers);
      assertEquals([status, body["code"]], [401, "unauthorized"]);
    }
  });

  it("describes what it answers, openly", async () => {
    const { status, body } = await ask("/openapi.json", {});
    assertEquals(status, 200);
    const paths = Object.keys(body["paths"] as object);
    assert(paths.includes("/api/links") && paths.includes("/health") && !paths.includes("/recordings"), `${paths}`);
    assertEquals((await ask("/health", {})).body, { status: "ok" });
    const page = await (await fetch(`${url}/docs`)).text();
    assert(!page.includes("__name"), "the page's script needs a helper of the bundler");
  });
});

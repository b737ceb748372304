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

const ID = "0123456789ab";
const KEY = `rtk_${ID}_${"cd".repeat(32)}`;
const HASH = createHash("sha256").update(KEY).digest("hex");

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
        `ROOMTONE_API_KEYS=${ID}:${HASH}:lookup`,
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
      ] as const
    ) assertEquals([path, (await ask(path)).status], [path, status]);
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

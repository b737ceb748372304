/**
 * The local system with its operator's session and signer, against the stand-in.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { loadConfig, LocalConfig, startLocal } from "@roomtone/functions/local";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { SESSION_ID, SIGNER_KEY } from "../standin/call_routes.ts";
import { type Standin, startStandin } from "../standin/mod.ts";

const SESSION = { ROOMTONE_TIKTOK_COOKIES: `sessionid=${SESSION_ID}` };

let standin: Standin;

/** Asks a local system of these settings. */
async function ask(env: Record<string, string>, path: string, init?: RequestInit) {
  const dataDir = await mkdtemp(join(tmpdir(), "roomtone-identity-"));
  const { web, webcast, socket, ttwid } = standin.baseUrls;
  const lines: string[] = [];
  const log = (event: string, fields?: Record<string, unknown>) => void lines.push(JSON.stringify({ event, fields }));
  const system = await startLocal(
    loadConfig(LocalConfig, {
      ROOMTONE_PORT: "0",
      ROOMTONE_DATA_DIR: dataDir,
      ROOMTONE_RECORDER_SLOTS: "0",
      ROOMTONE_TIKTOK_WEB_URL: web,
      ROOMTONE_TIKTOK_WEBCAST_URL: webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: socket,
      ROOMTONE_TIKTOK_TTWID_URL: ttwid,
      ...env,
    }),
    { logger: { info: log, warn: log, error: log } },
  );
  try {
    const response = await fetch(`${system.url}${path}`, init);
    const body = await response.json();
    assert(!JSON.stringify([lines, body]).includes(SESSION_ID), "the session is in no log and no answer");
    return { status: response.status, body };
  } finally {
    await system.stop();
    await rm(dataDir, { recursive: true });
  }
}

describe("the local system with its operator's identity", () => {
  before(async () => {
    standin = await startStandin({ media: false, seed: "identity" });
    standin.room("some.host").startLive({ title: "Tea", rate: 0.001 });
  });
  after(() => standin.stop());

  it("lists followings with a session or a signer, and says what is missing without", async () => {
    const { following } = standin.room("some.host").host;
    const path = "/tiktok/user-followings?uniqueId=some.host&count=5";
    for (const env of [SESSION, { ROOMTONE_EULER_KEY: SIGNER_KEY, ROOMTONE_EULER_URL: standin.url }]) {
      const { status, body } = await ask(env, path);
      assertEquals([status, body.requestDetails?.count, body.metadata?.totalFollowings], [200, "5", following]);
      assert(body.followings.length > 0);
    }
    const { status, body } = await ask({}, path);
    assertEquals([status, body.code], [403, "login_required"]);
  });

  it("sends messages only where the operator switched that on", async () => {
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify({ text: "hello" }) };
    const path = "/api/rooms/some.host/messages";
    const env = { ...SESSION, ROOMTONE_EULER_KEY: SIGNER_KEY, ROOMTONE_EULER_URL: standin.url };
    assertEquals((await ask(env, path, init)).body.code, "not_configured");
    const sent = await ask({ ...env, ROOMTONE_SEND_MESSAGES: "true" }, path, init);
    assertEquals([sent.status, sent.body], [200, { user: "some.host", text: "hello", sent: true }]);
  });
});

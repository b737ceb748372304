/**
 * The local system against the stand-in, with a receiver of webhooks on loopback: a live from its start to its end.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { loadConfig, LocalConfig, type LocalSystem, startLocal, type SystemEvent } from "@roomtone/functions/local";
import { CaptureLogger } from "../fakes/capture_logger.ts";
import { startReceiver, type WebhookReceiver } from "../fakes/webhook_receiver.ts";
import { type Standin, startStandin } from "../standin/mod.ts";

const HOST = "some.host";
const SECRET = `whsec_${"QUJD".repeat(10)}`;

async function heard(condition: () => boolean): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += 20) {
    if (waitedMs > 30_000) throw new Error(`It never came true: ${condition}`);
    await sleep(20);
  }
}

describe("alerts of the local system", () => {
  let standin: Standin;
  let receiver: WebhookReceiver;
  let dataDir: string;
  let system: LocalSystem | undefined;
  let logger: CaptureLogger;
  let seen: SystemEvent[];

  before(async () => {
    standin = await startStandin();
    await standin.prepareMedia();
    process.env["TEST_HOOK_SECRET"] = SECRET;
  });
  after(async () => {
    delete process.env["TEST_HOOK_SECRET"];
    await standin.stop();
  });
  beforeEach(async () => {
    receiver = await startReceiver();
    dataDir = await mkdtemp(join(tmpdir(), "roomtone-alerts-"));
    logger = new CaptureLogger();
    seen = [];
  });
  afterEach(async () => {
    await system?.stop();
    system = undefined;
    await receiver.stop();
    await rm(dataDir, { recursive: true });
  });

  const start = async (secretEnv = "TEST_HOOK_SECRET") => {
    const alerts = {
      giftDiamonds: 1,
      allowLoopback: true,
      targets: [
        { name: "ops", url: `http://127.0.0.1:${receiver.port}/secret-path`, secretEnv },
        { name: "gone", url: "http://127.0.0.1:1/", secretEnv, kinds: ["live_ended"] },
      ],
    };
    const config = loadConfig(LocalConfig, {
      ROOMTONE_PORT: "0",
      ROOMTONE_DATA_DIR: dataDir,
      ROOMTONE_TIKTOK_WEB_URL: standin.baseUrls.web,
      ROOMTONE_TIKTOK_WEBCAST_URL: standin.baseUrls.webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: standin.baseUrls.socket,
      ROOMTONE_TIKTOK_TTWID_URL: standin.baseUrls.ttwid,
      ROOMTONE_POLL_INTERVAL_MS: "300",
      ROOMTONE_POLL_MIN_INTERVAL_MS: "300",
      ROOMTONE_POLL_TICK_MS: "100",
      ROOMTONE_FLUSH_MS: "200",
      ROOMTONE_SEGMENT_MS: "500",
      ROOMTONE_ALERTS: JSON.stringify(alerts),
    });
    system = await startLocal(config, { logger, observe: (event) => void seen.push(event) });
    return system;
  };
  const told = () =>
    receiver.hooks.map(({ body }) => JSON.parse(body) as { id: string; kind: string; data: Record<string, unknown> });

  it("tells of a live, of a gift in it and of its end, each once", { timeout: 60_000 }, async () => {
    const { url, store } = await start();
    await store.putWatch(HOST, 0);
    const { roomId } = standin.room(HOST).startLive({ title: "Tea", rate: 20 });
    await heard(() => told().some(({ kind }) => kind === "gift_over"));
    standin.room(HOST).fault({ kind: "offline" });
    await heard(() => told().some(({ kind }) => kind === "live_ended"));
    const ids = told().map(({ id }) => id);
    assertEquals(ids.filter((id) => !id.startsWith("gift_over:")), [`live_started:${roomId}`, `live_ended:${roomId}`]);
    assertEquals(new Set(ids).size, ids.length);
    const gift = told().find(({ kind }) => kind === "gift_over")?.data;
    assert(Number(gift?.["diamonds"]) >= 1 && String((gift?.["user"] as { username: string }).username) !== "");
    assert(receiver.hooks.every(({ headers }) => headers["webhook-signature"]?.startsWith("v1,")));

    await heard(() => logger.lines.some(({ fields }) => fields["target"] === "gone"));
    const answer = await fetch(`${url}/alerts?state=pending`);
    const { alerts } = await answer.json() as { alerts: { id: string; deliveries: Record<string, unknown> }[] };
    assertEquals(alerts.map(({ id }) => id), [`live_ended:${roomId}`]);
    assertEquals(Object.keys(alerts[0]?.deliveries ?? {}).sort(), ["gone", "ops"]);
    const shown = JSON.stringify([alerts, logger.lines, seen]);
    for (const secret of [SECRET, "secret-path", `:${receiver.port}`]) assert(!shown.includes(secret), secret);
  });

  it("does not start without the secret of a target, and shows nothing of a wrong one", async () => {
    for (const [name, value] of [["TEST_NO_SECRET", undefined], ["TEST_BAD_SECRET", "hunter2-hunter2"]] as const) {
      if (value !== undefined) process.env[name] = value;
      const error = await assertRejects(() => start(name));
      delete process.env[name];
      assert(error instanceof TypeError && error.message.includes(name) && !error.message.includes("hunter2"));
    }
    await start();
  });
});

import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { encodeMessage } from "@roomtone/sdk/testing";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { encodeEnterRoom } from "../../sdk/src/wire/frames.ts";
import { startStandin } from "./mod.ts";
import { RawConnection, RawLiveSocket } from "./raw_client.ts";
import { SOCKET_PATH } from "./signed_routes.ts";

// deno-lint-ignore no-explicit-any -- replies are read as tests expect them
type Json = any;

const PROGRAM = join(dirname(fileURLToPath(import.meta.url)), "main.ts");
const RUN = "Deno" in globalThis ? ["run", "-A", PROGRAM] : [PROGRAM];

/** Starts the program; resolves with its first line. */
async function startProgram(args: string[]): Promise<{ child: ChildProcess; ready: Json }> {
  const child = spawn(process.execPath, [...RUN, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const { stdout } = child;
  assert(stdout !== null);
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: stdout }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`The stand-in ended with ${code}`)));
  });
  return { child, ready: JSON.parse(line) };
}

describe("the stand-in as a program", () => {
  let child: ChildProcess;
  let ready: Json;
  let folder = "";
  let captures = "";
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "roomtone-standin-test-"));
    captures = join(folder, "captures.ndjson");
    const payload = Buffer.from(encodeMessage("WebcastChatMessage", { content: "hello" })).toString("base64");
    writeFileSync(captures, `${JSON.stringify({ method: "WebcastChatMessage", payload })}\n`.repeat(3));
    ({ child, ready } = await startProgram(["--no-media", "--room", "live.host", "--offline", "quiet.host"]));
  });
  after(() => {
    child.kill("SIGTERM");
    rmSync(folder, { recursive: true });
  });

  async function control(path: string, method = "GET", body?: unknown): Promise<{ status: number; body: Json }> {
    const response = await fetch(`${ready.controlUrl}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  it("prints where it is and what is live", () => {
    assertMatch(ready.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assertEquals(ready.wsUrl, ready.url.replace("http", "ws"));
    assertEquals(ready.rooms.map(({ username }: Json) => username), ["live.host"]);
  });

  it("goes live and ends over the control API", async () => {
    const started = await control("/rooms/quiet.host", "POST", {
      live: true,
      durationMs: 60_000,
      seed: "7",
      rate: 0.5,
    });
    assertEquals([started.status, started.body.live], [200, true]);
    const twice = await control("/rooms/quiet.host", "POST", { live: true });
    assertEquals(twice.status, 400);
    assertStringIncludes(twice.body.error, "quiet.host is live already");
    const ended = await control("/rooms/quiet.host", "POST", { live: false });
    assertEquals([ended.body.live, ended.body.roomId], [false, started.body.roomId]);
    const { rooms } = (await control("/")).body;
    assertEquals(rooms.map(({ username, live }: Json) => [username, live]), [["quiet.host", false], [
      "live.host",
      true,
    ]]);
  });

  it("sends a captures file under its own room and ids", async () => {
    await control("/rooms/captured.host", "POST", { live: true, captures, capturesPerSecond: 1000 });
    const { roomId } = (await control("/rooms/captured.host")).body;
    const connection = await RawConnection.open({ port: ready.port }, `${SOCKET_PATH}?aid=1988&room_id=${roomId}`, [
      ["Upgrade", "websocket"],
      ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
      ["User-Agent", "test"],
      ["Cookie", "ttwid=guest"],
    ]);
    assertEquals((await connection.head()).status, 101);
    const socket = new RawLiveSocket(connection);
    socket.send(encodeEnterRoom(roomId));
    const ids: string[] = [];
    while (ids.length < 3) ids.push(...(await socket.batch()).messages.map(({ id }) => id));
    assertEquals(new Set(ids).size, 3);
    const stats = (await control("/rooms/captured.host")).body;
    assertEquals([stats.captured, stats.ids], [{ total: 3, sent: 3, acked: 0 }, ids]);
    connection.socket.destroy();
  });

  it("takes faults for one host and for all, and forgets them", async () => {
    const name = "live.host";
    const status = async (): Promise<number> => {
      const response = await fetch(`${ready.url}/api-live/user/room/?aid=1988&uniqueId=${name}`);
      await response.body?.cancel();
      return response.status;
    };
    const fault = { kind: "http", route: "api_live", reply: "rate_limited" };
    await control("/rooms/other.host/faults", "POST", fault);
    assertEquals(await status(), 200);
    await control(`/rooms/${name}/faults`, "POST", fault);
    assertEquals(await status(), 429);
    await control(`/rooms/${name}/faults`, "DELETE");
    assertEquals(await status(), 200);
    await control("/faults", "POST", fault);
    assertEquals(await status(), 429);
    await control("/faults", "DELETE");
    assertEquals(await status(), 200);
  });

  it("lists requests, tags and acks", async () => {
    const { requests } = (await control("/requests")).body;
    assert(requests.length > 0 && requests.every(({ target }: Json) => !target.startsWith("/_control")));
    assertEquals((await control("/rooms/live.host/tags")).body, { connections: [], tags: [] });
    assertEquals((await control("/rooms/live.host/acks")).body, { acks: [] });
  });

  it("says what is wrong with a request", async () => {
    const wrong = [
      await control("/rooms/live.host/faults", "POST", { kind: "none" }),
      await control("/rooms/x", "POST", { live: true, rate: -1 }),
      await control("/rooms/x", "POST", { live: true, spede: 2 }),
      await control("/rooms/x", "POST", { live: true, captures: join(folder, "missing") }),
      await control("/rooms/x", "POST", {}),
    ];
    assertEquals(wrong.map(({ status }) => status), [400, 400, 400, 400, 400]);
    assertStringIncludes(wrong[1]?.body.error, "rate has to be above 0");
    assertStringIncludes(wrong[2]?.body.error, "'spede'");
    assertEquals((await control("/nowhere")).status, 404);
  });

  it("ends on SIGTERM", async (context) => {
    if ("Deno" in globalThis) return context.skip("Deno's process.once() does not see the signal in time");
    const second = await startProgram(["--no-media"]);
    second.child.kill("SIGTERM");
    const code = await new Promise((resolve) => second.child.once("exit", resolve));
    assertEquals(code, 0);
  });
});

describe("the stand-in under TikTok's names", () => {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-standin-tls-"));
  const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", keyFile, "-out", certFile, "-days", "2"],
    ...["-subj", "/CN=standin", "-addext", "subjectAltName=DNS:*.tiktok.com,DNS:*.fcdn.eu.tiktokcdn.com"],
  ]);
  after(() => rmSync(folder, { recursive: true }));

  it("routes by host over TLS and names those hosts in stream URLs", async (context) => {
    if (made.status !== 0) {
      assertNotEquals(process.env["CI"], "true", "openssl is missing");
      return context.skip("SKIPPED: TLS of the stand-in, there is no openssl to make a certificate");
    }
    const [key, cert] = [readFileSync(keyFile, "utf8"), readFileSync(certFile, "utf8")];
    const standin = await startStandin({ media: false, tls: { port: 0, key, cert } });
    const room = standin.room("some.host");
    room.startLive({ rate: 0.001 });
    const port = standin.tlsPort ?? 0;
    const ask = async (
      servername: string,
      path: string,
      headers: [string, string][] = [],
    ): Promise<{ status: number; body: string; connection: RawConnection }> => {
      const connection = await RawConnection.open({ port, tls: { servername } }, path, headers);
      const head = await connection.head();
      const length = Number(head.headers.get("content-length") ?? "0");
      const body = new TextDecoder().decode(await connection.bytes(length));
      return { status: head.status, body, connection };
    };
    const statuses: number[] = [];
    for (
      const [host, path] of [
        ["www.tiktok.com", "/@some.host/live"],
        ["webcast.tiktok.com", `/webcast/room/info/?aid=1988&room_id=${room.roomId}`],
        ["www.tiktok.com", `/webcast/room/info/?aid=1988&room_id=${room.roomId}`],
        ["webcast.tiktok.com", "/@some.host/live"],
        ["elsewhere.example", "/@some.host/live"],
      ] as const
    ) {
      const { status, connection } = await ask(host, path);
      statuses.push(status);
      connection.socket.destroy();
    }
    assertEquals(statuses, [200, 200, 404, 404, 421]);

    const live = await ask("www.tiktok.com", "/api-live/user/room/?aid=1988&uniqueId=some.host");
    const { flv } = JSON.parse(JSON.parse(live.body).data.liveRoom.streamData.pull_data.stream_data).data.hd.main;
    assertMatch(flv, new RegExp(`^https://pull-f5-sg01\\.fcdn\\.eu\\.tiktokcdn\\.com:${port}/stage/stream-`));
    live.connection.socket.destroy();
    const media = await ask(new URL(flv).hostname, new URL(flv).pathname + new URL(flv).search);
    assertEquals(media.status, 404);
    media.connection.socket.destroy();

    const { status, connection } = await ask(
      "webcast-ws.tiktok.com",
      `${SOCKET_PATH}?aid=1988&room_id=${room.roomId}`,
      [
        ["Upgrade", "websocket"],
        ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
        ["User-Agent", "test"],
        ["Cookie", "ttwid=guest"],
      ],
    );
    assertEquals(status, 101);
    const socket = new RawLiveSocket(connection);
    socket.send(encodeEnterRoom(room.roomId));
    assertEquals((await socket.push()).payloadType, "im_enter_room_resp");
    assertEquals((await socket.batch()).messages.length, 2);
    connection.socket.destroy();
    await standin.stop();
  });
});

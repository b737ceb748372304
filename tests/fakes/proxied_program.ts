/**
 * A program that uses the SDK through a proxy, to be started on each runtime: `proxied_program.ts JSON`, with a
 * {@link ProgramInput}. It prints one JSON line, a {@link ProgramOutput}.
 * @module
 */
import { type Clock, isLiveError, systemClock, TikTok, type TikTokOptions } from "@roomtone/sdk";
import process from "node:process";
import { inspect } from "node:util";

/** What the program is told. */
export interface ProgramInput {
  /** Whose door is used. */
  runtime: "node" | "bun" | "deno";
  /** Options of `proxied`. */
  options: object;
  baseUrls?: TikTokOptions["baseUrls"];
  /** A stream to open; else the best one that TikTok names. */
  streamUrl?: string;
}

/** What the program did: `ok`, or the code or name of the error, by step. */
export interface ProgramOutput {
  steps: Record<string, string>;
  /** Everything that was traced and thrown, as a person would print it. */
  said: string;
}

const input: ProgramInput = JSON.parse(process.argv[2] ?? "{}");
const said: unknown[] = [];
const steps: Record<string, string> = {};

/** Ten times as fast, so that pauses between requests cost nothing. */
const startedAt = Date.now();
const quickClock: Clock = {
  now: () => startedAt + (Date.now() - startedAt) * 10,
  setTimeout: (run, delayMs) => systemClock.setTimeout(run, delayMs / 10),
  clearTimeout: systemClock.clearTimeout,
};

async function step<Value>(name: string, run: () => Promise<Value>): Promise<Value | undefined> {
  try {
    const value = await run();
    steps[name] = "ok";
    return value;
  } catch (error) {
    said.push(error);
    steps[name] = isLiveError(error) ? error.code : error instanceof Error ? error.name : "unknown";
    return undefined;
  }
}

await step("proxied", async () => {
  const door = await import(`../../sdk/${input.runtime}.ts`);
  const parts: Pick<TikTokOptions, "fetch" | "socket"> = door.proxied(input.options);
  const tiktok = new TikTok({
    ...parts,
    ...(input.baseUrls === undefined ? {} : { baseUrls: input.baseUrls }),
    clock: quickClock,
    timeoutMs: 50_000,
    onTrace: (event) => said.push(event),
  });
  const status = await step("page", () => tiktok.roomStatus("some.host"));
  await step("user", () => tiktok.userInfo("some.host"));
  await step("api", () => tiktok.checkAlive([status?.roomId || "7000000000000000001"]));
  if (status?.live) {
    await step("live", async () => {
      const live = tiktok.live("some.host");
      for await (const event of live) {
        if (event.type === "chat") break;
      }
      live.close();
    });
  }
  await step("socket", async () => {
    const url = `${input.baseUrls?.socket ?? "wss://webcast-ws.tiktok.com"}/webcast/im/ws_proxy/ws_reuse_supplement/`;
    const headers = { "User-Agent": "test", Cookie: "ttwid=guest" };
    if (parts.socket === undefined) throw new TypeError("no sockets were given");
    const opened = Promise.withResolvers<void>();
    const socket = parts.socket.open(`${url}?aid=1988&room_id=${status?.roomId}`, { headers }, {
      opened: opened.resolve,
      refused: (refusal) => opened.reject(refusal.cause ?? new Error(inspect(refusal))),
      message: () => undefined,
      closed: () => undefined,
    });
    await opened.promise;
    socket.close();
  });
  await step("media", async () => {
    const links = status === undefined ? undefined : await tiktok.links(["some.host"]);
    const [result] = links ?? [];
    const url = input.streamUrl ?? (result?.live ? result.best?.url : undefined) ?? "";
    const stream = await tiktok.openStream(url);
    const reader = stream.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    if (value?.[0] !== 0x46) throw new TypeError("no FLV came");
  });
});

const output: ProgramOutput = { steps, said: inspect(said, { depth: 12, showHidden: true, maxStringLength: null }) };
process.stdout.write(`${JSON.stringify(output)}\n`, () => process.exit(0));

/**
 * The stand-in as a program: `bun tests/standin/main.ts [arguments]`. Prints one JSON line when it is ready and runs
 * until it is told to stop (SIGTERM, SIGINT).
 *
 * | argument | meaning |
 * |---|---|
 * | `--port N` | port, 0 for a free one (default) |
 * | `--tls-port N --cert FILE --key FILE` | also listens with TLS under TikTok's host names |
 * | `--room NAME` | a host that is live from the start; may come more than once |
 * | `--offline NAME` | a host that is not live |
 * | `--duration-ms N` | the lives end by themselves |
 * | `--seed TEXT`, `--rate N`, `--speed N` | see LiveOptions |
 * | `--captures FILE`, `--captures-per-second N` | messages from a file in place of invented ones |
 * | `--ffmpeg PATH`, `--media-cache DIR`, `--media-seconds N` | the picture |
 * | `--no-media` | no picture: streams answer 404 |
 * | `--ttwid-page-share N`, `--no-ttwid-register` | where guest cookies come from |
 * @module
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { parseArgs } from "node:util";
import { SESSION_ID } from "./call_routes.ts";
import { parseLiveOptions } from "./control_api.ts";
import { startStandin } from "./mod.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    "tls-port": { type: "string" },
    cert: { type: "string" },
    key: { type: "string" },
    room: { type: "string", multiple: true, default: [] },
    offline: { type: "string", multiple: true, default: [] },
    "duration-ms": { type: "string" },
    seed: { type: "string" },
    rate: { type: "string" },
    speed: { type: "string" },
    captures: { type: "string" },
    "captures-per-second": { type: "string" },
    ffmpeg: { type: "string" },
    "media-cache": { type: "string" },
    "media-seconds": { type: "string" },
    "no-media": { type: "boolean", default: false },
    "ttwid-page-share": { type: "string" },
    "no-ttwid-register": { type: "boolean", default: false },
  },
});

const number = (value: string | undefined): number | undefined => value === undefined ? undefined : Number(value);

async function tls(): Promise<{ port: number; cert: string; key: string } | undefined> {
  if (values["tls-port"] === undefined) return undefined;
  if (values.cert === undefined || values.key === undefined) throw new TypeError("--tls-port needs --cert and --key");
  const [cert, key] = await Promise.all([readFile(values.cert, "utf8"), readFile(values.key, "utf8")]);
  return { port: Number(values["tls-port"]), cert, key };
}

const standin = await startStandin({
  port: Number(values.port),
  tls: await tls(),
  seed: values.seed,
  media: values["no-media"]
    ? false
    : { ffmpegPath: values.ffmpeg, cacheDir: values["media-cache"], seconds: number(values["media-seconds"]) },
  ttwid: { pageShare: number(values["ttwid-page-share"]), register: !values["no-ttwid-register"] },
});
const stop = (): void => {
  void standin.stop().then(() => process.exit(0));
};
process.once("SIGTERM", stop);
process.once("SIGINT", stop);

await standin.prepareMedia();
const live = await parseLiveOptions({
  durationMs: number(values["duration-ms"]),
  seed: values.seed,
  rate: number(values.rate),
  speed: number(values.speed),
  captures: values.captures,
  capturesPerSecond: number(values["captures-per-second"]),
});
for (const name of values.offline) standin.room(name);
const rooms = values.room.map((name) => ({ username: name, roomId: standin.room(name).startLive(live).roomId }));

const { url, wsUrl, controlUrl, port, tlsPort, baseUrls } = standin;
process.stdout.write(
  `${
    JSON.stringify({ url, wsUrl, controlUrl, port, tlsPort, baseUrls, rooms, session: SESSION_ID, pid: process.pid })
  }\n`,
);

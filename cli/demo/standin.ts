/** The stand-in TikTok of the clone, as a process of its own, and its control API. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "tests", "standin", "main.ts");

/** What a room sent. */
export interface Sent {
  /** Message ids, each once; replayed ones are not here. */
  ids: string[];
  /** Of the captures file: messages in it, and how many of them were sent. */
  captured: { total: number; sent: number };
}

/** A running stand-in. */
export interface StandinProcess {
  url: string;
  wsUrl: string;
  /** The session id that it takes for a logged-in account. */
  session: string;
  /** Makes the host go live. Options as in the stand-in's control API. */
  goLive(username: string, options: Record<string, unknown>): Promise<void>;
  /** What the host's room sent so far. */
  sent(username: string): Promise<Sent>;
  /** Ends the process. */
  stop(): void;
}

/**
 * Starts the stand-in.
 *
 * @param username a host that exists and is not live yet
 * @param ffmpeg path of the ffmpeg that makes the picture; without it the one on PATH
 */
export async function startStandin(username: string, ffmpeg: string | undefined): Promise<StandinProcess> {
  if (!existsSync(PROGRAM)) {
    throw new Error("the demo needs a clone of the project: its stand-in TikTok is not published");
  }
  const args = [PROGRAM, "--offline", username, ...(ffmpeg === undefined ? [] : ["--ffmpeg", ffmpeg])];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ready = await new Promise<{ url: string; wsUrl: string; controlUrl: string; session: string }>(
    (resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => reject(new Error(`the stand-in ended with exit code ${code}`)));
      createInterface({ input: child.stdout }).once("line", (line) => resolve(JSON.parse(line)));
    },
  );
  const control = async (path: string, body?: unknown): Promise<Sent> => {
    const response = await fetch(`${ready.controlUrl}/rooms/${path}`, {
      method: body === undefined ? "GET" : "POST",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`the stand-in answered ${response.status}: ${await response.text()}`);
    return await response.json();
  };
  return {
    url: ready.url,
    wsUrl: ready.wsUrl,
    session: ready.session,
    async goLive(name, options) {
      await control(name, { live: true, ...options });
    },
    sent: (name) => control(name),
    stop: () => child.kill("SIGTERM"),
  };
}

import { type Clip, clip, RecorderError } from "@roomtone/recorder";
import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../contract/errors.ts";
import type { ClipMaker } from "../../ports/clip_maker.ts";

/** How {@link clipMaker} works. */
export interface ClipMakerOptions {
  /** Folder for what is being made; what an earlier process left in it is removed. Nobody else works in it. */
  dir: string;
  /** Path of ffmpeg. @default found on this machine */
  ffmpeg?: string | undefined;
  /** Clips that are made or sent at a time. @default 2 */
  most?: number;
  /** Most bytes that are read for one. @default 4 GB */
  maxBytes?: number;
}

/** Bytes of a clip that are read at once. */
const CHUNK_BYTES = 256 * 1024;

/** Makes clips with the recorder's ffmpeg. */
export function clipMaker({ dir, ffmpeg, most = 2, maxBytes = 4_000_000_000 }: ClipMakerOptions): ClipMaker {
  let busy = 0;
  let cleaned: Promise<void> | undefined;
  const clean = async () => {
    await rm(dir, { recursive: true, force: true });
    await mkdir(dir, { recursive: true });
  };
  return {
    async make({ playlist, open, fromMs, toMs, exact }, signal) {
      if (busy >= most) {
        throw new AppError("too_many_requests", `Make a clip: ${busy} are being made`, {
          remedy: "Ask again when one is finished",
          retryAfterMs: 5_000,
        });
      }
      busy++;
      let folder: string | undefined;
      const leave = once(async () => {
        busy--;
        if (folder !== undefined) await rm(folder, { recursive: true, force: true });
      });
      try {
        await (cleaned ??= clean());
        folder = await mkdtemp(join(dir, "clip-"));
        const made = await clip({ playlist, open: async (uri) => await open(uri) }, {
          ...{ fromMs, toMs, exact, maxBytes, ffmpegPath: ffmpeg, signal, output: join(folder, "clip.mp4") },
        });
        const body = await bodyOf(made, leave);
        // Who went away before the first byte does not cancel anything.
        signal.addEventListener("abort", () => void body.cancel().catch(leave), { once: true });
        return { size: made.bytes, startMs: made.startMs, gaps: made.gaps.length, body };
      } catch (error) {
        await leave();
        throw error instanceof RecorderError ? toAppError(error) : error;
      }
    },
  };
}

/** Does it at the first call; later ones wait for that. */
function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => done ??= work();
}

/** The file's bytes, read as they are asked for. @param leave is called once, at the end of it in any way */
async function bodyOf({ path }: Clip, leave: () => Promise<void>): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  // Opened here: who goes away at once would take the file from under a stream that opens it later.
  const file = await open(path);
  const end = once(async () => {
    await file.close();
    await leave();
  });
  return new ReadableStream({
    async pull(controller) {
      try {
        const { bytesRead, buffer } = await file.read(new Uint8Array(CHUNK_BYTES));
        if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead));
      } catch (error) {
        await end();
        throw error;
      }
      await end();
      controller.close();
    },
    cancel: end,
  }, { highWaterMark: 0 });
}

const CODES = {
  ffmpeg_missing: "not_configured",
  no_video: "not_found",
  out_of_range: "invalid_input",
  clip_failed: "conflict",
} as const;

function toAppError(error: RecorderError): Error {
  const code = (CODES as Partial<Record<string, typeof CODES[keyof typeof CODES]>>)[error.code];
  return code === undefined ? error : new AppError(code, error.message, { remedy: error.remedy, cause: error });
}

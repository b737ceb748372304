/**
 * Where ffmpeg is.
 * @module
 */
import { access, constants } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { RecorderError } from "./errors.ts";

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not ours to run: either way the next place is looked at.
    return false;
  }
}

/**
 * Finds ffmpeg: the explicit path, else the variable ROOMTONE_FFMPEG, else PATH.
 * @param env environment, as `process.env`
 * @throws {RecorderError} `ffmpeg_missing`
 */
export async function findFfmpeg(
  explicit: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const named = explicit || env["ROOMTONE_FFMPEG"];
  if (named) {
    const path = resolve(named);
    if (await isExecutable(path)) return path;
    throw missing(`Find ffmpeg: ${named} is not there or cannot be run`);
  }
  for (const folder of (env["PATH"] ?? "").split(delimiter).filter((entry) => entry !== "")) {
    for (const name of ["ffmpeg", "ffmpeg.exe"]) {
      const path = resolve(join(folder, name));
      if (await isExecutable(path)) return path;
    }
  }
  throw missing("Find ffmpeg: it is not on PATH");
}

function missing(message: string): RecorderError {
  return new RecorderError(
    "ffmpeg_missing",
    message,
    "Install ffmpeg 4.1 or newer (Debian: apt install ffmpeg, macOS: brew install ffmpeg, Windows: winget install ffmpeg), " +
      "or name its file in ROOMTONE_FFMPEG",
  );
}

/** What went wrong, for people and machines: what happened, what was seen, what to do. */
import { AppError } from "@roomtone/functions/client";
import type { RecorderError } from "@roomtone/recorder";
import { isLiveError } from "@roomtone/sdk";
import { plain } from "./format.ts";

/** A failure in the form that `--json` prints. */
export interface Failure {
  /** A code of the SDK, the API or the recorder; of the system, such as `ENOENT`; else `internal`. */
  code: string;
  /** What was done and what was seen. */
  detail: string;
  /** What to do about it. */
  remedy?: string | undefined;
  retryAfterMs?: number | undefined;
  evidence?: object | undefined;
  /** Of a list that was read in part: where to go on. */
  cursor?: string;
}

/** A list that was read up to a place; the rest can be had from there. */
export class CutListError extends Error {
  override readonly name = "CutListError";
  readonly cursor: string;

  /**
   * @param cause what ended it
   * @param cursor where to go on
   */
  constructor(cause: unknown, cursor: string) {
    super("the list was cut", { cause });
    this.cursor = cursor;
  }
}

/** What the system's own codes mean, and what to do about them. */
const SYSTEM: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOENT: ["there is no such file or folder", "Check the path, also the folder that this runs in"],
  EACCES: ["this user may not", "Give this user the right, or name another place"],
  EPERM: ["this user may not", "Give this user the right, or name another place"],
  EROFS: ["the disk is read-only", "Name a place on another disk"],
  ENOSPC: ["the disk is full", "Make room, or name a place on another disk"],
  EDQUOT: ["this user's share of the disk is full", "Make room, or name a place on another disk"],
  EEXIST: ["it is there already, and nothing is overwritten", "Name another file, or take that one away"],
  EISDIR: ["it is a folder, and a file was expected", "Name a file"],
  ENOTDIR: ["a part of the path is a file, and a folder was expected", "Name another place"],
  EMFILE: ["too many files are open", "Work on fewer names at a time, or raise the limit (ulimit -n)"],
  EADDRINUSE: ["another program listens there", "Stop it, or name another port with --port"],
  EADDRNOTAVAIL: ["this machine has no such address", "Name an address of this machine with --host"],
  ECONNREFUSED: ["nothing listens there", "Check the address, and that the server runs"],
  ENOTFOUND: ["the name of the host leads nowhere", "Check the address and the network"],
};

/** What the system's calls are to people; the others have names that read well. */
const ACTIONS: Readonly<Record<string, string>> = { mkdir: "make the folder", listen: "listen on" };

/** How the settings of a process are refused. */
const BAD_SETTINGS = "Cannot start with these settings";

/** By its name: the recorder itself is loaded by those who record. */
function isRecorderError(error: unknown): error is RecorderError {
  return error instanceof Error && error.name === "RecorderError" && "remedy" in error;
}

/** What an error tells. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CutListError) return { ...failureOf(error.cause), cursor: error.cursor };
  if (isLiveError(error) || error instanceof AppError) {
    const { code, message, remedy, retryAfterMs, evidence } = error;
    return { code, detail: message, remedy, retryAfterMs, evidence };
  }
  if (isRecorderError(error)) {
    return { code: error.code, detail: error.message, remedy: error.remedy, evidence: evidenceOf(error.cause) };
  }
  const detail = error instanceof Error ? error.message : String(error);
  const own = evidenceOf(error);
  const evidence = own ?? (error instanceof Error ? evidenceOf(error.cause) : undefined);
  // A folder is made where a file is.
  const key = evidence?.syscall === "mkdir" && evidence.code === "EEXIST" ? "ENOTDIR" : evidence?.code ?? "";
  const [what, remedy] = SYSTEM[key] ?? [];
  if (detail.startsWith(BAD_SETTINGS)) {
    return { code: "invalid_input", detail, remedy: "Correct these variables of the environment" };
  }
  if (evidence === undefined || what === undefined) return { code: "internal", detail, evidence };
  const { code, syscall = "use", path, port, address } = evidence;
  // Whoever passed it on has said what was done.
  if (own === undefined) return { code, detail, remedy, evidence };
  const where = path ?? (port === undefined ? address : `${address ?? ""}:${port}`);
  return {
    code,
    detail: `Cannot ${ACTIONS[syscall] ?? syscall}${where === undefined ? "" : ` ${where}`}: ${what}`,
    remedy,
    evidence,
  };
}

/** Names the file in an error of the system that does not, such as that of a folder that was read. */
export function aboutFile(path: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof Error && evidenceOf(error) !== undefined && !("path" in error)) Object.assign(error, { path });
    throw error;
  };
}

interface SystemEvidence {
  code: string;
  syscall?: string;
  path?: string;
  address?: string;
  port?: number;
}

function evidenceOf(error: unknown): SystemEvidence | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, syscall, path, address, port } = error as Error & Partial<Record<string, unknown>>;
  if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) return undefined;
  return {
    code,
    ...(typeof syscall === "string" ? { syscall } : {}),
    ...(typeof path === "string" ? { path } : {}),
    ...(typeof address === "string" ? { address } : {}),
    ...(typeof port === "number" ? { port } : {}),
  };
}

/** A failure as lines for people. */
export function failureLines(
  { code, detail, remedy, retryAfterMs, evidence, cursor }: Failure,
  who?: string,
): string[] {
  const seen = JSON.stringify(evidence ?? {});
  return [
    `${who === undefined ? "" : `${who}: `}${code === "internal" ? "" : `${code}: `}${detail}`,
    ...seen === "{}" ? [] : [`  seen: ${seen}`],
    ...remedy === undefined ? [] : [`  to do: ${remedy}`],
    ...cursor === undefined ? [] : [`  go on with: --cursor ${cursor}`],
    ...retryAfterMs === undefined ? [] : [`  again in: ${Math.ceil(retryAfterMs / 1000)} s`],
  ].map(plain);
}

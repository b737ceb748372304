/** How numbers, times and failures are written for people. */
import { AppError, type AppErrorCode } from "@roomtone/functions/client";

/** `1:02:03`, or `2:03`. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours = 0, minutes = 0, rest = 0] = parts;
  const tail = `${String(minutes).padStart(hours > 0 ? 2 : 1, "0")}:${String(rest).padStart(2, "0")}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}

/** `in 12 s`, `3 min ago`. */
export function fromNow(atMs: number, nowMs: number): string {
  const seconds = Math.round(Math.abs(atMs - nowMs) / 1000);
  const text = seconds < 60
    ? `${seconds} s`
    : seconds < 3600
    ? `${Math.round(seconds / 60)} min`
    : seconds < 172_800
    ? `${Math.round(seconds / 3600)} h`
    : `${Math.round(seconds / 86_400)} days`;
  if (seconds < 2) return "now";
  return atMs > nowMs ? `in ${text}` : `${text} ago`;
}

/** `12.3 MB` */
export function bytesText(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step] ?? ""}`;
}

/** `12,345` */
export function countText(count: number): string {
  return count.toLocaleString("en-US");
}

/** `Nov 21, 19:30` in the reader's time zone. */
export function dateText(atMs: number): string {
  return new Date(atMs).toLocaleString(undefined, {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
}

/** What a refusal means, in plain words. */
export function refusalText(code: string): string {
  const texts: Partial<Record<string, string>> = {
    blocked: "TikTok refuses this address",
    captcha: "TikTok asks for a captcha",
    rate_limited: "TikTok asks to slow down",
    device_blocked: "TikTok refuses this device",
    not_found: "no such user",
    private: "the account is private",
    age_restricted: "only for logged-in adults",
    region_blocked: "not shown in this country",
    login_required: "needs a login",
    empty_reply: "TikTok answered nothing",
    network: "not reached",
    deadline: "no answer in time",
    protocol: "an answer that we do not understand",
  } satisfies Partial<Record<AppErrorCode, string>>;
  return texts[code] ?? code.replaceAll("_", " ");
}

/** What went wrong, and what to do. */
export function errorText(error: unknown): string {
  if (error instanceof AppError) {
    return error.remedy === undefined ? error.message : `${error.message}. ${error.remedy}`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** What a check found: plain data, for people and machines alike. */

/** `warning`: it works, with less. `failed`: something needed does not work. `skipped`: it was not looked at. */
export type FindingState = "ok" | "warning" | "failed" | "skipped";

/** One line of the doctor. */
export interface Finding {
  /** Whose egress was looked at; absent for the machine, and where no identity is named. */
  identity?: string;
  /** What was looked at, such as `ffmpeg` or `route direct`. */
  check: string;
  state: FindingState;
  /** What was seen. */
  detail: string;
  /** What to do about it; absent when all is well. */
  remedy?: string;
  /** Code of the failure, where it has one. */
  code?: string;
  /** What TikTok answered, where it refused. */
  evidence?: object;
}

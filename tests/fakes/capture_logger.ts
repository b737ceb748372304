import type { LogFields, Logger } from "../../functions/ports/logger.ts";

/** A logger that keeps its lines. */
export class CaptureLogger implements Logger {
  readonly lines: { level: "info" | "warn" | "error"; event: string; fields: LogFields }[] = [];

  info(event: string, fields: LogFields = {}): void {
    this.lines.push({ level: "info", event, fields });
  }
  warn(event: string, fields: LogFields = {}): void {
    this.lines.push({ level: "warn", event, fields });
  }
  error(event: string, fields: LogFields = {}): void {
    this.lines.push({ level: "error", event, fields });
  }

  /** Names of the lines, in order. */
  events(): string[] {
    return this.lines.map((line) => line.event);
  }
}

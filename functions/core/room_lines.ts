import type { EventLine } from "../ports/recorder.ts";
import type { LogFields, Logger } from "../ports/logger.ts";

/** What the log says of the way into a room: of events that the client makes itself, without anything of viewers. */
const TOLD: Readonly<Record<string, { level: keyof Logger; event: string; fields: readonly string[] }>> = {
  connected: { level: "info", event: "room_connected", fields: ["route"] },
  state: { level: "info", event: "room_state", fields: ["from", "to", "reason"] },
  gap: { level: "warn", event: "room_gap", fields: ["reason", "from", "to", "dropped"] },
  ended: { level: "info", event: "room_ended", fields: ["reason"] },
};

/** Logs an event of a recording that tells of its way into the room; all others are left out. */
export function logRoom(logger: Logger, of: LogFields, { type, json }: EventLine): void {
  const told = Object.hasOwn(TOLD, type) ? TOLD[type] : undefined;
  if (told === undefined) return;
  const event = JSON.parse(json) as Record<string, unknown>;
  logger[told.level](told.event, { ...of, ...Object.fromEntries(told.fields.map((name) => [name, event[name]])) });
}

import type { CanaryChange } from "./canary.ts";
import type { EventLine } from "./recorder.ts";
import type { RecordingOutcome } from "./recording_store.ts";

/** Something that the system did, for those who show it to people as it happens. */
export type SystemEvent =
  | { kind: "live_found"; username: string; roomId: string; title: string }
  | { kind: "recording_started"; recordingId: string; username: string; part: number; folder: string }
  | { kind: "event"; recordingId: string; username: string; event: EventLine }
  | { kind: "progress"; recordingId: string; username: string; data: Record<string, unknown> }
  | { kind: "gap"; recordingId: string; username: string; data: Record<string, unknown> }
  | { kind: "recording_stopped"; recordingId: string; username: string; reason: string }
  | { kind: "recording_finished"; recordingId: string; username: string; outcome: RecordingOutcome }
  /** A fact of TikTok's protocol is not as it was, or is again. */
  | { kind: "canary_changed" } & CanaryChange;

/** Is called at once, in order, and must not throw. */
export type Observer = (event: SystemEvent) => void;

import type { AlertKind, AlertState } from "../contract/alerts.ts";
import type { Page, PageRequest } from "./page.ts";

/** What happened. */
export interface AlertFacts {
  /**
   * The key: kind and recording, and what of several it is where a recording can have several, with colons between. What
   * has one key is told once.
   */
  id: string;
  kind: AlertKind;
  recordingId: string;
  /** The host. */
  username: string;
  /** When it happened, ms. */
  at: number;
  /** What only this kind tells. */
  data: Readonly<Record<string, unknown>>;
}

/** How far an alert is with one target. */
export interface AlertDelivery {
  state: AlertState;
  /** How often it was tried. */
  tries: number;
  /** When it is to be tried next, ms; for one that is pending. */
  dueAt?: number | undefined;
  /** When it was tried last, ms. */
  triedAt?: number | undefined;
  /** What the last try failed with, without any address. */
  problem?: string | undefined;
}

/** An alert, and how far it is with its targets. */
export interface Alert extends AlertFacts {
  raisedAt: number;
  /** `pending` while it is so with a target; else `dead` when it is so with one. */
  state: AlertState;
  /** When it may be claimed, ms: while somebody has it, the end of the lease; absent when nothing is pending. */
  dueAt?: number | undefined;
  /** Grows by one with each claim. */
  claimToken: number;
  /** By name of the target; those that were never tried may be absent. */
  deliveries: Readonly<Record<string, AlertDelivery>>;
}

/** How far an alert is after a claim. */
export interface AlertProgress {
  state: AlertState;
  /** For one that is pending. */
  dueAt?: number | undefined;
  deliveries: Readonly<Record<string, AlertDelivery>>;
  /** When the store may forget it, ms. */
  expiresAt: number;
}

/** Alerts. They are kept for a while after their delivery, so that what comes again is known. */
export interface AlertStore {
  /**
   * Puts an alert, `pending` and due at once. One that exists stays as it is, however far it is.
   * @returns whether it is new
   */
  putAlert(alert: AlertFacts, request: { now: number; expiresAt: number }): Promise<boolean>;
  getAlert(id: string): Promise<Alert | undefined>;
  /** Alerts in one state, the newest first. */
  listAlerts(state: AlertState, page: PageRequest): Promise<Page<Alert>>;
  /**
   * Claims alerts with `dueAt <= now`, the longest due first: each gets a token one higher and is not due before
   * `now + leaseMs`, on condition that nobody claimed it in between.
   */
  claimAlerts(request: { now: number; leaseMs: number; limit: number }): Promise<Alert[]>;
  /** Notes how far an alert is. @returns false, with nothing changed, when it was claimed since, or is gone */
  settleAlert(seen: Pick<Alert, "id" | "claimToken">, progress: AlertProgress): Promise<boolean>;
}

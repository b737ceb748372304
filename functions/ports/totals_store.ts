/** Somebody who gave gifts: all that is known to have been given, by one account. */
export interface Gifter {
  userId: string;
  /** Names as of {@link Gifter.lastAt}. */
  username: string;
  nickname: string;
  /** Diamonds that their gifts add up to. */
  diamonds: number;
  gifts: number;
  /** Time of the last gift, ms. */
  lastAt: number;
}

/** What events add up to. Exact: each stored event is in it once. */
export interface Totals {
  /** Events. */
  count: number;
  /** Events of each type. */
  types: Record<string, number>;
  diamonds: number;
  /** Gifts, not events about gifts: a streak of 5 is 5. */
  gifts: number;
  /** Taps. */
  likes: number;
  /** Most viewers that were ever told. */
  peakViewers: number;
  /** How many people gave gifts. */
  gifters: number;
  /** Those who gave most, the first place first: exact, for sums only grow, so that nobody comes in but by a gift. */
  topGifters: Gifter[];
  /** Time of the first and last event, ms; there is none before the first event. */
  firstAt: number | undefined;
  lastAt: number | undefined;
}

/** What the events of a recording add up to, and which batches are in it. */
export interface RecordingTotals extends Totals {
  recordingId: string;
  username: string;
  /** The last batch that is in the sums. */
  seq: number;
  /** Batches before it that are not, as ranges from first to last: they could not be read, or never came. */
  missing: [first: number, last: number][];
  /** How many parts of a batch are in, where it takes more than one write and not all were made. By `seq`. */
  partial: Record<string, number>;
}

/** What the events of all recordings of a host add up to, those included that were deleted since. */
export interface HostTotals extends Totals {
  username: string;
  /** Recordings that are in it. */
  recordings: number;
}

/** Most viewers in each minute of an hour. */
export interface ViewerHour {
  /** Hours since 1970 (UTC). */
  hour: number;
  /** By the minute in the hour, 0 to 59. */
  peaks: Record<string, number>;
}

/** Totals, and the rows beside them that a change of them reads and writes. */
export interface Ledger<T extends Totals> {
  /** `undefined` before the first change. */
  totals: T | undefined;
  /** Grows by 1 with each change; 0 before the first. */
  version: number;
  gifters: Gifter[];
  hours: ViewerHour[];
}

/** The ledgers that a recording's events go into. */
export interface Ledgers {
  recordingId: string;
  username: string;
  recording: Ledger<RecordingTotals>;
  host: Ledger<HostTotals>;
}

/** Rows that a change of totals needs: at most {@link MOST_ROWS} gifters and hours together. */
export interface LedgerRows {
  gifters: readonly string[];
  hours: readonly number[];
}

/** Gifters and hours that one change may touch: twice that, and two totals, fit into a transaction of DynamoDB. */
export const MOST_ROWS = 48;

/** Whose totals: a recording's, or a host's. */
export type TotalsOwner = { recordingId: string } | { username: string };

/** Sums over the events of recordings and of hosts, kept by the consumer of the change feed. */
export interface TotalsStore {
  /** Reads what a change needs. @returns `undefined` when the recording is gone, or is being deleted */
  readLedgers(recordingId: string, rows: LedgerRows): Promise<Ledgers | undefined>;
  /**
   * Writes totals and the rows given, all or nothing, if nobody has changed either of the totals since they were read.
   * @param before as read
   * @param after with the new totals, and the rows that changed
   * @returns false, with nothing written, when somebody has, or the recording is gone
   */
  writeLedgers(before: Ledgers, after: Ledgers): Promise<boolean>;
  getTotals(recordingId: string): Promise<RecordingTotals | undefined>;
  /** @param username normalised */
  getHostTotals(username: string): Promise<HostTotals | undefined>;
  /** Viewers by minute: the newest hours that there are, the oldest of them first. */
  listViewers(owner: TotalsOwner, limit: number): Promise<ViewerHour[]>;
  /** Removes all that is kept about a host here. The host's recordings are to be gone before: they would add again. */
  deleteHostTotals(username: string): Promise<void>;
}

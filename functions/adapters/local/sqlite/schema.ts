/** Times are ms since 1970; ids are text; JSON is text. */
const FIRST_TABLES = `
CREATE TABLE watches (
  username TEXT PRIMARY KEY,
  shard INTEGER NOT NULL,
  added_at INTEGER NOT NULL,
  next_check_at INTEGER NOT NULL,
  claim_token INTEGER NOT NULL,
  state TEXT NOT NULL,
  checked_at INTEGER,
  last_live_at INTEGER,
  room_id TEXT,
  failures INTEGER NOT NULL,
  last_error TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX watches_due ON watches (shard, next_check_at);

CREATE TABLE recordings (
  id TEXT PRIMARY KEY,
  username TEXT NOT NULL,
  title TEXT NOT NULL,
  state TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  due_at INTEGER,
  lease_token INTEGER NOT NULL,
  lease_owner TEXT,
  failures INTEGER NOT NULL,
  parts TEXT NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  outcome TEXT,
  segments INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX recordings_due ON recordings (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX recordings_list ON recordings (created_at, id);

CREATE TABLE segments (
  recording_id TEXT NOT NULL,
  part INTEGER NOT NULL,
  number INTEGER NOT NULL,
  uri TEXT NOT NULL,
  start_at INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (recording_id, part, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  change_id INTEGER PRIMARY KEY AUTOINCREMENT,
  recording_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  token INTEGER NOT NULL,
  count INTEGER NOT NULL,
  types TEXT NOT NULL,
  diamonds INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (recording_id, seq)
) STRICT;

CREATE TABLE feed_readers (
  reader TEXT PRIMARY KEY,
  change_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE totals (
  recording_id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  count INTEGER NOT NULL,
  types TEXT NOT NULL,
  diamonds INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

const ALERTS_TABLE = `
CREATE TABLE alerts (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  recording_id TEXT NOT NULL,
  username TEXT NOT NULL,
  at INTEGER NOT NULL,
  data TEXT NOT NULL,
  raised_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  due_at INTEGER,
  claim_token INTEGER NOT NULL,
  deliveries TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alerts_due ON alerts (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX alerts_list ON alerts (state, raised_at, id);
CREATE INDEX alerts_expiry ON alerts (expires_at);
CREATE INDEX alerts_recording ON alerts (recording_id);
`;

/** Totals of before hold less than those of now: what is left of the log is added up anew. */
const LEDGERS = `
DROP TABLE totals;
DELETE FROM feed_readers WHERE reader = 'totals';

CREATE TABLE ledgers (
  owner TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  totals TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE gifters (
  owner TEXT NOT NULL,
  user_id TEXT NOT NULL,
  gifter TEXT NOT NULL,
  PRIMARY KEY (owner, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE viewer_hours (
  owner TEXT NOT NULL,
  hour INTEGER NOT NULL,
  peaks TEXT NOT NULL,
  PRIMARY KEY (owner, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed_marks (
  at INTEGER PRIMARY KEY,
  change_id INTEGER NOT NULL
) STRICT;
`;

/**
 * What brings a database from each version to the next. Its version, `user_version`, is the number of steps that it has
 * behind it, so steps are added at the end and never changed.
 */
export const MIGRATIONS: readonly string[] = [
  FIRST_TABLES,
  "ALTER TABLE recordings ADD COLUMN stop_at INTEGER",
  "ALTER TABLE watches ADD COLUMN priority INTEGER NOT NULL DEFAULT 0; ALTER TABLE watches ADD COLUMN hours TEXT",
  `ALTER TABLE recordings ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE recordings ADD COLUMN events_deleted_at INTEGER`,
  ALERTS_TABLE,
  LEDGERS,
  "ALTER TABLE events ADD COLUMN up_to TEXT",
  `ALTER TABLE events ADD COLUMN expires_at INTEGER;
   CREATE INDEX events_expiry ON events (expires_at) WHERE expires_at IS NOT NULL`,
  `ALTER TABLE watches ADD COLUMN quality TEXT;
   ALTER TABLE recordings ADD COLUMN quality TEXT;
   ALTER TABLE recordings ADD COLUMN recorded_quality TEXT`,
  `CREATE TABLE recording_logs (
     recording_id TEXT NOT NULL,
     place TEXT NOT NULL,
     line TEXT NOT NULL,
     PRIMARY KEY (recording_id, place)
   ) STRICT, WITHOUT ROWID`,
];

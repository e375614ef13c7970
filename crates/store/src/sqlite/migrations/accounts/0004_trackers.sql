-- Trackers of accounts. The readings are the hashtag's snapshots, in catalog.db; here is when they are due, and which slots
-- were read.
CREATE TABLE trackers (
    account_id      INTEGER NOT NULL,
    tracker_id      BLOB    NOT NULL CHECK (length(tracker_id) = 16),
    source          INTEGER NOT NULL CHECK (source BETWEEN 0 AND 255),
    cadence         TEXT    NOT NULL,
    is_paused       INTEGER NOT NULL CHECK (is_paused IN (0, 1)),
    notes           TEXT    NOT NULL,
    labels          TEXT    NOT NULL, -- JSON
    credits_max     INTEGER CHECK (credits_max >= 0), -- a month; null without a budget
    keyword         TEXT,             -- that hashtags are searched by, if any
    accept_views    INTEGER,          -- found hashtags with so many views are added; null for none
    on_empty        INTEGER NOT NULL CHECK (on_empty BETWEEN 0 AND 255),
    hashtags        INTEGER NOT NULL CHECK (hashtags >= 0), -- number of its rows in tracker_hashtags
    spent_month     INTEGER NOT NULL, -- months since the year 0, UTC
    spent           INTEGER NOT NULL CHECK (spent >= 0), -- credits in that month, with those of readings under way
    created_at_ms   INTEGER NOT NULL,
    updated_at_ms   INTEGER NOT NULL,
    idempotency_key TEXT,
    fingerprint     BLOB    CHECK (length(fingerprint) = 32), -- SHA-256 of the request that made it
    PRIMARY KEY (account_id, tracker_id),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX trackers_by_key ON trackers (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- A hashtag of a tracker, or its keyword, whose key begins with #. Each change raises the version, so that a worker that lost it writes nothing.
CREATE TABLE tracker_hashtags (
    account_id      INTEGER NOT NULL,
    tracker_id      BLOB    NOT NULL CHECK (length(tracker_id) = 16),
    tag_key         TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    is_paused       INTEGER NOT NULL CHECK (is_paused IN (0, 1)), -- as the worker noted it
    slot_interval   TEXT    NOT NULL,
    adapted_by      TEXT,             -- why an adaptive tracker has this interval
    since_ms        INTEGER NOT NULL, -- where its first span begins
    due_at_ms       INTEGER,          -- of the next reading; null while nothing is due
    attempt_from_ms  INTEGER,         -- the slot of a reading under way, for which credits are reserved
    attempt_until_ms INTEGER,
    attempt_credits  INTEGER,
    attempt_month    INTEGER,
    failed_from_ms  INTEGER,          -- the last slot in which reading failed, and why
    failed_until_ms INTEGER,
    failed_reason   TEXT,
    readings        INTEGER NOT NULL CHECK (readings >= 0),
    gaps            INTEGER NOT NULL CHECK (gaps >= 0),
    last_read_at_ms INTEGER,
    version         INTEGER NOT NULL,
    PRIMARY KEY (account_id, tracker_id, tag_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX tracker_hashtags_by_key ON tracker_hashtags (tag_key);

-- Runs of slots that were read, and gaps, without overlap.
CREATE TABLE tracker_spans (
    account_id INTEGER NOT NULL,
    tracker_id BLOB    NOT NULL CHECK (length(tracker_id) = 16),
    tag_key    TEXT    NOT NULL,
    from_ms    INTEGER NOT NULL,
    until_ms   INTEGER NOT NULL,
    readings   INTEGER CHECK (readings > 0), -- of a run
    reason     TEXT,                         -- of a gap
    PRIMARY KEY (account_id, tracker_id, tag_key, from_ms),
    CHECK (from_ms < until_ms),
    CHECK ((readings IS NULL) <> (reason IS NULL))
) STRICT, WITHOUT ROWID;

-- The work list: hashtags and keywords with the time at which the first of their trackers is due. set_at_ms is when that was written: a
-- later time than now was written while the clock was ahead.
CREATE TABLE reading_queue (
    tag_key        TEXT    NOT NULL PRIMARY KEY,
    due_at_ms      INTEGER NOT NULL,
    set_at_ms      INTEGER NOT NULL,
    lease_until_ms INTEGER NOT NULL,
    lease_ms       INTEGER NOT NULL,
    token          INTEGER NOT NULL,
    version        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX reading_queue_by_due ON reading_queue (due_at_ms);
CREATE INDEX reading_queue_by_set ON reading_queue (set_at_ms);

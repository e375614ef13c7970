-- Trackers of accounts. The readings are the hashtag's snapshots, in hashtag_snapshots; here is when they are due, and which slots
-- were read.
CREATE TABLE tagmeter.trackers (
    account_id      bigint NOT NULL,
    tracker_id      bytea   NOT NULL CHECK (length(tracker_id) = 16),
    source          bigint NOT NULL CHECK (source BETWEEN 0 AND 255),
    cadence         text    NOT NULL,
    is_paused       boolean NOT NULL,
    notes           text    NOT NULL,
    labels          text    NOT NULL, -- JSON
    credits_max     bigint CHECK (credits_max >= 0), -- a month; null without a budget
    keyword         text,             -- that hashtags are searched by, if any
    accept_views    bigint,          -- found hashtags with so many views are added; null for none
    on_empty        bigint NOT NULL CHECK (on_empty BETWEEN 0 AND 255),
    hashtags        bigint NOT NULL CHECK (hashtags >= 0), -- number of its rows in tracker_hashtags
    spent_month     bigint NOT NULL, -- months since the year 0, UTC
    spent           bigint NOT NULL CHECK (spent >= 0), -- credits in that month, with those of readings under way
    created_at_ms   bigint NOT NULL,
    updated_at_ms   bigint NOT NULL,
    idempotency_key text COLLATE "C",
    fingerprint     bytea   CHECK (length(fingerprint) = 32), -- SHA-256 of the request that made it
    PRIMARY KEY (account_id, tracker_id),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
);
CREATE UNIQUE INDEX trackers_by_key ON tagmeter.trackers (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- A hashtag of a tracker, or its keyword, whose key begins with #. Each change raises the version, so that a worker that lost it writes nothing.
CREATE TABLE tagmeter.tracker_hashtags (
    account_id      bigint NOT NULL,
    tracker_id      bytea   NOT NULL CHECK (length(tracker_id) = 16),
    tag_key         text   COLLATE "C" NOT NULL,
    name            text    NOT NULL,
    is_paused       boolean NOT NULL, -- as the worker noted it
    slot_interval   text    NOT NULL,
    adapted_by      text,             -- why an adaptive tracker has this interval
    since_ms        bigint NOT NULL,  -- where its first span begins
    due_at_ms       bigint,          -- of the next reading; null while nothing is due
    attempt_from_ms  bigint,         -- the slot of a reading under way, for which credits are reserved
    attempt_until_ms bigint,
    attempt_credits  bigint,
    attempt_month    bigint,
    failed_from_ms  bigint,          -- the last slot in which reading failed, and why
    failed_until_ms bigint,
    failed_reason   text,
    readings        bigint NOT NULL CHECK (readings >= 0),
    gaps            bigint NOT NULL CHECK (gaps >= 0),
    last_read_at_ms bigint,
    version         bigint NOT NULL,
    PRIMARY KEY (account_id, tracker_id, tag_key)
);
CREATE INDEX tracker_hashtags_by_key ON tagmeter.tracker_hashtags (tag_key);

-- Runs of slots that were read, and gaps, without overlap.
CREATE TABLE tagmeter.tracker_spans (
    account_id bigint NOT NULL,
    tracker_id bytea   NOT NULL CHECK (length(tracker_id) = 16),
    tag_key    text   COLLATE "C" NOT NULL,
    from_ms    bigint NOT NULL,
    until_ms   bigint NOT NULL,
    readings   bigint CHECK (readings > 0), -- of a run
    reason     text,                         -- of a gap
    PRIMARY KEY (account_id, tracker_id, tag_key, from_ms),
    CHECK (from_ms < until_ms),
    CHECK ((readings IS NULL) <> (reason IS NULL))
);

-- The work list: hashtags and keywords with the time at which the first of their trackers is due. set_at_ms is when that was written: a
-- later time than now was written while the clock was ahead.
CREATE TABLE tagmeter.reading_queue (
    tag_key        text   COLLATE "C" NOT NULL PRIMARY KEY,
    due_at_ms      bigint NOT NULL,
    set_at_ms      bigint NOT NULL,
    lease_until_ms bigint NOT NULL,
    lease_ms       bigint NOT NULL,
    token          bigint NOT NULL,
    version        bigint NOT NULL
);
CREATE INDEX reading_queue_by_due ON tagmeter.reading_queue (due_at_ms);
CREATE INDEX reading_queue_by_set ON tagmeter.reading_queue (set_at_ms);

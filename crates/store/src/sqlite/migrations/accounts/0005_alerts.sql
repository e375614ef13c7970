-- Alerts of accounts, what they found, and where messages go.
-- Destinations: webhooks, rooms of chat services, mail addresses. `address` and `secrets` are secrets.
CREATE TABLE destinations (
    account_id       INTEGER NOT NULL,
    destination_id   BLOB    NOT NULL CHECK (length(destination_id) = 16),
    address          TEXT    NOT NULL, -- once for each account
    settings         TEXT    NOT NULL, -- JSON: description and types of events
    secrets          TEXT    NOT NULL, -- JSON: signing secrets of a webhook
    off_reason       TEXT,             -- why nothing is sent; null while it is on
    failing_since_ms INTEGER,          -- first failure since the last success
    failures         INTEGER NOT NULL CHECK (failures >= 0), -- since then
    succeeded_at_ms  INTEGER,          -- the last success
    created_at_ms    INTEGER NOT NULL,
    updated_at_ms    INTEGER NOT NULL,
    PRIMARY KEY (account_id, destination_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX destinations_by_address ON destinations (account_id, address);

CREATE TABLE alerts (
    account_id      INTEGER NOT NULL,
    alert_id        BLOB    NOT NULL CHECK (length(alert_id) = 16),
    settings        TEXT    NOT NULL, -- JSON: name, rule, destinations
    is_paused       INTEGER NOT NULL CHECK (is_paused IN (0, 1)),
    muted_until_ms  INTEGER,          -- no message is sent before; null if it is not muted
    created_at_ms   INTEGER NOT NULL,
    updated_at_ms   INTEGER NOT NULL,
    version         INTEGER NOT NULL, -- raised by each change
    idempotency_key TEXT,
    fingerprint     BLOB    CHECK (length(fingerprint) = 32), -- SHA-256 of the request that made it
    PRIMARY KEY (account_id, alert_id),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX alerts_by_key ON alerts (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- A subject of an alert, mostly a hashtag, with the state of its evaluation. Each write raises the version, so that of two
-- workers one writes.
CREATE TABLE alert_subjects (
    account_id INTEGER NOT NULL,
    alert_id   BLOB    NOT NULL CHECK (length(alert_id) = 16),
    subject    TEXT    NOT NULL, -- key of the hashtag
    name       TEXT    NOT NULL, -- its name
    state      TEXT    NOT NULL, -- JSON
    due_at_ms  INTEGER,          -- when to look without a new reading; null for never
    version    INTEGER NOT NULL,
    PRIMARY KEY (account_id, alert_id, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_subjects_by_subject ON alert_subjects (subject);
CREATE INDEX alert_subjects_by_due ON alert_subjects (due_at_ms) WHERE due_at_ms IS NOT NULL;

-- The last number that was given to an event of an account.
CREATE TABLE event_sequences (
    account_id INTEGER NOT NULL PRIMARY KEY,
    last       INTEGER NOT NULL CHECK (last > 0)
) STRICT, WITHOUT ROWID;

-- Events, numbered for each account. `cause` is what an event is of: one cause makes one event.
CREATE TABLE events (
    account_id INTEGER NOT NULL,
    sequence   INTEGER NOT NULL,
    event_id   BLOB    NOT NULL CHECK (length(event_id) = 16),
    kind       TEXT    NOT NULL, -- such as alert.fired
    cause      TEXT    NOT NULL,
    alert_id   BLOB    CHECK (length(alert_id) = 16),
    at_ms      INTEGER NOT NULL,
    data       TEXT    NOT NULL, -- JSON
    PRIMARY KEY (account_id, sequence)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX events_by_cause ON events (account_id, cause);
CREATE INDEX events_by_alert ON events (account_id, alert_id, sequence) WHERE alert_id IS NOT NULL;
CREATE INDEX events_by_time ON events (at_ms);

-- The outbox: written in the transaction of the event. A row with a due time is to be sent.
CREATE TABLE deliveries (
    account_id     INTEGER NOT NULL,
    destination_id BLOB    NOT NULL CHECK (length(destination_id) = 16),
    sequence       INTEGER NOT NULL, -- of the event
    due_at_ms      INTEGER,          -- of the next attempt; null once it is over
    attempts       INTEGER NOT NULL CHECK (attempts >= 0), -- of this round; a replay begins another one
    tries          INTEGER NOT NULL CHECK (tries >= 0),    -- of all rounds
    delivered_at_ms INTEGER,
    lease_until_ms INTEGER NOT NULL,
    token          INTEGER NOT NULL,
    PRIMARY KEY (account_id, destination_id, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_due ON deliveries (due_at_ms) WHERE due_at_ms IS NOT NULL;

-- The log of attempts. Nothing of an answer but its status is stored.
CREATE TABLE delivery_attempts (
    account_id     INTEGER NOT NULL,
    destination_id BLOB    NOT NULL CHECK (length(destination_id) = 16),
    sequence       INTEGER NOT NULL,
    attempt        INTEGER NOT NULL, -- counted over all rounds
    at_ms          INTEGER NOT NULL,
    duration_ms    INTEGER NOT NULL,
    status         INTEGER,          -- null without an answer
    error          TEXT,             -- null after a success
    PRIMARY KEY (account_id, destination_id, sequence, attempt)
) STRICT, WITHOUT ROWID;

-- Schedules of reports: what is reported when to whom.
CREATE TABLE schedules (
    account_id      INTEGER NOT NULL,
    schedule_id     BLOB    NOT NULL CHECK (length(schedule_id) = 16),
    settings        TEXT    NOT NULL, -- JSON: subject, rhythm, recipients, attachments, look
    unsubscribed    TEXT    NOT NULL, -- JSON: recipients that want no more
    due_at_ms       INTEGER,          -- the next report; NULL while paused or ended
    ended           TEXT,             -- why it has ended
    lease_until_ms  INTEGER NOT NULL, -- until then somebody makes its report
    created_at_ms   INTEGER NOT NULL,
    updated_at_ms   INTEGER NOT NULL,
    version         INTEGER NOT NULL CHECK (version >= 0),
    idempotency_key TEXT,
    fingerprint     BLOB    CHECK (length(fingerprint) = 32), -- SHA-256 of the request that made it
    PRIMARY KEY (account_id, schedule_id),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX schedules_by_key ON schedules (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX schedules_due ON schedules (due_at_ms) WHERE due_at_ms IS NOT NULL;

-- Their reports. Document and token go once every mail is over.
CREATE TABLE schedule_issues (
    account_id  INTEGER NOT NULL,
    schedule_id BLOB    NOT NULL CHECK (length(schedule_id) = 16),
    period_ms   INTEGER NOT NULL, -- the moment at which it was due; of a test that of its making
    kind        INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 255),
    made_at_ms  INTEGER NOT NULL,
    facts       TEXT    NOT NULL, -- JSON: title, period, what was skipped
    document    TEXT,             -- JSON: the report
    token       BLOB    CHECK (length(token) = 16), -- of its share link
    PRIMARY KEY (account_id, schedule_id, period_ms, kind)
) STRICT;

-- A mail for each report and recipient.
CREATE TABLE schedule_mails (
    account_id      INTEGER NOT NULL,
    schedule_id     BLOB    NOT NULL CHECK (length(schedule_id) = 16),
    period_ms       INTEGER NOT NULL,
    kind            INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 255),
    recipient       TEXT    NOT NULL,
    due_at_ms       INTEGER, -- the next attempt; NULL once it is over
    lease_until_ms  INTEGER NOT NULL,
    token           INTEGER NOT NULL,
    attempts        INTEGER NOT NULL CHECK (attempts >= 0),
    delivered_at_ms INTEGER,
    error           TEXT,
    PRIMARY KEY (account_id, schedule_id, period_ms, kind, recipient)
) STRICT, WITHOUT ROWID;
CREATE INDEX schedule_mails_due ON schedule_mails (due_at_ms) WHERE due_at_ms IS NOT NULL;

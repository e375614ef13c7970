-- Schedules of reports: what is reported when to whom.
CREATE TABLE tagmeter.schedules (
    account_id      bigint NOT NULL,
    schedule_id     bytea    NOT NULL CHECK (length(schedule_id) = 16),
    settings        text    NOT NULL, -- JSON: subject, rhythm, recipients, attachments, look
    unsubscribed    text    NOT NULL, -- JSON: recipients that want no more
    due_at_ms       bigint,          -- the next report; NULL while paused or ended
    ended           text,             -- why it has ended
    lease_until_ms  bigint NOT NULL, -- until then somebody makes its report
    created_at_ms   bigint NOT NULL,
    updated_at_ms   bigint NOT NULL,
    version         bigint NOT NULL CHECK (version >= 0),
    idempotency_key text COLLATE "C",
    fingerprint     bytea    CHECK (length(fingerprint) = 32), -- SHA-256 of the request that made it
    PRIMARY KEY (account_id, schedule_id),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
);
CREATE UNIQUE INDEX schedules_by_key ON tagmeter.schedules (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX schedules_due ON tagmeter.schedules (due_at_ms) WHERE due_at_ms IS NOT NULL;

-- Their reports. Document and token go once every mail is over.
CREATE TABLE tagmeter.schedule_issues (
    account_id  bigint NOT NULL,
    schedule_id bytea    NOT NULL CHECK (length(schedule_id) = 16),
    period_ms   bigint NOT NULL, -- the moment at which it was due; of a test that of its making
    kind        bigint NOT NULL CHECK (kind BETWEEN 0 AND 255),
    made_at_ms  bigint NOT NULL,
    facts       text    NOT NULL, -- JSON: title, period, what was skipped
    document    text,             -- JSON: the report
    token       bytea    CHECK (length(token) = 16), -- of its share link
    PRIMARY KEY (account_id, schedule_id, period_ms, kind)
);

-- A mail for each report and recipient.
CREATE TABLE tagmeter.schedule_mails (
    account_id      bigint NOT NULL,
    schedule_id     bytea    NOT NULL CHECK (length(schedule_id) = 16),
    period_ms       bigint NOT NULL,
    kind            bigint NOT NULL CHECK (kind BETWEEN 0 AND 255),
    recipient       text    COLLATE "C" NOT NULL,
    due_at_ms       bigint, -- the next attempt; NULL once it is over
    lease_until_ms  bigint NOT NULL,
    token           bigint NOT NULL,
    attempts        bigint NOT NULL CHECK (attempts >= 0),
    delivered_at_ms bigint,
    error           text,
    PRIMARY KEY (account_id, schedule_id, period_ms, kind, recipient)
);
CREATE INDEX schedule_mails_due ON tagmeter.schedule_mails (due_at_ms) WHERE due_at_ms IS NOT NULL;

-- Alerts of accounts, what they found, and where messages go.
-- Destinations: webhooks, rooms of chat services, mail addresses. `address` and `secrets` are secrets.
CREATE TABLE tagmeter.destinations (
    account_id       bigint NOT NULL,
    destination_id   bytea    NOT NULL CHECK (length(destination_id) = 16),
    address          text COLLATE "C" NOT NULL, -- once for each account
    settings         text    NOT NULL, -- JSON: description and types of events
    secrets          text    NOT NULL, -- JSON: signing secrets of a webhook
    off_reason       text,             -- why nothing is sent; null while it is on
    failing_since_ms bigint,          -- first failure since the last success
    failures         bigint NOT NULL CHECK (failures >= 0), -- since then
    succeeded_at_ms  bigint,          -- the last success
    created_at_ms    bigint NOT NULL,
    updated_at_ms    bigint NOT NULL,
    PRIMARY KEY (account_id, destination_id)
);
CREATE UNIQUE INDEX destinations_by_address ON tagmeter.destinations (account_id, address);

CREATE TABLE tagmeter.alerts (
    account_id      bigint NOT NULL,
    alert_id        bytea    NOT NULL CHECK (length(alert_id) = 16),
    settings        text    NOT NULL, -- JSON: name, rule, destinations
    is_paused       boolean NOT NULL,
    muted_until_ms  bigint,          -- no message is sent before; null if it is not muted
    created_at_ms   bigint NOT NULL,
    updated_at_ms   bigint NOT NULL,
    version         bigint NOT NULL, -- raised by each change
    idempotency_key text COLLATE "C",
    fingerprint     bytea    CHECK (length(fingerprint) = 32), -- SHA-256 of the request that made it
    PRIMARY KEY (account_id, alert_id),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
);
CREATE UNIQUE INDEX alerts_by_key ON tagmeter.alerts (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- A subject of an alert, mostly a hashtag, with the state of its evaluation. Each write raises the version, so that of two
-- workers one writes.
CREATE TABLE tagmeter.alert_subjects (
    account_id bigint NOT NULL,
    alert_id   bytea    NOT NULL CHECK (length(alert_id) = 16),
    subject    text COLLATE "C" NOT NULL, -- key of the hashtag
    name       text    NOT NULL, -- its name
    state      text    NOT NULL, -- JSON
    due_at_ms  bigint,          -- when to look without a new reading; null for never
    version    bigint NOT NULL,
    PRIMARY KEY (account_id, alert_id, subject)
);
CREATE INDEX alert_subjects_by_subject ON tagmeter.alert_subjects (subject);
CREATE INDEX alert_subjects_by_due ON tagmeter.alert_subjects (due_at_ms) WHERE due_at_ms IS NOT NULL;

-- The last number that was given to an event of an account.
CREATE TABLE tagmeter.event_sequences (
    account_id bigint NOT NULL PRIMARY KEY,
    last       bigint NOT NULL CHECK (last > 0)
);

-- Events, numbered for each account. `cause` is what an event is of: one cause makes one event.
CREATE TABLE tagmeter.events (
    account_id bigint NOT NULL,
    sequence   bigint NOT NULL,
    event_id   bytea    NOT NULL CHECK (length(event_id) = 16),
    kind       text    NOT NULL, -- such as alert.fired
    cause      text COLLATE "C" NOT NULL,
    alert_id   bytea    CHECK (length(alert_id) = 16),
    at_ms      bigint NOT NULL,
    data       text    NOT NULL, -- JSON
    PRIMARY KEY (account_id, sequence)
);
CREATE UNIQUE INDEX events_by_cause ON tagmeter.events (account_id, cause);
CREATE INDEX events_by_alert ON tagmeter.events (account_id, alert_id, sequence) WHERE alert_id IS NOT NULL;
CREATE INDEX events_by_time ON tagmeter.events (at_ms);

-- The outbox: written in the transaction of the event. A row with a due time is to be sent.
CREATE TABLE tagmeter.deliveries (
    account_id     bigint NOT NULL,
    destination_id bytea    NOT NULL CHECK (length(destination_id) = 16),
    sequence       bigint NOT NULL, -- of the event
    due_at_ms      bigint,          -- of the next attempt; null once it is over
    attempts       bigint NOT NULL CHECK (attempts >= 0), -- of this round; a replay begins another one
    tries          bigint NOT NULL CHECK (tries >= 0),    -- of all rounds
    delivered_at_ms bigint,
    lease_until_ms bigint NOT NULL,
    token          bigint NOT NULL,
    PRIMARY KEY (account_id, destination_id, sequence)
);
CREATE INDEX deliveries_by_due ON tagmeter.deliveries (due_at_ms) WHERE due_at_ms IS NOT NULL;

-- The log of attempts. Nothing of an answer but its status is stored.
CREATE TABLE tagmeter.delivery_attempts (
    account_id     bigint NOT NULL,
    destination_id bytea    NOT NULL CHECK (length(destination_id) = 16),
    sequence       bigint NOT NULL,
    attempt        bigint NOT NULL, -- counted over all rounds
    at_ms          bigint NOT NULL,
    duration_ms    bigint NOT NULL,
    status         bigint,          -- null without an answer
    error          text,             -- null after a success
    PRIMARY KEY (account_id, destination_id, sequence, attempt)
);

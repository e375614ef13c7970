-- accounts.db: who calls, what they call with, the ledger of what they were given and charged, their jobs, and how often
-- upstreams were called.
--
-- Accounts and keys are few and are looked up by address and by key id alone (a cluster keeps a copy of them on every
-- node). Balances, entries and kept answers are many; each unique key of theirs holds account_id, and every statement
-- pins it, so that a charge touches one shard.

CREATE TABLE accounts (
    account_id    INTEGER PRIMARY KEY CHECK (account_id > 0),
    email         TEXT    NOT NULL UNIQUE,
    created_at_ms INTEGER NOT NULL
) STRICT;

-- Of a key's secret only its SHA-256 is here. Scope: 1 = paid calls, 2 = imports too.
CREATE TABLE keys (
    key_id              INTEGER PRIMARY KEY CHECK (key_id BETWEEN 0 AND 4294967295),
    account_id          INTEGER NOT NULL REFERENCES accounts (account_id),
    name                TEXT    NOT NULL,
    sha256              BLOB    NOT NULL CHECK (length(sha256) = 32),
    scope               INTEGER NOT NULL CHECK (scope IN (1, 2)),
    requests_per_minute INTEGER CHECK (requests_per_minute BETWEEN 0 AND 4294967295),
    created_at_ms       INTEGER NOT NULL,
    revoked_at_ms       INTEGER
) STRICT;
CREATE INDEX keys_by_account ON keys (account_id, key_id);

-- One row, counted up whenever a key is made or revoked: what servers poll to drop the keys they hold in memory.
CREATE TABLE keys_version (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL
) STRICT;
INSERT INTO keys_version (one, version) VALUES (1, 1);

-- Where each account's chain of entries stands. Narrow, because every commit of charges rewrites these rows.
CREATE TABLE balances (
    account_id INTEGER PRIMARY KEY REFERENCES accounts (account_id),
    balance    INTEGER NOT NULL CHECK (balance >= 0),
    granted    INTEGER NOT NULL CHECK (granted >= 0),
    charged    INTEGER NOT NULL CHECK (charged >= 0),
    sequence   INTEGER NOT NULL CHECK (sequence >= 0), -- of its last entry, 0 when it has none
    last_entry INTEGER NOT NULL,                       -- entry_id of that entry, 0 when it has none
    hash       BLOB    NOT NULL CHECK (length(hash) = 32), -- of that entry, zeros when it has none
    CHECK (balance = granted - charged)
) STRICT;

-- The ledger: one row per movement of credits, never changed. Double entry by construction, as the kind names both
-- books: 1 = grant, from the issuer's book to the customer's; 2 = charge, from the customer's book to the revenue.
-- Rows and request ids come in order of time, so both trees grow at their end, however many accounts call.
CREATE TABLE entries (
    entry_id      INTEGER PRIMARY KEY,
    account_id    INTEGER NOT NULL,
    sequence      INTEGER NOT NULL CHECK (sequence > 0), -- 1, 2, 3 ... within the account
    previous      INTEGER NOT NULL,                      -- entry_id of the account's entry before this one, or 0
    kind          INTEGER NOT NULL CHECK (kind IN (1, 2)),
    credits       INTEGER NOT NULL CHECK (credits >= 0),
    balance_after INTEGER NOT NULL CHECK (balance_after >= 0),
    at_ms         INTEGER NOT NULL,
    request_id    BLOB    CHECK (length(request_id) = 16), -- of a charge: the call that was paid for
    operation     INTEGER,                                 -- of a charge: what was called
    cause         TEXT,                                    -- of a grant: why, once per account
    hash          BLOB    NOT NULL CHECK (length(hash) = 32), -- SHA-256 over the hash before and all of the above
    CHECK ((kind = 1) = (cause IS NOT NULL)),
    CHECK ((kind = 2) = (request_id IS NOT NULL AND operation IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX entries_by_request ON entries (request_id, account_id) WHERE request_id IS NOT NULL;
CREATE UNIQUE INDEX entries_by_cause ON entries (account_id, cause) WHERE cause IS NOT NULL;
CREATE TRIGGER entries_are_not_changed BEFORE UPDATE ON entries
    BEGIN SELECT raise(ABORT, 'entries of the ledger are never changed'); END;
CREATE TRIGGER entries_are_not_deleted BEFORE DELETE ON entries
    BEGIN SELECT raise(ABORT, 'entries of the ledger are never deleted'); END;

-- Answers kept for callers that repeat a call under the same Idempotency-Key, written with the charge they cost.
CREATE TABLE idempotency (
    account_id      INTEGER NOT NULL,
    idempotency_key TEXT    NOT NULL,
    fingerprint     BLOB    NOT NULL CHECK (length(fingerprint) = 32), -- SHA-256 of the request it was first used for
    request_id      BLOB    NOT NULL CHECK (length(request_id) = 16),
    created_at_ms   INTEGER NOT NULL,
    status          INTEGER NOT NULL CHECK (status BETWEEN 200 AND 299),
    content_type    TEXT    NOT NULL,
    body            BLOB    NOT NULL,
    PRIMARY KEY (account_id, idempotency_key)
) STRICT;
CREATE INDEX idempotency_by_age ON idempotency (created_at_ms);

-- Work that outlives the request that asked for it. Ids begin with the time. Kind: 1 = import, 2 = walk. State: 1 = queued,
-- 2 = running, 3 = done, 4 = failed, 5 = cancelled. `attempts` is the fencing token of whoever claimed the job last.
CREATE TABLE jobs (
    account_id       INTEGER NOT NULL,
    job_id           BLOB    NOT NULL CHECK (length(job_id) = 16),
    kind             INTEGER NOT NULL,
    state            INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),
    request          TEXT    NOT NULL,
    progress         TEXT,
    result           TEXT,
    node             TEXT, -- the one node that can do it; null for any
    attempts         INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    lease_until_ms   INTEGER NOT NULL DEFAULT 0,
    is_cancel_wanted INTEGER NOT NULL DEFAULT 0 CHECK (is_cancel_wanted IN (0, 1)),
    idempotency_key  TEXT,
    fingerprint      BLOB    CHECK (length(fingerprint) = 32), -- SHA-256 of the request that made it
    created_at_ms    INTEGER NOT NULL,
    started_at_ms    INTEGER,
    finished_at_ms   INTEGER,
    PRIMARY KEY (account_id, job_id),
    CHECK ((state IN (3, 4, 5)) = (finished_at_ms IS NOT NULL)),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
) STRICT;
CREATE UNIQUE INDEX jobs_by_key ON jobs (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_to_do ON jobs (job_id) WHERE state IN (1, 2);

-- Calls to upstreams by UTC day (days since 1970), counted before they are made.
CREATE TABLE upstream_calls (
    upstream TEXT    NOT NULL,
    day      INTEGER NOT NULL,
    calls    INTEGER NOT NULL CHECK (calls > 0),
    PRIMARY KEY (upstream, day)
) STRICT, WITHOUT ROWID;

-- Shares of accounts: links that show a report until they expire or are revoked.
CREATE TABLE shares (
    account_id        INTEGER NOT NULL,
    share_id          BLOB    NOT NULL CHECK (length(share_id) = 16),
    kind              INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 255),
    slug              TEXT    NOT NULL,
    title             TEXT    NOT NULL,
    settings          TEXT    NOT NULL, -- JSON: subject, passwords, sites
    is_frozen         INTEGER NOT NULL CHECK (is_frozen IN (0, 1)),
    created_at_ms     INTEGER NOT NULL,
    expires_at_ms     INTEGER NOT NULL CHECK (expires_at_ms > created_at_ms),
    revoked_at_ms     INTEGER,
    opened            INTEGER NOT NULL CHECK (opened >= 0),
    last_opened_at_ms INTEGER,
    idempotency_key   TEXT,
    fingerprint       BLOB    CHECK (length(fingerprint) = 32), -- SHA-256 of the request that made it
    PRIMARY KEY (account_id, share_id),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX shares_by_key ON shares (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- A frozen share's report, or a live one's look, until it is revoked.
CREATE TABLE share_documents (
    account_id INTEGER NOT NULL,
    share_id   BLOB    NOT NULL CHECK (length(share_id) = 16),
    document   TEXT    NOT NULL, -- JSON
    PRIMARY KEY (account_id, share_id)
) STRICT;

-- The digests of their tokens, by which a link is looked up.
CREATE TABLE share_tokens (
    sha256     BLOB    NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
    account_id INTEGER NOT NULL,
    share_id   BLOB    NOT NULL CHECK (length(share_id) = 16)
) STRICT, WITHOUT ROWID;

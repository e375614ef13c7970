-- Feeds of accounts: saved questions that a link answers until they are revoked.
CREATE TABLE feeds (
    account_id        INTEGER NOT NULL,
    feed_id           BLOB NOT NULL CHECK (length(feed_id) = 16),
    name              TEXT NOT NULL,
    question          TEXT NOT NULL, -- path and query
    sha256            BLOB NOT NULL CHECK (length(sha256) = 32), -- of the token that opens it
    created_at_ms     INTEGER NOT NULL,
    revoked_at_ms     INTEGER,
    opened            INTEGER NOT NULL CHECK (opened >= 0),
    last_opened_at_ms INTEGER,
    idempotency_key   TEXT,
    fingerprint       BLOB CHECK (length(fingerprint) = 32), -- SHA-256 of the request that made it
    PRIMARY KEY (account_id, feed_id),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX feeds_by_key ON feeds (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- The digests of their tokens, by which a link is looked up.
CREATE TABLE feed_tokens (
    sha256     BLOB NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
    account_id INTEGER NOT NULL,
    feed_id    BLOB NOT NULL CHECK (length(feed_id) = 16)
) STRICT, WITHOUT ROWID;

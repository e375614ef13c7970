-- Feeds of accounts: saved questions that a link answers until they are revoked.
CREATE TABLE tagmeter.feeds (
    account_id        bigint NOT NULL,
    feed_id           bytea NOT NULL CHECK (length(feed_id) = 16),
    name              text NOT NULL,
    question          text NOT NULL, -- path and query
    sha256            bytea NOT NULL CHECK (length(sha256) = 32), -- of the token that opens it
    created_at_ms     bigint NOT NULL,
    revoked_at_ms     bigint,
    opened            bigint NOT NULL CHECK (opened >= 0),
    last_opened_at_ms bigint,
    idempotency_key   text COLLATE "C",
    fingerprint       bytea CHECK (length(fingerprint) = 32), -- SHA-256 of the request that made it
    PRIMARY KEY (account_id, feed_id),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
);
CREATE UNIQUE INDEX feeds_by_key ON tagmeter.feeds (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- The digests of their tokens, by which a link is looked up.
CREATE TABLE tagmeter.feed_tokens (
    sha256     bytea NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
    account_id bigint NOT NULL,
    feed_id    bytea NOT NULL CHECK (length(feed_id) = 16)
);

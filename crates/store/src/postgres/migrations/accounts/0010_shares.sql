-- Shares of accounts: links that show a report until they expire or are revoked.
CREATE TABLE tagmeter.shares (
    account_id        bigint  NOT NULL,
    share_id          bytea   NOT NULL CHECK (length(share_id) = 16),
    kind              bigint  NOT NULL CHECK (kind BETWEEN 0 AND 255),
    slug              text    NOT NULL,
    title             text    NOT NULL,
    settings          text    NOT NULL, -- JSON: subject, passwords, sites
    is_frozen         boolean NOT NULL,
    created_at_ms     bigint  NOT NULL,
    expires_at_ms     bigint  NOT NULL CHECK (expires_at_ms > created_at_ms),
    revoked_at_ms     bigint,
    opened            bigint  NOT NULL CHECK (opened >= 0),
    last_opened_at_ms bigint,
    idempotency_key   text    COLLATE "C",
    fingerprint       bytea   CHECK (length(fingerprint) = 32), -- SHA-256 of the request that made it
    PRIMARY KEY (account_id, share_id),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
);
CREATE UNIQUE INDEX shares_by_key ON tagmeter.shares (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- A frozen share's report, or a live one's look, until it is revoked.
CREATE TABLE tagmeter.share_documents (
    account_id bigint NOT NULL,
    share_id   bytea  NOT NULL CHECK (length(share_id) = 16),
    document   text   NOT NULL, -- JSON
    PRIMARY KEY (account_id, share_id)
);

-- The digests of their tokens, by which a link is looked up.
CREATE TABLE tagmeter.share_tokens (
    sha256     bytea  NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
    account_id bigint NOT NULL,
    share_id   bytea  NOT NULL CHECK (length(share_id) = 16)
);

-- Campaigns of accounts. What is measured of them is computed when it is read.
CREATE TABLE campaigns (
    account_id      INTEGER NOT NULL,
    campaign_id     BLOB    NOT NULL CHECK (length(campaign_id) = 16),
    name            TEXT    NOT NULL,
    from_ms         INTEGER NOT NULL,
    to_ms           INTEGER CHECK (to_ms > from_ms), -- included; null while it is open
    baseline_days   INTEGER NOT NULL CHECK (baseline_days > 0),
    plan            TEXT    NOT NULL, -- JSON: hashtags, goals and filter
    notes           TEXT    NOT NULL,
    created_at_ms   INTEGER NOT NULL,
    updated_at_ms   INTEGER NOT NULL,
    version         INTEGER NOT NULL, -- raised by each change
    idempotency_key TEXT,
    fingerprint     BLOB    CHECK (length(fingerprint) = 32), -- SHA-256 of the request that made it
    PRIMARY KEY (account_id, campaign_id),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX campaigns_by_name ON campaigns (account_id, name);
CREATE UNIQUE INDEX campaigns_by_key ON campaigns (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- Campaigns of accounts. What is measured of them is computed when it is read.
CREATE TABLE tagmeter.campaigns (
    account_id      bigint NOT NULL,
    campaign_id     bytea   NOT NULL CHECK (length(campaign_id) = 16),
    name            text    COLLATE "C" NOT NULL,
    from_ms         bigint NOT NULL,
    to_ms           bigint CHECK (to_ms > from_ms), -- included; null while it is open
    baseline_days   bigint NOT NULL CHECK (baseline_days > 0),
    plan            text    NOT NULL, -- JSON: hashtags, goals and filter
    notes           text    NOT NULL,
    created_at_ms   bigint NOT NULL,
    updated_at_ms   bigint NOT NULL,
    version         bigint NOT NULL, -- raised by each change
    idempotency_key text    COLLATE "C",
    fingerprint     bytea   CHECK (length(fingerprint) = 32), -- SHA-256 of the request that made it
    PRIMARY KEY (account_id, campaign_id),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
);
CREATE UNIQUE INDEX campaigns_by_name ON tagmeter.campaigns (account_id, name);
CREATE UNIQUE INDEX campaigns_by_key ON tagmeter.campaigns (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

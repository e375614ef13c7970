-- Notes of accounts on their curves: of a hashtag, of a campaign, or of all (neither).
CREATE TABLE tagmeter.annotations (
    account_id      bigint NOT NULL,
    annotation_id   bytea   NOT NULL CHECK (length(annotation_id) = 16),
    tag_key         text COLLATE "C",
    tag_name        text COLLATE "C",
    campaign_id     bytea   CHECK (length(campaign_id) = 16),
    from_ms         bigint NOT NULL,
    until_ms        bigint NOT NULL CHECK (until_ms >= from_ms), -- included
    text            text    NOT NULL,
    created_at_ms   bigint NOT NULL,
    updated_at_ms   bigint NOT NULL,
    idempotency_key text COLLATE "C",
    fingerprint     bytea   CHECK (length(fingerprint) = 32), -- SHA-256 of the request that made it
    PRIMARY KEY (account_id, annotation_id),
    CHECK ((tag_key IS NULL) = (tag_name IS NULL)),
    CHECK (tag_key IS NULL OR campaign_id IS NULL),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
);
CREATE UNIQUE INDEX annotations_by_key ON tagmeter.annotations (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX annotations_by_subject ON tagmeter.annotations (account_id, tag_key, campaign_id);

-- Events of the platform that an account does not want on its curves.
CREATE TABLE tagmeter.hidden_annotations (
    account_id   bigint NOT NULL,
    name         text COLLATE "C" NOT NULL,
    hidden_at_ms bigint NOT NULL,
    PRIMARY KEY (account_id, name)
);

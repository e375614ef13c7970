-- Notes of accounts on their curves: of a hashtag, of a campaign, or of all (neither).
CREATE TABLE annotations (
    account_id      INTEGER NOT NULL,
    annotation_id   BLOB    NOT NULL CHECK (length(annotation_id) = 16),
    tag_key         TEXT,
    tag_name        TEXT,
    campaign_id     BLOB    CHECK (length(campaign_id) = 16),
    from_ms         INTEGER NOT NULL,
    until_ms        INTEGER NOT NULL CHECK (until_ms >= from_ms), -- included
    text            TEXT    NOT NULL,
    created_at_ms   INTEGER NOT NULL,
    updated_at_ms   INTEGER NOT NULL,
    idempotency_key TEXT,
    fingerprint     BLOB    CHECK (length(fingerprint) = 32), -- SHA-256 of the request that made it
    PRIMARY KEY (account_id, annotation_id),
    CHECK ((tag_key IS NULL) = (tag_name IS NULL)),
    CHECK (tag_key IS NULL OR campaign_id IS NULL),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX annotations_by_key ON annotations (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX annotations_by_subject ON annotations (account_id, tag_key, campaign_id);

-- Events of the platform that an account does not want on its curves.
CREATE TABLE hidden_annotations (
    account_id   INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    hidden_at_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;

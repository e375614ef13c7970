-- Scope 3 = reading what the account has; SQLite cannot change a CHECK, so the table is written again.
CREATE TABLE keys_with_read (
    key_id              INTEGER PRIMARY KEY CHECK (key_id BETWEEN 0 AND 4294967295),
    account_id          INTEGER NOT NULL REFERENCES accounts (account_id),
    name                TEXT    NOT NULL,
    sha256              BLOB    NOT NULL CHECK (length(sha256) = 32),
    scope               INTEGER NOT NULL CHECK (scope IN (1, 2, 3)),
    requests_per_minute INTEGER CHECK (requests_per_minute BETWEEN 0 AND 4294967295),
    created_at_ms       INTEGER NOT NULL,
    revoked_at_ms       INTEGER
) STRICT;
INSERT INTO keys_with_read (key_id, account_id, name, sha256, scope, requests_per_minute, created_at_ms, revoked_at_ms)
    SELECT key_id, account_id, name, sha256, scope, requests_per_minute, created_at_ms, revoked_at_ms FROM keys;
DROP TABLE keys;
ALTER TABLE keys_with_read RENAME TO keys;
CREATE INDEX keys_by_account ON keys (account_id, key_id);

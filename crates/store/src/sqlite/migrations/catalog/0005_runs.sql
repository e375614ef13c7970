-- Readings that follow one another from one source and report the same counts are one row.

-- `observed_at` is the first of `readings`, within one calendar month (UTC). Where there are several, `last_at` is the last,
-- and `later` has the times of all after the first: each as the change of its distance from the one before, zigzag, 7 bits
-- a byte, lowest first.
ALTER TABLE hashtag_snapshots ADD COLUMN readings INTEGER NOT NULL DEFAULT 1;
ALTER TABLE hashtag_snapshots ADD COLUMN last_at INTEGER;
ALTER TABLE hashtag_snapshots ADD COLUMN later BLOB;

-- Hashtags up to this row still have a row for each reading.
ALTER TABLE store ADD COLUMN backfill_runs INTEGER NOT NULL DEFAULT 0;
UPDATE store SET backfill_runs = (SELECT coalesce(max(hashtag), 0) FROM hashtag_snapshots);

-- Readings that follow one another from one source and report the same counts are one row.

-- `observed_at` is the first of `readings`, within one calendar month (UTC). Where there are several, `last_at` is the last,
-- and `later` has the times of all after the first: each as the change of its distance from the one before, zigzag, 7 bits
-- a byte, lowest first.
ALTER TABLE tagmeter.hashtag_snapshots ADD COLUMN readings bigint NOT NULL DEFAULT 1;
ALTER TABLE tagmeter.hashtag_snapshots ADD COLUMN last_at bigint;
ALTER TABLE tagmeter.hashtag_snapshots ADD COLUMN later bytea;

-- Hashtags up to this row still have a row for each reading.
ALTER TABLE tagmeter.store ADD COLUMN backfill_runs bigint NOT NULL DEFAULT 0;
UPDATE tagmeter.store SET backfill_runs = next_hashtag - 1;

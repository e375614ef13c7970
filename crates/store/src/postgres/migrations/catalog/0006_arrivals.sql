-- When readings of hashtags came in, so that a series can be read as it was known at a moment.

-- `arrived` has the arrivals of a run's readings, null where none is known: groups of a head (their number times 3, plus 0 if
-- unknown, 1 if they came in at one moment, 2 if each came so long after it was taken) and, but for 0, the change of that
-- moment or length from the last, zigzag. Numbers have 7 bits a byte, lowest first.
ALTER TABLE tagmeter.hashtag_snapshots ADD COLUMN arrived bytea;

-- Readings as they were before they were filled or cleared: known from `arrived_at` (null: from when they were taken) until
-- `superseded_at`, not included.
CREATE TABLE tagmeter.hashtag_superseded (
    hashtag       bigint NOT NULL,
    observed_at   bigint NOT NULL,
    source        bigint NOT NULL,
    superseded_at bigint NOT NULL,
    arrived_at    bigint,
    views         bigint,
    creators      bigint,
    videos        bigint,
    rounded       bigint NOT NULL,
    PRIMARY KEY (hashtag, observed_at, source, superseded_at)
);

-- When data last came in, in milliseconds since 1970. Each transaction comes in after the one before.
ALTER TABLE tagmeter.store ADD COLUMN arrived_at bigint NOT NULL DEFAULT 0;

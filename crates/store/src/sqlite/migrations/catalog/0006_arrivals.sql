-- When readings of hashtags came in, so that a series can be read as it was known at a moment.

-- `arrived` has the arrivals of a run's readings, null where none is known: groups of a head (their number times 3, plus 0 if
-- unknown, 1 if they came in at one moment, 2 if each came so long after it was taken) and, but for 0, the change of that
-- moment or length from the last, zigzag. Numbers have 7 bits a byte, lowest first.
ALTER TABLE hashtag_snapshots ADD COLUMN arrived BLOB;

-- Readings as they were before they were filled or cleared: known from `arrived_at` (null: from when they were taken) until
-- `superseded_at`, not included.
CREATE TABLE hashtag_superseded (
    hashtag       INTEGER NOT NULL,
    observed_at   INTEGER NOT NULL,
    source        INTEGER NOT NULL,
    superseded_at INTEGER NOT NULL,
    arrived_at    INTEGER,
    views         INTEGER,
    creators      INTEGER,
    videos        INTEGER,
    rounded       INTEGER NOT NULL,
    PRIMARY KEY (hashtag, observed_at, source, superseded_at)
) STRICT, WITHOUT ROWID;

-- When data last came in, in milliseconds since 1970. Each transaction comes in after the one before.
ALTER TABLE store ADD COLUMN arrived_at INTEGER NOT NULL DEFAULT 0;

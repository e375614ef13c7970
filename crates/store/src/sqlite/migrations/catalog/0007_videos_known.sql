-- When hashtags and videos came in, and what videos were before they changed, so that answers from videos can be given as of
-- a moment.

-- Rows of hashtags and videos are given out in the order in which they come in: those up to these had come in by this
-- moment. `from_before` is 1 where it is not stored when they came in, as an older version stored them: as of an earlier
-- moment nothing is known of videos.
CREATE TABLE arrivals (
    arrived_at  INTEGER PRIMARY KEY,
    hashtags    INTEGER NOT NULL,
    videos      INTEGER NOT NULL,
    from_before INTEGER NOT NULL
) STRICT;

-- Videos as they were before they changed: known until `superseded_at`, not included. Hashtags are only ever added to a
-- video: it had the first `tags`.
CREATE TABLE video_superseded (
    video         INTEGER NOT NULL,
    superseded_at INTEGER NOT NULL,
    author        INTEGER,
    create_time   INTEGER,
    region        INTEGER NOT NULL,
    observed_at   INTEGER,
    rounded       INTEGER NOT NULL,
    plays         INTEGER,
    likes         INTEGER,
    comments      INTEGER,
    shares        INTEGER,
    saves         INTEGER,
    downloads     INTEGER,
    tags          INTEGER NOT NULL,
    removed_at    INTEGER,
    PRIMARY KEY (video, superseded_at)
) STRICT, WITHOUT ROWID;

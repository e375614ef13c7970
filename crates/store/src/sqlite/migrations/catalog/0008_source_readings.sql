-- The newest reading of each source, of hashtags, videos and windows, and when it came in (null: an older version stored it).
CREATE TABLE source_readings (
    source      INTEGER PRIMARY KEY,
    observed_at INTEGER NOT NULL,
    arrived_at  INTEGER
) STRICT;

INSERT INTO source_readings (source, observed_at)
SELECT source, max(observed_at) FROM (
    SELECT source, coalesce(last_at, observed_at) AS observed_at FROM hashtag_snapshots
    UNION ALL SELECT source, observed_at FROM video_snapshots
    UNION ALL SELECT source, observed_at FROM hashtag_windows
) GROUP BY source;

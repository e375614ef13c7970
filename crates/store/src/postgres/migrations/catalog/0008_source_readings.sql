-- The newest reading of each source, of hashtags, videos and windows, and when it came in (null: an older version stored it).
CREATE TABLE tagmeter.source_readings (
    source      bigint PRIMARY KEY,
    observed_at bigint NOT NULL,
    arrived_at  bigint
);

INSERT INTO tagmeter.source_readings (source, observed_at)
SELECT source, max(coalesce(last_at, observed_at)) FROM tagmeter.hashtag_snapshots GROUP BY source;

INSERT INTO tagmeter.source_readings AS known (source, observed_at)
SELECT source, max(observed_at) FROM tagmeter.video_snapshots GROUP BY source
ON CONFLICT (source) DO UPDATE SET observed_at = greatest(known.observed_at, excluded.observed_at);

INSERT INTO tagmeter.source_readings AS known (source, observed_at)
SELECT source, max(observed_at) FROM tagmeter.hashtag_windows GROUP BY source
ON CONFLICT (source) DO UPDATE SET observed_at = greatest(known.observed_at, excluded.observed_at);

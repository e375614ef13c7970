"""Fills a DuckDB database from NDJSON of web captures: the same content under the same primary keys as Tagmeter's store.

    python duck.py VIDEOS.ndjson DATABASE [--memory-mb N] [--batch N]

As in an import: a record that is held unchanged is skipped by its digest, new rows get running numbers, a newer reading
of a video replaces an older one, a known link or snapshot is left alone, and the database is checkpointed at the end.
To DuckDB's advantage: sums of the hashtags are made once, at the end; a file must not hold a video twice; only exact
numbers are read; no ready JSON, no search index, no list of changes. Without a memory limit all is one transaction.
"""
import argparse
import json

import duckdb

SCHEMA = """
CREATE TABLE IF NOT EXISTS hashtags (hashtag INTEGER PRIMARY KEY, name VARCHAR NOT NULL, id BIGINT,
    held_videos BIGINT DEFAULT 0, held_views BIGINT DEFAULT 0, held_creators BIGINT DEFAULT 0);
CREATE TABLE IF NOT EXISTS hashtag_keys (key VARCHAR PRIMARY KEY, hashtag INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS hashtag_ids (id BIGINT PRIMARY KEY, hashtag INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS video_ids (id BIGINT PRIMARY KEY, video INTEGER NOT NULL, digest UBIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS videos (video INTEGER PRIMARY KEY, id BIGINT NOT NULL, author BIGINT, create_time BIGINT,
    observed_at BIGINT, plays BIGINT, likes BIGINT, comments BIGINT, shares BIGINT, saves BIGINT, tags INTEGER[],
    title VARCHAR, cover VARCHAR, duration INTEGER, play VARCHAR, music_id BIGINT, music_title VARCHAR,
    music_author VARCHAR, music_original BOOLEAN, music_duration INTEGER, author_unique_id VARCHAR,
    author_nickname VARCHAR);
CREATE TABLE IF NOT EXISTS links (hashtag INTEGER, author BIGINT, video INTEGER, plays BIGINT NOT NULL,
    PRIMARY KEY (hashtag, author, video));
CREATE TABLE IF NOT EXISTS video_snapshots (video INTEGER, observed_at BIGINT, source INTEGER, plays BIGINT,
    likes BIGINT, comments BIGINT, shares BIGINT, saves BIGINT, PRIMARY KEY (video, observed_at, source));
"""

READ = """
CREATE TEMP TABLE raw AS
SELECT row_number() OVER () AS n, hash(r) AS digest, r.* FROM (SELECT r FROM read_json(?, format='newline_delimited',
columns={
    id: 'BIGINT', "desc": 'VARCHAR', createTime: 'BIGINT', collectTime: 'BIGINT',
    author: 'STRUCT(id BIGINT, uniqueId VARCHAR, nickname VARCHAR)',
    challenges: 'STRUCT(id BIGINT, title VARCHAR)[]',
    stats: 'STRUCT(playCount BIGINT, diggCount BIGINT, commentCount BIGINT, shareCount BIGINT, collectCount BIGINT)',
    video: 'STRUCT(cover VARCHAR, duration INTEGER, playAddr VARCHAR)',
    music: 'STRUCT(id BIGINT, title VARCHAR, authorName VARCHAR, original BOOLEAN, duration INTEGER)'}) AS r)
"""

# One batch is the rows of `raw` between two numbers. Each statement is told them.
BATCH = [
    """CREATE OR REPLACE TEMP TABLE batch AS SELECT * FROM raw WHERE n > $low AND n <= $high
        AND NOT EXISTS (SELECT 1 FROM video_ids v WHERE v.id = raw.id AND v.digest = raw.digest)""",
    """CREATE OR REPLACE TEMP TABLE tagged AS
        SELECT DISTINCT t.id AS video_id, author, plays, t.tag.id AS id, t.tag.title AS title
        FROM (SELECT id, author.id AS author, stats.playCount AS plays, unnest(challenges) AS tag FROM batch) t""",
    """CREATE OR REPLACE TEMP TABLE fresh AS
        SELECT (SELECT coalesce(max(hashtag), 0) FROM hashtags) + row_number() OVER () AS hashtag, id, title
        FROM (SELECT id, any_value(title) AS title FROM tagged ANTI JOIN hashtag_ids USING (id) GROUP BY id)""",
    "INSERT INTO hashtags (hashtag, name, id) SELECT hashtag, title, id FROM fresh",
    "INSERT INTO hashtag_keys SELECT nfc_normalize(lower(title)), hashtag FROM fresh ON CONFLICT DO NOTHING",
    "INSERT INTO hashtag_ids SELECT id, hashtag FROM fresh ON CONFLICT DO NOTHING",
    """INSERT INTO video_ids
        SELECT b.id, coalesce(v.video, (SELECT coalesce(max(video), 0) FROM video_ids) + row_number() OVER ()), b.digest
        FROM batch b LEFT JOIN video_ids v ON v.id = b.id
        ON CONFLICT (id) DO UPDATE SET digest = excluded.digest""",
    """CREATE OR REPLACE TEMP TABLE linked AS
        SELECT h.hashtag, t.author, v.video, t.plays FROM tagged t JOIN hashtag_ids h ON h.id = t.id JOIN video_ids v ON v.id = t.video_id""",
    """INSERT INTO videos
        SELECT v.video, b.id, b.author.id, b.createTime, b.collectTime, b.stats.playCount, b.stats.diggCount,
            b.stats.commentCount, b.stats.shareCount, b.stats.collectCount, l.tags, b."desc", b.video.cover,
            b.video.duration, b.video.playAddr, b.music.id, b.music.title, b.music.authorName, b.music.original,
            b.music.duration, b.author.uniqueId, b.author.nickname
        FROM batch b JOIN video_ids v ON v.id = b.id
        LEFT JOIN (SELECT video, list(hashtag) AS tags FROM linked GROUP BY video) l ON l.video = v.video
        ON CONFLICT (video) DO UPDATE SET observed_at = excluded.observed_at, plays = excluded.plays,
            likes = excluded.likes, comments = excluded.comments, shares = excluded.shares, saves = excluded.saves,
            tags = excluded.tags, title = excluded.title, cover = excluded.cover, play = excluded.play
            WHERE excluded.observed_at > videos.observed_at""",
    """INSERT INTO links
        SELECT hashtag, author, video, plays FROM linked
        ON CONFLICT (hashtag, author, video) DO UPDATE SET plays = excluded.plays""",
    """INSERT INTO video_snapshots
        SELECT v.video, b.collectTime, 1, b.stats.playCount, b.stats.diggCount, b.stats.commentCount,
            b.stats.shareCount, b.stats.collectCount
        FROM batch b JOIN video_ids v ON v.id = b.id ON CONFLICT DO NOTHING""",
]

SUMS = """
UPDATE hashtags SET held_videos = s.videos, held_views = s.views, held_creators = s.creators
FROM (SELECT hashtag, count(*) AS videos, sum(plays) AS views, count(DISTINCT author) AS creators
    FROM links GROUP BY hashtag) s
WHERE s.hashtag = hashtags.hashtag AND (s.videos, s.views, s.creators)
    IS DISTINCT FROM (hashtags.held_videos, hashtags.held_views, hashtags.held_creators)
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("videos")
    parser.add_argument("database")
    parser.add_argument("--memory-mb", type=int, help="memory_limit; none unless told")
    parser.add_argument("--batch", type=int, help="videos in one transaction; all unless told")
    options = parser.parse_args()
    try:
        told = fill(options)
    except duckdb.OutOfMemoryException as why:
        told = {"error": "out of memory: " + str(why).splitlines()[0][:120]}
    print(json.dumps(told))


def fill(options):
    db = duckdb.connect(options.database)
    db.execute("SET preserve_insertion_order = false")
    if options.memory_mb:
        db.execute(f"SET memory_limit = '{options.memory_mb}MB'")
    db.execute(SCHEMA)
    db.execute(READ, [options.videos])
    records = db.execute("SELECT count(*) FROM raw").fetchone()[0]
    size = options.batch or max(records, 1)
    for low in range(0, records, size):
        db.execute("BEGIN")
        for statement in BATCH:
            parts = {"low": low, "high": low + size} if "$low" in statement else None
            db.execute(statement, parts)
        db.execute("COMMIT")
    db.execute(SUMS)
    db.execute("CHECKPOINT")
    tables = ["videos", "hashtags", "links", "video_snapshots"]
    held = {t: db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables}
    return {"records": records, **held}


if __name__ == "__main__":
    main()

"""DuckDB over the rows of a Tagmeter store: a database with the same rows, and the SQL that answers the same questions.

    python duck_questions.py STORE DATABASE    fills DATABASE, then answers questions from standard input

A question is a line of JSON, {"ask": NAME, "with": {...}}; its answer {"seconds": ..., "rows": [...]}. The rows of links
and readings lie in the order of their hashtag, and what is looked up has an index: what a reasonable user would do.
"""
import json
import pathlib
import sqlite3
import sys
import time

import duckdb

# Table by table: of which file, its columns there, where from in which order, and what they are read into.
ROWS = [
    (
        "catalog.db", "hashtags",
        ["hashtag", "name", "id", "coalesce(views, held_views)", "held_videos", "held_creators", "held_views", "views",
         "creators", "videos", "rounded",
         "nullif(max(ifnull(views_at, 0), ifnull(creators_at, 0), ifnull(videos_at, 0)), 0)"],
        "hashtags ORDER BY hashtag",
        """hashtag INTEGER PRIMARY KEY, name VARCHAR NOT NULL, id BIGINT, views BIGINT, held_videos BIGINT,
            held_creators BIGINT, held_views BIGINT, told_views BIGINT, told_creators BIGINT, told_videos BIGINT,
            rounded INTEGER, reported_at BIGINT""",
    ),
    (
        "catalog.db", "links",
        ["hashtag", "author", "video"],
        "links ORDER BY hashtag, author, video",
        "hashtag INTEGER NOT NULL, author BIGINT NOT NULL, video INTEGER NOT NULL",
    ),
    (
        "catalog.db", "told",
        ["video", "id", "author", "create_time", "observed_at", "plays", "likes", "comments", "shares", "saves"],
        "videos ORDER BY video",
        """video INTEGER, id BIGINT, author BIGINT, create_time BIGINT, observed_at BIGINT, plays BIGINT, likes BIGINT,
            comments BIGINT, shares BIGINT, saves BIGINT""",
    ),
    (
        "catalog.db", "readings",
        ["hashtag", "observed_at", "source", "views", "creators", "videos", "rounded"],
        "hashtag_snapshots ORDER BY hashtag, observed_at",
        """hashtag INTEGER NOT NULL, observed_at BIGINT NOT NULL, source INTEGER, views BIGINT, creators BIGINT,
            videos BIGINT, rounded INTEGER""",
    ),
    (
        "walks.db", "trends",
        ["hashtag", "trend_window", "read_at", "views", "emerging", "velocity", "growth", "zscore", "acceleration"],
        "trends ORDER BY hashtag, trend_window",
        """hashtag INTEGER, trend_window INTEGER, read_at BIGINT, views BIGINT, emerging DOUBLE, velocity DOUBLE,
            growth DOUBLE, zscore DOUBLE, acceleration DOUBLE, PRIMARY KEY (hashtag, trend_window)""",
    ),
]
FINISH = [
    """CREATE TABLE videos AS SELECT t.*, l.tags FROM told t
        LEFT JOIN (SELECT video, list(hashtag) AS tags FROM links GROUP BY video) l USING (video) ORDER BY video""",
    "DROP TABLE told",
    "CREATE UNIQUE INDEX videos_by_number ON videos (video)",
    "CREATE INDEX hashtags_by_id ON hashtags (id)",
    "CREATE INDEX hashtags_by_name ON hashtags (name)",
    "CREATE INDEX links_of_hashtag ON links (hashtag)",
    "CREATE INDEX readings_of_hashtag ON readings (hashtag)",
    "CHECKPOINT",
]

DAY_MS = 86_400_000
# The Gini coefficient of a table `p` with a column of plays.
GINI = """SELECT 2 * sum(i * plays) / (any_value(n) * any_value(s)) - (any_value(n) + 1) / any_value(n)
    FROM (SELECT plays::DOUBLE AS plays, row_number() OVER (ORDER BY plays) AS i, count(*) OVER () AS n,
        sum(plays::DOUBLE) OVER () AS s FROM p)"""
PLAYS_OF_CREATORS = """p AS (SELECT l.author, count(*) AS videos, sum(v.plays) AS plays
    FROM links l JOIN videos v USING (video) WHERE l.hashtag = $h GROUP BY l.author)"""
SOURCES = [
    "synthetic", "web-item", "zeeschuimer", "node-share", "web-challenge", "web-search", "discover", "tiktok-scraper",
    "mobile-aweme", "mobile-challenge", "series", "contract", "apify", "yt-dlp", "creative-center", "research-api", "mapped",
]
# Times in exports: texts in JSON, times in Parquet.
MOMENTS = [
    "CREATE OR REPLACE MACRO moment_json(ms) AS strftime(epoch_ms(ms), '%Y-%m-%dT%H:%M:%SZ')",
    "CREATE OR REPLACE MACRO moment_parquet(ms) AS epoch_ms(ms)",
]


def total(name):
    """A total and its basis: as it was told, else as the videos held add up."""
    told, held = f"told_{name}", f"nullif(held_{name}, 0)"
    return f"""coalesce({told}, {held}) AS {name},
            CASE WHEN {told} IS NOT NULL THEN 'reported' WHEN {held} IS NOT NULL THEN 'observed' END AS {name}_basis"""


RATE = "(v.likes + v.comments + v.shares + v.saves) / nullif(v.plays, 0)"

QUESTIONS = {
    "show": [
        "SELECT * FROM hashtags WHERE id = $id",
        f"""WITH r AS (SELECT observed_at AS newest, views FROM readings WHERE hashtag = $h),
                n AS (SELECT max(newest) AS newest, arg_max(views, newest) AS views FROM r)
            SELECT days, any_value(n.views) - arg_max(r.views, r.newest) AS gain FROM n, r,
                (VALUES (1), (2), (7), (14), (30), (60)) AS w(days)
            WHERE r.newest <= n.newest - days::BIGINT * {DAY_MS} GROUP BY days ORDER BY days""",
        f"WITH {PLAYS_OF_CREATORS} {GINI}",
    ],
    "videos": [
        f"""WITH top AS (SELECT v.*, {RATE} AS rate FROM links l JOIN videos v USING (video) WHERE l.hashtag = $h
                ORDER BY v.plays DESC, v.id DESC LIMIT 20)
            SELECT top.id, any_value(top.plays), any_value(rate), list(h.name)
            FROM (SELECT *, unnest(tags) AS tag FROM top) top JOIN hashtags h ON h.hashtag = top.tag
            GROUP BY top.id ORDER BY any_value(top.plays) DESC, top.id DESC""",
    ],
    "history": [
        f"""SELECT observed_at // {DAY_MS} AS day, arg_max(views, observed_at) FROM readings WHERE hashtag = $h
            GROUP BY day ORDER BY day""",
    ],
    "benchmark": [
        f"""WITH v AS (SELECT v.plays, {RATE} AS rate, (v.observed_at - v.create_time * 1000) / {DAY_MS} AS age
                FROM links l JOIN videos v USING (video) WHERE l.hashtag = $h)
            SELECT band, count(*), quantile_cont(plays, [0.1, 0.25, 0.5, 0.75, 0.9, 0.99]),
                quantile_cont(rate, [0.1, 0.25, 0.5, 0.75, 0.9, 0.99])
            FROM (SELECT *, CASE WHEN age < 1 THEN 0 WHEN age < 7 THEN 1 WHEN age < 30 THEN 2 WHEN age < 90 THEN 3
                ELSE 4 END AS band FROM v) GROUP BY GROUPING SETS ((band), ()) ORDER BY band""",
    ],
    "related": [
        """WITH b AS (SELECT tag, count(*) AS together FROM (SELECT unnest(v.tags) AS tag FROM links l
                    JOIN videos v USING (video) WHERE l.hashtag = $h) WHERE tag <> $h GROUP BY tag
                HAVING count(*) >= 2 ORDER BY together DESC LIMIT 2000),
                n AS (SELECT count(*)::DOUBLE AS n FROM videos),
                a AS (SELECT held_videos::DOUBLE AS a FROM hashtags WHERE hashtag = $h)
            SELECT h.name, together, ln(together * n / (a * h.held_videos)) / -ln(together / n) AS npmi
            FROM b JOIN hashtags h ON h.hashtag = b.tag, n, a ORDER BY npmi * ln(1 + together) DESC LIMIT 20""",
    ],
    "creators": [
        f"WITH {PLAYS_OF_CREATORS} SELECT author, videos, plays FROM p ORDER BY plays DESC, author LIMIT 20",
        f"WITH {PLAYS_OF_CREATORS} {GINI}",
    ],
    "compare": [
        f"""SELECT hashtag, observed_at // {DAY_MS} AS day, arg_max(views, observed_at) FROM readings
            WHERE hashtag IN ($h, $b, $c) GROUP BY ALL ORDER BY ALL""",
        """WITH v AS (SELECT hashtag, author, video FROM links WHERE hashtag IN ($h, $b, $c))
            SELECT one.hashtag, other.hashtag, count(*) FROM v one JOIN v other USING (video) GROUP BY ALL""",
        """SELECT l.hashtag, count(*), count(DISTINCT l.author), sum(v.likes + v.comments + v.shares + v.saves)
            FROM links l JOIN videos v USING (video) WHERE l.hashtag IN ($h, $b, $c) GROUP BY ALL""",
    ],
    "search": [
        "SELECT id, name, views FROM hashtags WHERE name LIKE '%' || $word || '%' ORDER BY views DESC LIMIT 20",
    ],
    "trending": [
        """SELECT t.*, h.* FROM (SELECT * FROM trends WHERE trend_window = $window AND views >= $least
            ORDER BY emerging DESC NULLS LAST, hashtag LIMIT 20) t JOIN hashtags h USING (hashtag)
            ORDER BY emerging DESC, hashtag""",
    ],
    # The same columns as ours, in the same form.
    "export hashtags": [
        f"""COPY (SELECT id::VARCHAR AS id, name, {total("views")}, rounded & 1 = 1 AS views_rounded, {total("creators")},
            {total("videos")}, moment_$format(reported_at) AS reported_at, held_videos AS observed_videos,
            held_views AS observed_views, nullif(held_creators, 0) AS observed_creators FROM hashtags ORDER BY hashtag)
            TO '$file' (FORMAT $format)""",
    ],
    "export history": [
        f"""COPY (SELECT h.id::VARCHAR AS hashtag_id, h.name AS hashtag, moment_$format(r.observed_at) AS observed_at,
            {SOURCES}[r.source] AS source, r.views, r.creators, r.videos, r.rounded & 1 = 1 AS views_rounded,
            CASE WHEN r.views IS NOT NULL THEN CASE WHEN r.rounded & 1 = 0 OR r.views < 10000 THEN 1
                WHEN r.views < 1000000 THEN 100 WHEN r.views < 1000000000 THEN 100000 ELSE 100000000 END END AS views_step
            FROM readings r JOIN hashtags h USING (hashtag)) TO '$file' (FORMAT $format)""",
    ],
    # Velocity, growth, acceleration and z-score of all series in three windows, and ranks of them: without repairs,
    # momentum, novelty, concentration and the score.
    "all trends": [
        f"""CREATE OR REPLACE TABLE made AS
            WITH w AS (SELECT unnest([1, 7, 30]) AS days),
                n AS (SELECT hashtag, max(observed_at) AS newest, arg_max(views, observed_at) AS views, count(*) AS readings
                    FROM readings GROUP BY hashtag HAVING count(*) >= 2),
                p AS (SELECT n.*, days, newest - days::BIGINT * {DAY_MS} AS one, newest - 2 * days::BIGINT * {DAY_MS} AS two
                    FROM n, w),
                a AS (SELECT p.*, r.views AS before, r.observed_at AS since FROM p ASOF LEFT JOIN readings r
                    ON r.hashtag = p.hashtag AND r.observed_at <= p.one),
                b AS (SELECT a.*, r.views AS earlier, r.observed_at AS earlier_at FROM a ASOF LEFT JOIN readings r
                    ON r.hashtag = a.hashtag AND r.observed_at <= a.two),
                d AS (SELECT hashtag, views, observed_at, lag(views) OVER s AS was, lag(observed_at) OVER s AS was_at
                    FROM readings WINDOW s AS (PARTITION BY hashtag ORDER BY observed_at)),
                z AS (SELECT hashtag, avg((views - was) / (observed_at - was_at)) AS usual,
                    stddev((views - was) / (observed_at - was_at)) AS spread FROM d WHERE was_at < observed_at
                    GROUP BY hashtag),
                t AS (SELECT b.hashtag, days, newest, b.views, readings, (b.views - before) / (newest - since) AS velocity,
                    (b.views - before) / nullif(before, 0) AS growth,
                    (before - earlier) / nullif(since - earlier_at, 0) AS velocity_before, usual, spread
                    FROM b LEFT JOIN z USING (hashtag))
            SELECT *, velocity - velocity_before AS acceleration, (velocity - usual) / nullif(spread, 0) AS zscore,
                percent_rank() OVER (PARTITION BY days, floor(log10(views + 1)) ORDER BY growth) AS rank FROM t""",
    ],
}


def fill(store, database):
    part = database.with_suffix(".part")
    part.unlink(missing_ok=True)
    rows = database.with_suffix(".csv")
    db = duckdb.connect(str(part))
    for file, table, columns, source, kinds in ROWS:
        # Joined by SQLite, which is much faster than here; names of made-up hashtags have no commas.
        line = " || ',' || ".join(f"ifnull({column}, '')" for column in columns)
        with sqlite3.connect(f"file:{store / file}?mode=ro", uri=True) as held, open(rows, "w") as out:
            cursor = held.execute(f"SELECT {line} FROM {source}")
            while some := cursor.fetchmany(100_000):
                out.write("\n".join(row for (row,) in some) + "\n")
        db.execute(f"CREATE TABLE {table} ({kinds})")
        db.execute(f"COPY {table} FROM '{rows}' (FORMAT csv, HEADER false, NULLSTR '')")
        rows.unlink()
    for statement in FINISH:
        db.execute(statement)
    db.close()
    part.rename(database)


def answer(db, asked):
    told, rows = asked["with"], []
    began = time.perf_counter()
    for statement in QUESTIONS[asked["ask"]]:
        # What DuckDB takes no parameter for.
        for name in ["file", "format"]:
            statement = statement.replace("$" + name, str(told.get(name)))
        parameters = {name: value for name, value in told.items() if "$" + name in statement}
        rows.append(db.execute(statement, parameters).fetchall())
    return {"seconds": time.perf_counter() - began, "rows": rows[0][:100] if "export" not in asked["ask"] else []}


def main():
    store, database = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    if not database.exists():
        fill(store, database)
    db = duckdb.connect(str(database))
    for macro in MOMENTS:
        db.execute(macro)
    print(json.dumps({"version": duckdb.__version__}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(db, json.loads(line)), default=str), flush=True)


if __name__ == "__main__":
    main()

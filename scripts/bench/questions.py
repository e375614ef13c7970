"""What is asked in `bench.sh measure`: paths of ours with the question of DuckDB's that is the same, by hashtag."""
import random
import sqlite3

# How many videos the hashtags of a size have: most of a store are small, a few have a good part of all videos.
SIZES = [("few videos", 10, 100), ("1,000s", 1_000, 5_000), ("largest", 20_000, None)]
# Calls of a round, by the size of the hashtag.
CALLS = {"few videos": 200, "1,000s": 40, "largest": 3}
OF_A_HASHTAG = {
    "show": "/v1/hashtags/{id}",
    "videos": "/v1/hashtags/{id}/videos?sort=plays&limit=20",
    "benchmark": "/v1/hashtags/{id}/benchmark",
    "related": "/v1/hashtags/{id}/related?limit=20",
    "creators": "/v1/hashtags/{id}/creators?limit=20",
    "compare": "/v1/compare?tags={id},{b_id},{c_id}&step=day",
}
HISTORY = {
    "history": "/v1/hashtags/{id}/history?step=day",
    "chart": "/v1/hashtags/{id}/history.svg",
}
WINDOWS = {"24h": 1, "7d": 2, "30d": 3}
# Least views that are asked for: any, and what one in some hundred has.
LEAST = [0, 1_000_000_000, 100_000_000_000]
WORDS = ["tag", "of1", "my12", "the1", "go77", "123", "4567", "tagof1", "tagthe99", "tag2000"]


class Cell:
    """One row of the table: calls of ours, and of DuckDB's where there is the same question."""

    def __init__(self, name, calls, asked=None):
        self.name, self.calls, self.asked = name, calls, asked


def cells(store):
    """The cells and what the hashtags are that are asked for, always the same over the same rows."""
    catalog = sqlite3.connect(f"file:{store / 'catalog.db'}?mode=ro", uri=True)
    made = []
    for size, least, most in SIZES:
        some = sample(catalog, "held_videos", least, most, CALLS[size])
        made += [cell(f"{name}, {size}", path, name, some) for name, path in OF_A_HASHTAG.items()] if some else []
    for name, least, most in [("a few readings", 4, 8), ("120", 100, 200), ("720", 500, None)]:
        some = sample_of_series(catalog, least, most)
        made += [cell(f"{what}, {name}", path, what, some) for what, path in HISTORY.items()]
    catalog.close()
    for least in LEAST:
        calls = [(f"/v1/trending?window={name}&limit=20&min_views={least}", {"window": number, "least": least})
                 for name, number in WINDOWS.items()] * 67
        made.append(Cell(f"trending, from {least:,} views", calls, "trending"))
    calls = [(f"/v1/hashtags?query={word}&sort=views&limit=20", {"word": word}) for word in WORDS] * 5
    made.append(Cell("search, by views", calls, "search"))
    return made


def sample(catalog, column, least, most, count):
    rows = catalog.execute(
        f"SELECT hashtag, id FROM hashtags WHERE id IS NOT NULL AND {column} >= ? AND {column} <= ? ORDER BY {column} DESC",
        [least, most or 1 << 60],
    ).fetchall()
    # Of the largest the very largest.
    return random.Random(7).sample(rows, min(count, len(rows))) if most else rows[:count]


def sample_of_series(catalog, least, most, count=200):
    rows = catalog.execute("SELECT hashtag, id FROM hashtags WHERE id IS NOT NULL").fetchall()
    random.Random(11).shuffle(rows)
    chosen = []
    for row in rows:
        if len(chosen) == count:
            break
        counted = catalog.execute("SELECT count(*) FROM hashtag_snapshots WHERE hashtag = ?", [row[0]]).fetchone()[0]
        if least <= counted <= (most or counted):
            chosen.append(row)
    return chosen


def cell(name, path, asked, some):
    calls = []
    for place, (row, id) in enumerate(some):
        (b, b_id), (c, c_id) = some[(place + 1) % len(some)], some[(place + 2) % len(some)]
        told = {"h": row, "b": b, "c": c, "id": id}
        calls.append((path.format(id=id, b_id=b_id, c_id=c_id), told))
    return Cell(name, calls, None if asked == "chart" else asked)

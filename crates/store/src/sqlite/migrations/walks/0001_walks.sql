-- Frozen rankings of the videos under a hashtag, which the cursors of walks point into. All of this file can be made again;
-- cursors into what is lost are refused and the walk begins anew. `head` is the packed JSON of the first videos, each
-- behind its length (4 bytes, lowest first): most walks are asked for one page, which then is one read in place of many.
CREATE TABLE generations (
    generation INTEGER PRIMARY KEY,
    slot       INTEGER NOT NULL,
    store      BLOB NOT NULL,
    hashtag    INTEGER NOT NULL,
    region     INTEGER NOT NULL,
    changed    INTEGER NOT NULL,
    built_at   INTEGER NOT NULL,
    videos     INTEGER NOT NULL,
    head       BLOB NOT NULL
) STRICT;
CREATE INDEX generations_of_hashtag ON generations (hashtag, region, generation);
CREATE INDEX generations_by_slot ON generations (slot);
CREATE INDEX generations_by_age ON generations (built_at);

-- Rows of the videos in order, 8 bytes each, lowest byte first, a fixed number a chunk.
CREATE TABLE generation_chunks (
    generation INTEGER NOT NULL,
    chunk      INTEGER NOT NULL,
    videos     BLOB NOT NULL,
    PRIMARY KEY (generation, chunk)
) STRICT, WITHOUT ROWID;

-- When an upstream was last asked for what. Kind: 1 = a hashtag by id, 2 = by name, 3 = videos, 4 = a search.
CREATE TABLE asks (
    store    BLOB    NOT NULL,
    kind     INTEGER NOT NULL,
    key      TEXT    NOT NULL,
    at_ms    INTEGER NOT NULL,
    is_found INTEGER NOT NULL,
    cursor   INTEGER,
    has_more INTEGER NOT NULL,
    PRIMARY KEY (store, kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX asks_by_age ON asks (at_ms);

-- How hashtags move within a window of time (1 = a day, 2 = a week, 3 = 30 days), as of their newest reading. `facts` is
-- all that is known of it, as whoever worked it out wrote it; the numbers beside it are what lists are ordered by.
CREATE TABLE trends (
    hashtag      INTEGER NOT NULL,
    trend_window INTEGER NOT NULL,
    read_at      INTEGER NOT NULL,
    readings     INTEGER NOT NULL,
    views        INTEGER NOT NULL,
    emerging     REAL,
    velocity     REAL,
    growth       REAL,
    zscore       REAL,
    acceleration REAL,
    facts        BLOB NOT NULL,
    PRIMARY KEY (hashtag, trend_window)
) STRICT, WITHOUT ROWID;
CREATE INDEX trends_by_emerging ON trends (trend_window, emerging DESC, hashtag, views, read_at)
    WHERE emerging IS NOT NULL;
CREATE INDEX trends_by_velocity ON trends (trend_window, velocity DESC, hashtag, views, read_at)
    WHERE velocity IS NOT NULL;
CREATE INDEX trends_by_growth ON trends (trend_window, growth DESC, hashtag, views, read_at)
    WHERE growth IS NOT NULL;
CREATE INDEX trends_by_zscore ON trends (trend_window, zscore DESC, hashtag, views, read_at)
    WHERE zscore IS NOT NULL;
CREATE INDEX trends_by_acceleration ON trends (trend_window, acceleration DESC, hashtag, views, read_at)
    WHERE acceleration IS NOT NULL;
CREATE INDEX trends_by_views ON trends (trend_window, views);
CREATE INDEX trends_by_age ON trends (trend_window, read_at);

-- What trends of a window are compared with, and how many trends it was made of.
CREATE TABLE trend_peers (
    trend_window INTEGER PRIMARY KEY,
    peers        BLOB NOT NULL,
    made_of      INTEGER NOT NULL
) STRICT;

-- One row: of which store, up to which change of it, trends are worked out, and when the newest reading of all was made.
CREATE TABLE trend_state (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    store     BLOB NOT NULL,
    sequence  INTEGER NOT NULL,
    newest_at INTEGER
) STRICT;

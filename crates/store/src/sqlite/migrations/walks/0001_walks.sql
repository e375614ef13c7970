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

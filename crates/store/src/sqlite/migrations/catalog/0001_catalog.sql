-- Hashtags, videos, what links them, and every reading of either.

-- One row: who this store is (a search index belongs to one store) and how often it has changed.
CREATE TABLE store (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    identity BLOB NOT NULL,
    sequence INTEGER NOT NULL
) STRICT;
INSERT INTO store (one, identity, sequence) VALUES (1, randomblob(16), 0);

-- The newest totals that were told, each with the time it was read (null: the source told no time), beside what the
-- videos held add up to. `rounded` has bit 1 for views, 2 for creators, 4 for videos. What is held came from
-- `held_sources` and is to be told with `held_caveats`: bit n is set for the one with number n.
CREATE TABLE hashtags (
    hashtag         INTEGER PRIMARY KEY,
    name            TEXT NOT NULL,
    id              INTEGER,
    changed         INTEGER NOT NULL,
    held_videos     INTEGER NOT NULL DEFAULT 0,
    held_views      INTEGER NOT NULL DEFAULT 0,
    held_creators   INTEGER NOT NULL DEFAULT 0,
    held_sources    INTEGER NOT NULL DEFAULT 0,
    held_caveats    INTEGER NOT NULL DEFAULT 0,
    views           INTEGER,
    views_at        INTEGER,
    creators        INTEGER,
    creators_at     INTEGER,
    videos          INTEGER,
    videos_at       INTEGER,
    rounded         INTEGER NOT NULL DEFAULT 0,
    description     TEXT,
    is_pgcshow      INTEGER,
    is_commerce     INTEGER,
    is_challenge    INTEGER,
    is_strong_music INTEGER,
    kind            INTEGER,
    cover           TEXT,
    details_at      INTEGER
) STRICT;

-- The ways to a hashtag: its key, and each id that was ever told for it (rarely two).
CREATE TABLE hashtag_keys (
    key     TEXT PRIMARY KEY,
    hashtag INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE hashtag_ids (
    id      INTEGER PRIMARY KEY,
    hashtag INTEGER NOT NULL
) STRICT;

-- TikTok's id to the row of a video, with the digest of the record last read, so that the same record again costs one
-- look-up. Rows are given in order of arrival: what is new is always appended, whatever the order of the ids.
CREATE TABLE video_ids (
    id     INTEGER PRIMARY KEY,
    video  INTEGER NOT NULL,
    digest INTEGER NOT NULL
) STRICT;

-- The newest count that was told of each kind. A count read at another time than `observed_at` has its own time.
-- `rounded` has a bit for each count in the order of the columns. `tags` is the hashtags' row numbers, 4 bytes each,
-- lowest byte first. Narrow, so that what is measured of many videos is on few pages.
CREATE TABLE videos (
    video        INTEGER PRIMARY KEY,
    id           INTEGER NOT NULL,
    author       INTEGER,
    create_time  INTEGER,
    region       INTEGER NOT NULL,
    observed_at  INTEGER,
    plays        INTEGER,
    likes        INTEGER,
    comments     INTEGER,
    shares       INTEGER,
    saves        INTEGER,
    downloads    INTEGER,
    rounded      INTEGER NOT NULL,
    plays_at     INTEGER,
    likes_at     INTEGER,
    comments_at  INTEGER,
    shares_at    INTEGER,
    saves_at     INTEGER,
    downloads_at INTEGER,
    tags         BLOB NOT NULL
) STRICT;

-- The video object of the contract, ready to send: its values as a JSON array, one a line, without the names.
CREATE TABLE video_fragments (
    video  INTEGER PRIMARY KEY,
    packed BLOB NOT NULL
) STRICT;

-- Which videos are under a hashtag. Author first, so that whether an author is new to a hashtag is one look at the
-- place where the link goes anyway; 0 is "not told". Plays and region are what a ranking needs.
CREATE TABLE links (
    hashtag INTEGER NOT NULL,
    author  INTEGER NOT NULL,
    video   INTEGER NOT NULL,
    plays   INTEGER NOT NULL,
    region  INTEGER NOT NULL,
    PRIMARY KEY (hashtag, author, video)
) STRICT, WITHOUT ROWID;

-- Every reading that has a time of its own. Null is "not told".
CREATE TABLE hashtag_snapshots (
    hashtag     INTEGER NOT NULL,
    observed_at INTEGER NOT NULL,
    source      INTEGER NOT NULL,
    views       INTEGER,
    creators    INTEGER,
    videos      INTEGER,
    rounded     INTEGER NOT NULL,
    PRIMARY KEY (hashtag, observed_at, source)
) STRICT, WITHOUT ROWID;
CREATE TABLE video_snapshots (
    video       INTEGER NOT NULL,
    observed_at INTEGER NOT NULL,
    source      INTEGER NOT NULL,
    plays       INTEGER,
    likes       INTEGER,
    comments    INTEGER,
    shares      INTEGER,
    saves       INTEGER,
    downloads   INTEGER,
    rounded     INTEGER NOT NULL,
    PRIMARY KEY (video, observed_at, source)
) STRICT, WITHOUT ROWID;

-- Sums over a window of time, as TikTok's Creative Center tells them: never mixed with lifetime totals. A country of ''
-- and a length of 0 days are not told.
CREATE TABLE hashtag_windows (
    hashtag     INTEGER NOT NULL,
    observed_at INTEGER NOT NULL,
    source      INTEGER NOT NULL,
    country     TEXT NOT NULL,
    window_days INTEGER NOT NULL,
    views       INTEGER,
    posts       INTEGER,
    rank        INTEGER,
    industry    TEXT NOT NULL,
    PRIMARY KEY (hashtag, observed_at, source, country, window_days)
) STRICT, WITHOUT ROWID;

-- Which hashtags each commit touched (row numbers, 4 bytes each, lowest byte first, ascending): what the search index
-- and the hot cache follow. Old rows may be pruned; a follower that finds a gap starts anew.
CREATE TABLE changes (
    sequence INTEGER PRIMARY KEY,
    hashtags BLOB NOT NULL
) STRICT;

-- What finished walks saw, the newest few of each hashtag and region (0 for all). `videos` is the rows of the videos,
-- ascending, each as its distance from the one before, 7 bits a byte, lowest first.
CREATE TABLE walk_runs (
    hashtag       INTEGER NOT NULL,
    region        INTEGER NOT NULL,
    job_id        BLOB    NOT NULL CHECK (length(job_id) = 16),
    at_ms         INTEGER NOT NULL,
    unique_videos INTEGER NOT NULL,
    videos        BLOB    NOT NULL,
    PRIMARY KEY (hashtag, region, job_id)
) STRICT;

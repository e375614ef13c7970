-- Hashtags, videos, what links them, and every reading of either: the tables of SQLite's step of the same name.
--
-- On a cluster what belongs to a hashtag lies together, by `hashtag`; what belongs to a video, by `video`; the ways to a
-- row, by what is looked up. So each unique key begins with, or is, the column its table is spread by.

-- One row: who this store is, how often it has changed, and the row numbers that come next. Writers of the catalog take
-- turns by locking it.
CREATE TABLE tagmeter.store (
    one          bigint PRIMARY KEY CHECK (one = 1),
    identity     bytea  NOT NULL CHECK (length(identity) = 16),
    sequence     bigint NOT NULL,
    next_hashtag bigint NOT NULL,
    next_video   bigint NOT NULL
);
INSERT INTO tagmeter.store (one, identity, sequence, next_hashtag, next_video)
VALUES (1, uuid_send(gen_random_uuid()), 0, 1, 1);

-- One row: the last change that followers may act on. On one server it is the last that was made. On a cluster a commit
-- is done on one server after the other, so a change is told when all of them are done with it, in a transaction of its
-- own: who read a hashtag in between and found it as before would not look again.
CREATE TABLE tagmeter.told (
    one      bigint PRIMARY KEY CHECK (one = 1),
    sequence bigint NOT NULL
);
INSERT INTO tagmeter.told (one, sequence) VALUES (1, 0);

-- The newest totals that were told, each with the time it was read (null: the source told no time), beside what the
-- videos held add up to. `rounded` has bit 1 for views, 2 for creators, 4 for videos. What is held came from
-- `held_sources` and is to be told with `held_caveats`: bit n is set for the one with number n.
CREATE TABLE tagmeter.hashtags (
    hashtag         bigint PRIMARY KEY,
    name            text COLLATE "C" NOT NULL,
    id              bigint,
    changed         bigint NOT NULL,
    held_videos     bigint NOT NULL DEFAULT 0,
    held_views      bigint NOT NULL DEFAULT 0,
    held_creators   bigint NOT NULL DEFAULT 0,
    held_sources    bigint NOT NULL DEFAULT 0,
    held_caveats    bigint NOT NULL DEFAULT 0,
    views           bigint,
    views_at        bigint,
    creators        bigint,
    creators_at     bigint,
    videos          bigint,
    videos_at       bigint,
    rounded         bigint NOT NULL DEFAULT 0,
    description     text,
    is_pgcshow      boolean,
    is_commerce     boolean,
    is_challenge    boolean,
    is_strong_music boolean,
    kind            bigint,
    cover           text,
    details_at      bigint
);

-- The ways to a hashtag: its key, and each id that was ever told for it (rarely two).
CREATE TABLE tagmeter.hashtag_keys (
    key     text COLLATE "C" PRIMARY KEY,
    hashtag bigint NOT NULL
);
CREATE TABLE tagmeter.hashtag_ids (
    id      bigint PRIMARY KEY,
    hashtag bigint NOT NULL
);

-- TikTok's id to the row of a video, with the digest of the record last read, so that the same record again costs one
-- look-up.
CREATE TABLE tagmeter.video_ids (
    id     bigint PRIMARY KEY,
    video  bigint NOT NULL,
    digest bigint NOT NULL
);

-- The newest count that was told of each kind. A count read at another time than `observed_at` has its own time.
-- `rounded` has a bit for each count in the order of the columns. `tags` is the hashtags' row numbers, 4 bytes each,
-- lowest byte first. Narrow, so that what is measured of many videos is on few pages.
CREATE TABLE tagmeter.videos (
    video        bigint PRIMARY KEY,
    id           bigint NOT NULL,
    author       bigint,
    create_time  bigint,
    region       bigint NOT NULL,
    observed_at  bigint,
    plays        bigint,
    likes        bigint,
    comments     bigint,
    shares       bigint,
    saves        bigint,
    downloads    bigint,
    rounded      bigint NOT NULL,
    plays_at     bigint,
    likes_at     bigint,
    comments_at  bigint,
    shares_at    bigint,
    saves_at     bigint,
    downloads_at bigint,
    tags         bytea NOT NULL
);

-- The video object of the contract, ready to send: its values as a JSON array, one a line, without the names.
CREATE TABLE tagmeter.video_fragments (
    video  bigint PRIMARY KEY,
    packed bytea NOT NULL
);

-- Which videos are under a hashtag; author 0 is "not told". Plays and region are what a ranking needs; TikTok's id of
-- the video orders equal plays without a look at another shard.
CREATE TABLE tagmeter.links (
    hashtag bigint NOT NULL,
    author  bigint NOT NULL,
    video   bigint NOT NULL,
    id      bigint NOT NULL,
    plays   bigint NOT NULL,
    region  bigint NOT NULL,
    PRIMARY KEY (hashtag, author, video)
);

-- Every reading that has a time of its own. Null is "not told". Partitioned by year, so that old years can be moved or
-- dropped whole; years get their partition when the first reading of them comes in.
CREATE TABLE tagmeter.hashtag_snapshots (
    hashtag     bigint NOT NULL,
    observed_at bigint NOT NULL,
    source      bigint NOT NULL,
    views       bigint,
    creators    bigint,
    videos      bigint,
    rounded     bigint NOT NULL,
    PRIMARY KEY (hashtag, observed_at, source)
) PARTITION BY RANGE (observed_at);
CREATE TABLE tagmeter.video_snapshots (
    video       bigint NOT NULL,
    observed_at bigint NOT NULL,
    source      bigint NOT NULL,
    plays       bigint,
    likes       bigint,
    comments    bigint,
    shares      bigint,
    saves       bigint,
    downloads   bigint,
    rounded     bigint NOT NULL,
    PRIMARY KEY (video, observed_at, source)
) PARTITION BY RANGE (observed_at);

-- Sums over a window of time, as TikTok's Creative Center tells them: never mixed with lifetime totals. A country of ''
-- and a length of 0 days are not told.
CREATE TABLE tagmeter.hashtag_windows (
    hashtag     bigint NOT NULL,
    observed_at bigint NOT NULL,
    source      bigint NOT NULL,
    country     text COLLATE "C" NOT NULL,
    window_days bigint NOT NULL,
    views       bigint,
    posts       bigint,
    rank        bigint,
    industry    text NOT NULL,
    PRIMARY KEY (hashtag, observed_at, source, country, window_days)
);

-- Which hashtags each commit touched (row numbers, 4 bytes each, lowest byte first, ascending): what the search index
-- and the hot cache follow. Old rows are pruned; a follower that finds a gap starts anew.
CREATE TABLE tagmeter.changes (
    sequence bigint PRIMARY KEY,
    hashtags bytea NOT NULL
);

-- What finished walks saw, the newest few of each hashtag and region (0 for all). `videos` is the rows of the videos,
-- ascending, each as its distance from the one before, 7 bits a byte, lowest first.
CREATE TABLE tagmeter.walk_runs (
    hashtag       bigint NOT NULL,
    region        bigint NOT NULL,
    job_id        bytea  NOT NULL CHECK (length(job_id) = 16),
    at_ms         bigint NOT NULL,
    unique_videos bigint NOT NULL,
    videos        bytea  NOT NULL,
    PRIMARY KEY (hashtag, region, job_id)
);

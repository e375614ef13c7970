-- Frozen rankings, what the cursor of a walk points into, and what upstreams were asked for: the tables of SQLite's step of the same name. On a cluster
-- they lie with their hashtag. Numbers are given out by one sequence; a cursor carries `slot`.
CREATE SEQUENCE tagmeter.generation_numbers AS bigint;
CREATE TABLE tagmeter.generations (
    hashtag    bigint NOT NULL,
    generation bigint NOT NULL,
    slot       bigint NOT NULL,
    region     bigint NOT NULL,
    changed    bigint NOT NULL,
    built_at   bigint NOT NULL,
    videos     bigint NOT NULL,
    head       bytea  NOT NULL,
    PRIMARY KEY (hashtag, generation)
);
CREATE INDEX generations_by_slot ON tagmeter.generations (hashtag, slot);
CREATE INDEX generations_by_age ON tagmeter.generations (built_at);

-- Rows of the videos in order, 8 bytes each, lowest byte first, a fixed number a chunk.
CREATE TABLE tagmeter.generation_chunks (
    hashtag    bigint NOT NULL,
    generation bigint NOT NULL,
    chunk      bigint NOT NULL,
    videos     bytea  NOT NULL,
    PRIMARY KEY (hashtag, generation, chunk)
);

-- When an upstream was last asked for what. Kind: 1 = a hashtag by id, 2 = by name, 3 = videos, 4 = a search.
CREATE TABLE tagmeter.asks (
    key      text COLLATE "C" NOT NULL,
    kind     bigint  NOT NULL,
    at_ms    bigint  NOT NULL,
    is_found boolean NOT NULL,
    cursor   bigint,
    has_more boolean NOT NULL,
    PRIMARY KEY (key, kind)
);
CREATE INDEX asks_by_age ON tagmeter.asks (at_ms);

-- How hashtags move within a window of time (1 = a day, 2 = a week, 3 = 30 days), as of their newest reading. `facts` is
-- all that is known of it, as whoever worked it out wrote it; the numbers beside it are what lists are ordered by.
CREATE TABLE tagmeter.trends (
    hashtag      bigint NOT NULL,
    trend_window bigint NOT NULL,
    read_at      bigint NOT NULL,
    readings     bigint NOT NULL,
    views        bigint NOT NULL,
    emerging     double precision,
    velocity     double precision,
    growth       double precision,
    zscore       double precision,
    acceleration double precision,
    facts        bytea NOT NULL,
    PRIMARY KEY (hashtag, trend_window)
);
CREATE INDEX trends_by_emerging ON tagmeter.trends (trend_window, emerging DESC, hashtag) WHERE emerging IS NOT NULL;
CREATE INDEX trends_by_velocity ON tagmeter.trends (trend_window, velocity DESC, hashtag) WHERE velocity IS NOT NULL;
CREATE INDEX trends_by_growth ON tagmeter.trends (trend_window, growth DESC, hashtag) WHERE growth IS NOT NULL;
CREATE INDEX trends_by_zscore ON tagmeter.trends (trend_window, zscore DESC, hashtag) WHERE zscore IS NOT NULL;
CREATE INDEX trends_by_acceleration ON tagmeter.trends (trend_window, acceleration DESC, hashtag)
    WHERE acceleration IS NOT NULL;
CREATE INDEX trends_by_age ON tagmeter.trends (trend_window, read_at);

-- What trends of a window are compared with, and how many trends it was made of.
CREATE TABLE tagmeter.trend_peers (
    trend_window bigint PRIMARY KEY,
    peers        bytea NOT NULL,
    made_of      bigint NOT NULL
);

-- One row: up to which change of the catalog trends are worked out, and when the newest reading of all was made.
CREATE TABLE tagmeter.trend_state (
    one       bigint PRIMARY KEY CHECK (one = 1),
    sequence  bigint NOT NULL,
    newest_at bigint
);

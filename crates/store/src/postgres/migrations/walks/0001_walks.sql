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

-- When hashtags and videos came in, and what videos were before they changed, so that answers from videos can be given as of
-- a moment.

-- Rows of hashtags and videos are given out in the order in which they come in: those up to these had come in by this
-- moment. `from_before` is 1 where it is not stored when they came in, as an older version stored them: as of an earlier
-- moment nothing is known of videos.
CREATE TABLE tagmeter.arrivals (
    arrived_at  bigint PRIMARY KEY,
    hashtags    bigint NOT NULL,
    videos      bigint NOT NULL,
    from_before bigint NOT NULL
);

-- Videos as they were before they changed: known until `superseded_at`, not included. Hashtags are only ever added to a
-- video: it had the first `tags`.
CREATE TABLE tagmeter.video_superseded (
    video         bigint NOT NULL,
    superseded_at bigint NOT NULL,
    author        bigint,
    create_time   bigint,
    region        bigint NOT NULL,
    observed_at   bigint,
    rounded       bigint NOT NULL,
    plays         bigint,
    likes         bigint,
    comments      bigint,
    shares        bigint,
    saves         bigint,
    downloads     bigint,
    tags          bigint NOT NULL,
    removed_at    bigint,
    PRIMARY KEY (video, superseded_at)
);

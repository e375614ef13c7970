-- Videos that are no longer there, and videos that were forgotten: the columns and table of SQLite's step of the same name.

-- When a video was found removed, in milliseconds: the latest time that was reported. It is removed while no reading of it is
-- later. A removed video has no links; its readings stay.
ALTER TABLE tagmeter.videos ADD COLUMN removed_at bigint;
CREATE INDEX videos_removed ON tagmeter.videos (removed_at, observed_at) WHERE removed_at IS NOT NULL;

-- What must not come back: digests of forgotten videos, creators and handles, made with `store.forget_key`.
CREATE TABLE tagmeter.forgotten (
    digest bigint PRIMARY KEY
);

-- `videos_gone` counts rows of forgotten videos. `has_forgotten` is 1 once there may be rows in `forgotten`.
-- `is_forgetting` is 1 while copies of what was forgotten may still be in other tables.
ALTER TABLE tagmeter.store ADD COLUMN forget_key bytea;
ALTER TABLE tagmeter.store ADD COLUMN videos_gone bigint NOT NULL DEFAULT 0;
ALTER TABLE tagmeter.store ADD COLUMN has_forgotten bigint NOT NULL DEFAULT 0;
ALTER TABLE tagmeter.store ADD COLUMN is_forgetting bigint NOT NULL DEFAULT 0;
UPDATE tagmeter.store SET forget_key = uuid_send(gen_random_uuid());

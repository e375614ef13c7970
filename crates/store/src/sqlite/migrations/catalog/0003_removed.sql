-- Videos that are no longer there, and videos that were forgotten.

-- When a video was found removed, in milliseconds: the latest time that was reported. It is removed while no reading of it is
-- later. A removed video has no links; its readings stay.
ALTER TABLE videos ADD COLUMN removed_at INTEGER;
CREATE INDEX videos_removed ON videos (removed_at, observed_at) WHERE removed_at IS NOT NULL;

-- What must not come back: digests of forgotten videos, creators and handles, made with `store.forget_key`.
CREATE TABLE forgotten (
    digest INTEGER PRIMARY KEY
) STRICT;

-- `last_video` is the last row given out before the last videos were forgotten: rows are never given out again.
-- `videos_gone` counts rows of forgotten videos. `has_forgotten` is 1 once there may be rows in `forgotten`.
-- `is_forgetting` is 1 while copies of what was forgotten may still be in other files.
ALTER TABLE store ADD COLUMN forget_key BLOB;
ALTER TABLE store ADD COLUMN last_video INTEGER NOT NULL DEFAULT 0;
ALTER TABLE store ADD COLUMN videos_gone INTEGER NOT NULL DEFAULT 0;
ALTER TABLE store ADD COLUMN has_forgotten INTEGER NOT NULL DEFAULT 0;
ALTER TABLE store ADD COLUMN is_forgetting INTEGER NOT NULL DEFAULT 0;
UPDATE store SET forget_key = randomblob(16);

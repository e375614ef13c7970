-- Who a hashtag and a creator are where TikTok's id is not known.

-- Every hashtag has an assigned id, derived from its key, in `hashtag_ids` beside TikTok's. The column holds it only
-- where another hashtag already had the usual one. `held_by_handle` of the creators are known by handle alone; `held_at` is
-- the newest reading of the videos stored under the hashtag, null where none has a time.
ALTER TABLE hashtags ADD COLUMN assigned_id INTEGER;
ALTER TABLE hashtags ADD COLUMN held_by_handle INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hashtags ADD COLUMN held_at INTEGER;

-- `handle` is set on videos whose creator no record gave an id for. Their `author` is the id of that handle if one is
-- known, else the handle itself, which is negative.
ALTER TABLE videos ADD COLUMN handle INTEGER;
CREATE INDEX videos_by_handle ON videos (handle) WHERE handle IS NOT NULL;

-- The user id that records gave together with a handle; 0 where they gave two, and the handle belongs to neither.
CREATE TABLE handles (
    handle INTEGER PRIMARY KEY,
    author INTEGER NOT NULL
) STRICT;

-- Rows from before this step that still have to get the above: hashtags and videos up to these numbers.
ALTER TABLE store ADD COLUMN backfill_hashtag INTEGER NOT NULL DEFAULT 0;
ALTER TABLE store ADD COLUMN backfill_video INTEGER NOT NULL DEFAULT 0;
UPDATE store SET backfill_hashtag = (SELECT coalesce(max(hashtag), 0) FROM hashtags),
    backfill_video = (SELECT coalesce(max(video), 0) FROM videos);

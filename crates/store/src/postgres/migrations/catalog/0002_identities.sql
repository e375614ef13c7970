-- Who a hashtag and a creator are where TikTok's id is not known: the columns and table of SQLite's step of the same name.

-- Every hashtag has an assigned id, derived from its key, in `hashtag_ids` beside TikTok's. The column holds it only
-- where another hashtag already had the usual one. `held_by_handle` of the creators are known by handle alone; `held_at` is
-- the newest reading of the videos stored under the hashtag, null where none has a time.
ALTER TABLE tagmeter.hashtags ADD COLUMN assigned_id bigint;
ALTER TABLE tagmeter.hashtags ADD COLUMN held_by_handle bigint NOT NULL DEFAULT 0;
ALTER TABLE tagmeter.hashtags ADD COLUMN held_at bigint;

-- `handle` is set on videos whose creator no record gave an id for. Their `author` is the id of that handle if one is
-- known, else the handle itself, which is negative.
ALTER TABLE tagmeter.videos ADD COLUMN handle bigint;
CREATE INDEX videos_by_handle ON tagmeter.videos (handle) WHERE handle IS NOT NULL;

-- The user id that records gave together with a handle; 0 where they gave two, and the handle belongs to neither.
CREATE TABLE tagmeter.handles (
    handle bigint PRIMARY KEY,
    author bigint NOT NULL
);

-- Rows from before this step that still have to get the above: hashtags and videos up to these numbers.
ALTER TABLE tagmeter.store ADD COLUMN backfill_hashtag bigint NOT NULL DEFAULT 0;
ALTER TABLE tagmeter.store ADD COLUMN backfill_video bigint NOT NULL DEFAULT 0;
UPDATE tagmeter.store SET backfill_hashtag = next_hashtag - 1, backfill_video = next_video - 1;

-- Top videos of the hashtags of a tracker: how many are shown, and how many its walks go through; null for none.
ALTER TABLE trackers ADD COLUMN top_videos INTEGER CHECK (top_videos > 0);
ALTER TABLE trackers ADD COLUMN videos_depth INTEGER CHECK (videos_depth > 0);

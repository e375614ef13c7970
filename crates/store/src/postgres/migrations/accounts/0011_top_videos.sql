-- Top videos of the hashtags of a tracker: how many are shown, and how many its walks go through; null for none.
ALTER TABLE tagmeter.trackers ADD COLUMN top_videos bigint CHECK (top_videos > 0);
ALTER TABLE tagmeter.trackers ADD COLUMN videos_depth bigint CHECK (videos_depth > 0);

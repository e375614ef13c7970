-- What trends are ordered by beside the columns that are there: `emerging` holds the rank by pace. Trends are rebuilt by the
-- next question: those of the former layout cannot be read.
ALTER TABLE trends ADD COLUMN surge REAL;
ALTER TABLE trends ADD COLUMN breadth REAL;
ALTER TABLE trends ADD COLUMN novelty REAL;
ALTER TABLE trends ADD COLUMN saturation REAL;
ALTER TABLE trends ADD COLUMN concentration REAL;
CREATE INDEX trends_by_surge ON trends (trend_window, surge DESC, hashtag, views, read_at)
    WHERE surge IS NOT NULL;
CREATE INDEX trends_by_breadth ON trends (trend_window, breadth DESC, hashtag, views, read_at)
    WHERE breadth IS NOT NULL;
CREATE INDEX trends_by_novelty ON trends (trend_window, novelty DESC, hashtag, views, read_at)
    WHERE novelty IS NOT NULL;
CREATE INDEX trends_by_saturation ON trends (trend_window, saturation DESC, hashtag, views, read_at)
    WHERE saturation IS NOT NULL;
CREATE INDEX trends_by_concentration ON trends (trend_window, concentration DESC, hashtag, views, read_at)
    WHERE concentration IS NOT NULL;
DELETE FROM trends;
DELETE FROM trend_peers;
DELETE FROM trend_state;
DROP TABLE IF EXISTS trends_aside;

-- One row: the probabilities that were learned on the outcomes of this store, as JSON.
CREATE TABLE trend_odds (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    odds TEXT NOT NULL
) STRICT;

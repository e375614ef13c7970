-- What trends are ordered by beside the columns that are there: `emerging` holds the rank by pace. Trends are rebuilt by the
-- next question: those of the former layout cannot be read.
-- On a cluster one connection to each node does all of it, in order.
SET LOCAL citus.multi_shard_modify_mode TO 'sequential';
ALTER TABLE tagmeter.trends ADD COLUMN surge double precision;
ALTER TABLE tagmeter.trends ADD COLUMN breadth double precision;
ALTER TABLE tagmeter.trends ADD COLUMN novelty double precision;
ALTER TABLE tagmeter.trends ADD COLUMN saturation double precision;
ALTER TABLE tagmeter.trends ADD COLUMN concentration double precision;
CREATE INDEX trends_by_surge ON tagmeter.trends (trend_window, surge DESC, hashtag) WHERE surge IS NOT NULL;
CREATE INDEX trends_by_breadth ON tagmeter.trends (trend_window, breadth DESC, hashtag) WHERE breadth IS NOT NULL;
CREATE INDEX trends_by_novelty ON tagmeter.trends (trend_window, novelty DESC, hashtag) WHERE novelty IS NOT NULL;
CREATE INDEX trends_by_saturation ON tagmeter.trends (trend_window, saturation DESC, hashtag) WHERE saturation IS NOT NULL;
CREATE INDEX trends_by_concentration ON tagmeter.trends (trend_window, concentration DESC, hashtag) WHERE concentration IS NOT NULL;
DELETE FROM tagmeter.trends;
DELETE FROM tagmeter.trend_peers;
DELETE FROM tagmeter.trend_state;

-- One row: the probabilities that were learned on the outcomes of this store, as JSON.
CREATE TABLE tagmeter.trend_odds (
    one  bigint PRIMARY KEY CHECK (one = 1),
    odds text NOT NULL
);

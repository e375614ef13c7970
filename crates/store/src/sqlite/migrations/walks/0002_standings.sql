-- The totals that count, of the hashtags whose newest reading is not what counts after the repair of its series, worked out
-- with the trends as of a change sequence of the catalog. `counts` is as the store writes it.
CREATE TABLE standings (
    hashtag  INTEGER PRIMARY KEY,
    sequence INTEGER NOT NULL,
    counts   BLOB NOT NULL
) STRICT;

-- Works all of them out: until then answers take them from the series.
UPDATE trend_state SET sequence = 0;

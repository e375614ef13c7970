-- How long the lease of a job was given for, so that one that was given while the clock stood ahead is known for over; and
-- attempts in a row that ended neither well nor further than those before, counted before the work begins, with what the
-- last of them failed by.
ALTER TABLE jobs ADD COLUMN lease_ms INTEGER NOT NULL DEFAULT 60000;
ALTER TABLE jobs ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN failure TEXT;

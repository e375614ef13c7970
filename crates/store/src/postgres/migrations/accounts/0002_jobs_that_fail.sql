-- How long the lease of a job was given for, so that one that was given while the clock stood ahead is known for over; and
-- attempts in a row that ended neither well nor further than those before, counted before the work begins, with what the
-- last of them failed by.
ALTER TABLE tagmeter.jobs ADD COLUMN lease_ms bigint NOT NULL DEFAULT 60000;
ALTER TABLE tagmeter.jobs ADD COLUMN failures bigint NOT NULL DEFAULT 0;
ALTER TABLE tagmeter.jobs ADD COLUMN failure text;

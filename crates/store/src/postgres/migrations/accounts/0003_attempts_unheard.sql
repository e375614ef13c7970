-- Attempts in a row that were begun and of which nothing was heard since: their process ended. Failures are counted apart,
-- those of one reason only.
ALTER TABLE tagmeter.jobs ADD COLUMN unheard bigint NOT NULL DEFAULT 0;

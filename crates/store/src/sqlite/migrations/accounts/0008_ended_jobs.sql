-- Ended jobs in the order of their end: the oldest are deleted.
CREATE INDEX jobs_by_end ON jobs (finished_at_ms) WHERE finished_at_ms IS NOT NULL;

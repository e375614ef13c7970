-- Files that were imported whole. The same file again changes nothing, and is not read.
CREATE TABLE imported_files (
    -- In the order of the imports: the oldest are dropped.
    number INTEGER PRIMARY KEY,
    -- Size of the file; a file whose size is not here needs no digest.
    bytes INTEGER NOT NULL,
    -- XXH3 (128 bits) of the content, the name and the options of the import.
    digest BLOB NOT NULL,
    -- Milliseconds since 1970.
    imported_at INTEGER NOT NULL,
    -- What was read, as JSON.
    summary TEXT NOT NULL,
    UNIQUE (bytes, digest)
) STRICT;

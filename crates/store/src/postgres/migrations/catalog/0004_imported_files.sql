-- Files that were imported whole. The same file again changes nothing, and is not read.
CREATE TABLE tagmeter.imported_files (
    -- In the order of the imports: the oldest are dropped.
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Size of the file; a file whose size is not here needs no digest.
    bytes bigint NOT NULL,
    -- XXH3 (128 bits) of the content, the name and the options of the import.
    digest bytea NOT NULL,
    -- Milliseconds since 1970.
    imported_at bigint NOT NULL,
    -- What was read, as JSON.
    summary text NOT NULL,
    UNIQUE (bytes, digest)
);

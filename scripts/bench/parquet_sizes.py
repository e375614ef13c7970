#!/usr/bin/env python3
"""Sizes of Parquet files with integers and times as PLAIN and as DELTA_BINARY_PACKED.

usage: parquet_sizes.py FILE...   (needs pyarrow)

Each file is written again twice, by pyarrow, with the row groups, the dictionaries of texts and the compression that
`tagmeter export` uses, so that only the encoding differs. Prints the size of the file itself and of the two.
"""

import os
import sys
import tempfile

import pyarrow as pa
import pyarrow.parquet as pq

ZSTD_LEVEL = 3


def size(table, encoding, group_rows, folder):
    numbers = [f.name for f in table.schema if pa.types.is_integer(f.type) or pa.types.is_timestamp(f.type)]
    texts = [f.name for f in table.schema if pa.types.is_string(f.type)]
    path = os.path.join(folder, "again.parquet")
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        use_dictionary=texts,
        column_encoding={name: encoding for name in numbers},
        row_group_size=group_rows,
    )
    return os.path.getsize(path)


def main(paths):
    if not paths or paths[0] in ("-h", "--help"):
        sys.exit(__doc__.strip())
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            table, file = pq.read_table(path), pq.ParquetFile(path)
            group_rows = file.metadata.row_group(0).num_rows
            plain, delta = (size(table, encoding, group_rows, folder) for encoding in ("PLAIN", "DELTA_BINARY_PACKED"))
            print(f"{path}: {table.num_rows:,} rows, {os.path.getsize(path):,} bytes; PLAIN {plain:,}, delta {delta:,}")


if __name__ == "__main__":
    main(sys.argv[1:])

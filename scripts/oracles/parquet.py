#!/usr/bin/env python3
"""Writes Parquet files as pandas, pyarrow and DuckDB do, and the cells that a table of each should have.

    scripts/oracles/parquet.py FOLDER

Each file has the column id and others; cells.json lists files and, for each other column, the text of its cells. Where a
module is missing this says that it was skipped.
"""

import datetime
import decimal
import json
import sys
import uuid
from pathlib import Path

try:
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(0)

FOLDER = Path(sys.argv[1])
ROWS = 3
IDS = [7_476_450_316_014_498_872 + row for row in range(ROWS)]
AT = datetime.datetime(2024, 3, 1, 12, 0, 0, 250_000)

# Values and cells of each column. A caption is trimmed, so no cell here begins or ends with a blank.
COLUMNS = {
    "u64": (pa.array([2**64 - 1, None, 0], pa.uint64()), ["18446744073709551615", "", "0"]),
    "i64": (pa.array([-(2**63), None, 2**63 - 1], pa.int64()), ["-9223372036854775808", "", "9223372036854775807"]),
    "u8": (pa.array([255, None, 0], pa.uint8()), ["255", "", "0"]),
    "i16": (pa.array([-5, None, 5], pa.int16()), ["-5", "", "5"]),
    "f64": (pa.array([17.0, None, 0.1], pa.float64()), ["17", "", "0.1"]),
    "f64_wide": (pa.array([7.476450316014499e18, float("nan"), -1.5], pa.float64()), ["7.476450316014499e18", "", "-1.5"]),
    "f32": (pa.array([0.1, None, 2.0], pa.float32()), ["0.1", "", "2"]),
    "f16": (pa.array([0.5, None, 2.0], pa.float16()), ["0.5", "", "2"]),
    "flag": (pa.array([True, None, False]), ["true", "", "false"]),
    "text": (pa.array(["a #cat", None, "ล้าน 🐈"]), ["a #cat", "", "ล้าน 🐈"]),
    "large_text": (pa.array(["a", None, "b"], pa.large_string()), ["a", "", "b"]),
    "category": (pa.array(["x", None, "x"]).dictionary_encode(), ["x", "", "x"]),
    "binary": (pa.array([b"plain", None, b"\xff\xd8\xff"], pa.binary()), ["plain", "", ""]),
    "nothing": (pa.nulls(ROWS), ["", "", ""]),
    "day": (pa.array([datetime.date(2024, 3, 1), None, datetime.date(1969, 12, 31)]), ["2024-03-01", "", "1969-12-31"]),
    "clock": (pa.array([datetime.time(12, 30), None, datetime.time(0, 0, 1)]), ["12:30:00", "", "00:00:01"]),
    "moment_s": (pa.array([AT, None, AT], pa.timestamp("s")), ["2024-03-01T12:00:00", "", "2024-03-01T12:00:00"]),
    "moment_ms": (pa.array([AT, None, AT], pa.timestamp("ms")), ["2024-03-01T12:00:00.250", "", "2024-03-01T12:00:00.250"]),
    "moment_us": (pa.array([AT, None, AT], pa.timestamp("us")), ["2024-03-01T12:00:00.250", "", "2024-03-01T12:00:00.250"]),
    "moment_ns": (pa.array([AT, None, AT], pa.timestamp("ns")), ["2024-03-01T12:00:00.250", "", "2024-03-01T12:00:00.250"]),
    "moment_utc": (pa.array([AT, None, AT], pa.timestamp("us", "UTC")), ["2024-03-01T12:00:00.250Z", "", "2024-03-01T12:00:00.250Z"]),
    "moment_zone": (pa.array([AT, None, AT], pa.timestamp("us", "Asia/Tokyo")), ["2024-03-01T12:00:00.250Z", "", "2024-03-01T12:00:00.250Z"]),
    "decimal": (pa.array([decimal.Decimal("12.30"), None, decimal.Decimal("-7.00")], pa.decimal128(20, 2)), ["12.3", "", "-7"]),
    "decimal_small": (pa.array([decimal.Decimal("1.5"), None, decimal.Decimal("0.25")], pa.decimal128(5, 2)), ["1.5", "", "0.25"]),
    "tags": (pa.array([["cat", None, 'do"g'], [], None]), ['["cat",null,"do\\"g"]', "[]", ""]),
    "numbers": (pa.array([[2**64 - 1, 8], [], None], pa.list_(pa.uint64())), ["[18446744073709551615,8]", "[]", ""]),
    "fixed": (pa.array([[1, 2], [3, 4], None], pa.list_(pa.int32(), 2)), ["[1,2]", "[3,4]", ""]),
    "lists": (pa.array([[[1], [], None], None, [[2, 3]]]), ["[[1],[],null]", "", "[[2,3]]"]),
    "objects": (pa.array([[{"id": 1, "name": "a"}, {"id": None, "name": "b"}], [], None]), ['[{"id":1,"name":"a"},{"id":null,"name":"b"}]', "[]", ""]),
    "pairs": (pa.array([[("k", 1), ("l", None)], [], None], pa.map_(pa.string(), pa.int32())), ['{"k":1,"l":null}', "{}", ""]),
    "stats": (
        pa.array([{"plays": 5, "more": {"tags": ["x"]}}, None, {"plays": None, "more": None}]),
        {"stats.plays": ["5", "", ""], "stats.more.tags": ['["x"]', "", ""]},
    ),
}


def cells(names):
    found = {}
    for name in names:
        wanted = COLUMNS[name][1]
        found.update(wanted if isinstance(wanted, dict) else {name: wanted})
    return found


def table(names):
    return pa.table({"id": pa.array(IDS, pa.uint64())} | {name: COLUMNS[name][0] for name in names})


def main():
    files = []

    def written(name, names, **options):
        pq.write_table(table(names), FOLDER / name, **options)
        files.append({"file": name, "columns": cells(names)})

    written("plain.parquet", list(COLUMNS))
    some = ["u64", "f64", "text", "tags", "objects"]
    for codec in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:
        written(f"{codec}.parquet", some, compression=codec)
    for version in ["1.0", "2.0"]:
        written(f"pages-{version}.parquet", some, data_page_version=version, row_group_size=2)
    written("no-dictionary.parquet", some, use_dictionary=False)
    written("old-lists.parquet", ["tags", "objects"], use_compliant_nested_type=False)
    written("int96.parquet", ["moment_us"], use_deprecated_int96_timestamps=True)
    written(
        "delta.parquet",
        ["i64", "text"],
        use_dictionary=False,
        column_encoding={"id": "DELTA_BINARY_PACKED", "i64": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY"},
    )
    written(
        "lengths.parquet",
        ["f64", "text"],
        use_dictionary=False,
        column_encoding={"id": "PLAIN", "f64": "BYTE_STREAM_SPLIT", "text": "DELTA_LENGTH_BYTE_ARRAY"},
    )

    connection = duckdb.connect()
    key = uuid.UUID("0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f")
    for number, options in enumerate(["", ", PARQUET_VERSION v2", ", COMPRESSION zstd, ROW_GROUP_SIZE 2"]):
        name = f"duckdb-{number}.parquet"
        connection.execute(
            f"""COPY (SELECT * FROM (VALUES
                ({IDS[0]}::UBIGINT, 17::HUGEINT, TIMESTAMP '2024-03-01 12:00:00', TIMESTAMPTZ '2024-03-01 12:00:00+00',
                 ['cat', 'dog'], {{'plays': 5}}, UUID '{key}', 1.50::DECIMAL(9, 2), MAP {{'k': 1}}, 'x'::ENUM ('x', 'y')),
                ({IDS[1]}::UBIGINT, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
            ) AS t(id, huge, moment, zoned, tags, stats, key, share, pairs, kind)) TO '{FOLDER / name}' (FORMAT parquet{options})"""
        )
        files.append({"file": name, "columns": {
            "huge": ["17", ""],
            "moment": ["2024-03-01T12:00:00", ""],
            "zoned": ["2024-03-01T12:00:00Z", ""],
            "tags": ['["cat","dog"]', ""],
            "stats.plays": ["5", ""],
            "key": [str(key), ""],
            "share": ["1.5", ""],
            "pairs": ['{"k":1}', ""],
            "kind": ["x", ""],
        }})
    (FOLDER / "cells.json").write_text(json.dumps(files))


main()

#!/usr/bin/env python3
"""Opens exported tables with pandas, DuckDB and openpyxl, and checks what types and values they see.

    scripts/oracles/tables.py FOLDER

The folder is filled by the tests of the crate `tables`: full, gaps and empty as .json, .ndjson, .csv, .xlsx and
.parquet. Where a module is missing this says that it was skipped.
"""

import json
import sys
from pathlib import Path

try:
    import duckdb
    import openpyxl
    import pandas
    import pyarrow.parquet
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(0)

COLUMNS = ["hashtag", "id", "views", "growth", "is_rounded", "observed_at"]
IDS = ["7300000000000000001", "007"]
VIEWS = [9_007_199_254_740_993, -12]
TAGS = ["=1+1", "fypシ"]
AT = pandas.Timestamp("2026-06-09T18:16:35.250Z")


def same(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, want {want!r}")


def check_parquet(folder):
    frame = pandas.read_parquet(folder / "full.parquet")
    same(list(frame.columns), COLUMNS)
    assert pandas.api.types.is_string_dtype(frame["hashtag"]), frame.dtypes
    assert pandas.api.types.is_string_dtype(frame["id"]), frame.dtypes
    same([str(frame[name].dtype) for name in COLUMNS[2:]], ["int64", "float64", "bool", "datetime64[ms, UTC]"])
    same([list(frame["hashtag"]), list(frame["id"]), list(frame["views"])], [TAGS, IDS, VIEWS])
    same(list(frame["observed_at"]), [AT, AT])
    same(list(frame["growth"]), [-0.25, -0.25])

    gaps = pandas.read_parquet(folder / "gaps.parquet", dtype_backend="numpy_nullable")
    same([str(gaps[name].dtype) for name in COLUMNS[2:5]], ["Int64", "Float64", "boolean"])
    same(list(gaps.iloc[1].isna()), [True] * 6)
    same(len(pandas.read_parquet(folder / "empty.parquet")), 0)
    empty = pyarrow.parquet.read_schema(folder / "empty.parquet")
    same([str(empty.field(name).type) for name in ["id", "views", "observed_at"]], ["string", "int64", "timestamp[ms, tz=UTC]"])
    same(pyarrow.parquet.read_schema(folder / "full.parquet").metadata[b"basis"], b"observed")


def check_duckdb(folder):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    types = "VARCHAR VARCHAR BIGINT DOUBLE BOOLEAN".split() + ["TIMESTAMP WITH TIME ZONE"]
    for name in ["full", "gaps", "empty"]:
        told = connection.sql(f"DESCRIBE SELECT * FROM '{folder}/{name}.parquet'").fetchall()
        same([row[0] for row in told], COLUMNS)
        same([row[1] for row in told], types)
    rows = connection.sql(f"SELECT id, views, epoch_ms(observed_at) FROM '{folder}/full.parquet'").fetchall()
    at_ms = AT.value // 1_000_000
    same(rows, [(IDS[0], VIEWS[0], at_ms), (IDS[1], VIEWS[1], at_ms)])
    for ending in ["csv", "ndjson"]:
        rows = connection.sql(f"SELECT views, growth, is_rounded, epoch_ms(observed_at) FROM '{folder}/full.{ending}'")
        same(rows.fetchall(), [(views, -0.25, True, at_ms) for views in VIEWS])


def check_csv(folder):
    options = {"dtype": {"id": "string"}, "parse_dates": ["observed_at"]}
    frame = pandas.read_csv(folder / "full.csv", **options)
    same(list(frame.columns), COLUMNS)
    same([list(frame["id"]), list(frame["views"])], [IDS, VIEWS])
    same(list(frame["hashtag"]), ["'=1+1", "fypシ"])
    same([str(frame["views"].dtype), str(frame["is_rounded"].dtype)], ["int64", "bool"])
    assert isinstance(frame["observed_at"].dtype, pandas.DatetimeTZDtype), frame.dtypes
    same(list(frame["observed_at"]), [AT, AT])
    same(list(pandas.read_csv(folder / "gaps.csv").iloc[1].isna()), [True] * 6)
    same(len(pandas.read_csv(folder / "empty.csv")), 0)


def check_json(folder):
    lines = [json.loads(line) for line in (folder / "full.ndjson").read_text("utf-8").splitlines()]
    same([list(line) for line in lines], [COLUMNS] * 2)
    same([(line["id"], line["views"]) for line in lines], list(zip(IDS, VIEWS)))
    whole = json.loads((folder / "full.json").read_text("utf-8"))
    same(whole, {"data": lines, "meta": {"basis": "observed"}})
    frame = pandas.read_json(folder / "full.ndjson", lines=True, dtype={"id": "str"})
    same([list(frame["id"]), list(frame["views"])], [IDS, VIEWS])


def check_xlsx(folder):
    book = openpyxl.load_workbook(folder / "full.xlsx")
    same(book.sheetnames, ["data", "about"])
    sheet = book["data"]
    same(sheet.freeze_panes, "A2")
    same([(cell.value, cell.font.bold) for cell in sheet[1]], [(name, True) for name in COLUMNS])
    # s: text, n: number, b: boolean, d: date. The first row's views have 16 digits and are text.
    same([cell.data_type for cell in sheet[2]], ["s", "s", "s", "n", "b", "d"])
    same([cell.data_type for cell in sheet[3]], ["s", "s", "n", "n", "b", "d"])
    same([sheet["A2"].value, sheet["B2"].value, sheet["C2"].value], [TAGS[0], IDS[0], str(VIEWS[0])])
    same([sheet["B3"].value, sheet["C3"].value, sheet["B3"].number_format], [IDS[1], VIEWS[1], "@"])
    assert sheet["A2"].quotePrefix and not sheet["A3"].quotePrefix
    same(sheet["F2"].value.isoformat(), "2026-06-09T18:16:35.250000")
    about = list(book["about"].values)
    same(about[0], ("basis", "observed"))
    same({row[0] for row in about[1:]}, {"note"})

    # Of its own accord pandas makes numbers of a column of texts that look like them.
    frame = pandas.read_excel(folder / "full.xlsx", dtype={"id": "str", "views": "Int64"})
    same([list(frame["id"]), list(frame["views"]), list(frame["hashtag"])], [IDS, VIEWS, TAGS])
    assert pandas.api.types.is_datetime64_any_dtype(frame["observed_at"]), frame.dtypes
    same(list(pandas.read_excel(folder / "empty.xlsx").columns), COLUMNS)


def main(folder):
    for check in [check_parquet, check_duckdb, check_csv, check_json, check_xlsx]:
        check(folder)
    print(f"pandas {pandas.__version__}, DuckDB {duckdb.__version__}, openpyxl {openpyxl.__version__}: all as meant")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

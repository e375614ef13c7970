#!/usr/bin/env bash
# fastparquet reads wrong integers from DELTA_BINARY_PACKED columns, without an error.
#
# Seen with fastparquet 2026.9.0, files written by pyarrow 26.0.1 (zstd, data pages of version 1): a column whose
# differences fit 26 bits is read as written; with differences of 28, 34 or 40 bits most of the values are wrong, negative
# ones among counts that have none, and no exception or warning is raised. pyarrow and polars 2.1.0 read the same files
# as written.
#
# A good guess says: DELTA_BINARY_PACKED is in the format since 2013, is what the specification recommends for integers,
# every current reader supports it, and a reader that does not says so. fastparquet, an engine of pandas.read_parquet and
# of Dask, unpacks bits with 8-bit counters that overflow. View counts of hashtags range over twelve digits, so that
# neighbours differ by more than 28 bits in nearly every row. Written PLAIN, zstd compresses the columns nearly as well,
# and every reader reads them.
#
# Exits 0 while this is so, 1 once it changed, 2 when the packages cannot be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    fastparquet==2026.9.0 pyarrow==26.0.1 pandas==3.1.1 polars==2.1.0 || exit 2
cd "$folder"

"$folder/venv/bin/python" - <<'PYTHON'
import sys

import fastparquet
import polars
import pyarrow
import pyarrow.parquet

ROWS = 1_000
# Bits of the values, and so of their differences, and how many rows fastparquet reads wrong of each encoding.
SEEN = {
    ("DELTA_BINARY_PACKED", 16): 0,
    ("DELTA_BINARY_PACKED", 26): 0,
    ("DELTA_BINARY_PACKED", 28): 982,
    ("DELTA_BINARY_PACKED", 34): 998,
    ("DELTA_BINARY_PACKED", 40): 742,
    ("PLAIN", 28): 0,
    ("PLAIN", 34): 0,
    ("PLAIN", 40): 0,
}

print(f"fastparquet {fastparquet.__version__}, pyarrow {pyarrow.__version__}, polars {polars.__version__}")
changed = False
for (encoding, bits), seen in SEEN.items():
    written = [number * 2_654_435_761 % (1 << bits) for number in range(ROWS)]
    pyarrow.parquet.write_table(
        pyarrow.table({"views": pyarrow.array(written, pyarrow.int64())}),
        "views.parquet",
        use_dictionary=False,
        column_encoding={"views": encoding},
        compression="zstd",
    )
    assert pyarrow.parquet.read_table("views.parquet")["views"].to_pylist() == written
    assert polars.read_parquet("views.parquet")["views"].to_list() == written
    read = [int(value) for value in fastparquet.ParquetFile("views.parquet").to_pandas()["views"]]
    wrong = [place for place in range(ROWS) if read[place] != written[place]]
    first = f", first row {wrong[0]}: wrote {written[wrong[0]]}, read {read[wrong[0]]}" if wrong else ""
    print(f"{encoding:20} {bits} bits: {len(wrong):4} of {ROWS} rows wrong{first}")
    if len(wrong) != seen:
        print(f"  changed: {seen} were wrong before")
        changed = True
sys.exit(1 if changed else 0)
PYTHON

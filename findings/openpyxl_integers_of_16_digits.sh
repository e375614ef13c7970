#!/usr/bin/env bash
# openpyxl writes whole numbers with 16 significant digits, without an error: an id of 19 digits is another one in the file.
#
# Seen with openpyxl 3.1.5, pandas 3.1.1 and XlsxWriter 3.3.1: a column of int64 with ids of 19 digits, written by
# DataFrame.to_excel with either engine, has `7.476450316014499e+18` in the XML of every cell. Whoever reads the file gets
# one number for all of them, and pandas gives it the type int64 again, so that nothing shows. The ids as texts are kept.
#
# A good guess says: a Python int has all its digits, the format stores numbers as text in XML, and it is Excel that keeps 15
# digits when the file is opened; so a workbook that never saw Excel has the ids. Both libraries format every number with
# 16 significant digits. Ids of TikTok have 19: those of neighbouring videos become one.
#
# Exits 0 while this is so, 1 once it changed, 2 when the packages cannot be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    openpyxl==3.1.5 pandas==3.1.1 xlsxwriter==3.3.1 || exit 2
cd "$folder"

"$folder/venv/bin/python" - <<'PYTHON'
import re
import sys
import zipfile

import openpyxl
import pandas
import xlsxwriter

IDS = [7_476_450_316_014_498_871 + number for number in range(4)]
# What stands in the cells, by the engine that wrote them.
SEEN = {"openpyxl": {"7.476450316014499e+18"}, "xlsxwriter": {"7.476450316014499E+18"}}

print(f"openpyxl {openpyxl.__version__}, pandas {pandas.__version__}, XlsxWriter {xlsxwriter.__version__}")
changed = False
for engine, seen in SEEN.items():
    frame = pandas.DataFrame({"id": IDS, "text": [str(number) for number in IDS]})
    assert str(frame["id"].dtype) == "int64"
    frame.to_excel("ids.xlsx", index=False, engine=engine)
    sheet = zipfile.ZipFile("ids.xlsx").read("xl/worksheets/sheet1.xml").decode()
    cells = set(re.findall(r"<v>([0-9.]+[eE][+0-9]+|[0-9]{10,})</v>", sheet))
    read = pandas.read_excel("ids.xlsx", dtype={"text": str})
    print(f"{engine:10} wrote {IDS[0]} ... {IDS[-1]} as {sorted(cells)}")
    print(f"{'':10} read back: {sorted(set(read['id']))}, {read['id'].dtype}; as texts: {list(read['text']) == [str(number) for number in IDS]}")
    if cells != seen or list(read["text"]) != [str(number) for number in IDS]:
        print(f"  changed: {sorted(seen)} before")
        changed = True
sys.exit(1 if changed else 0)
PYTHON

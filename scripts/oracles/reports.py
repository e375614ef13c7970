#!/usr/bin/env python3
"""Opens a report as a workbook with openpyxl, and checks its charts, ids and links.

    scripts/oracles/reports.py FILE

The file is written by the tests of the crate `reports`. Where openpyxl is missing this says that it was skipped.
"""

import sys
import zipfile

try:
    import openpyxl
    from openpyxl.chart import LineChart, ScatterChart
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(0)


def same(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, want {want!r}")


def main():
    book = openpyxl.load_workbook(sys.argv[1])
    same(book.sheetnames, ["Summary", "Chart 1", "Chart 2", "Table 1", "Method"])
    same(book.properties.title, "Summer campaign")
    same(book.properties.creator, "Example Agency")

    table = book["Table 1"]
    same([cell.value for cell in table[5]][:3], ["7300000000000000001", "=creator 0", 1000])
    same(table["A5"].data_type, "s")
    same(table["B5"].data_type, "s")
    same(table["A5"].number_format, "@")
    same(table.max_row, 4 + 120)

    (line,) = book["Chart 1"]._charts
    assert isinstance(line, LineChart), line
    (series,) = line.series
    same(series.val.numRef.f, "'Chart 1'!$B$5:$B$10")
    same(series.cat.numRef.f if series.cat.numRef else series.cat.strRef.f, "'Chart 1'!$A$5:$A$10")
    same(series.graphicalProperties.line.solidFill.srgbClr.lower(), "00796b")
    same(book["Chart 1"]["A5"].is_date, True)

    # Lines of different times have a column of times each.
    (scatter,) = book["Chart 2"]._charts
    assert isinstance(scatter, ScatterChart), scatter
    same(len(scatter.series), 2)
    assert scatter.series[0].xVal.numRef.f != scatter.series[1].xVal.numRef.f

    # openpyxl reads pictures only with Pillow.
    same([name for name in zipfile.ZipFile(sys.argv[1]).namelist() if name.startswith("xl/media/")], ["xl/media/image1.png"])
    cells = (cell for row in book["Summary"].iter_rows() for cell in row)
    links = [cell.hyperlink.location for cell in cells if cell.hyperlink]
    same(links, ["'Chart 1'!A1", "'Chart 2'!A1", "'Table 1'!A1", "'Method'!A1"])
    print("all as meant")


main()

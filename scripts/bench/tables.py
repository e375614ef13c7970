"""`bench.sh import --tables`: workbooks and Parquet files of many rows, and the memory that importing them takes."""
import argparse
import io
import pathlib
import shutil
import subprocess
import sys
import zipfile

from measure import last_json, load, median, read_through, run, say, table

# What an import keeps to.
MEMORY_MB = 300
COLUMNS = ["id", "created", "author", "caption", "hashtags", "plays", "likes", "link"]
MAPPING = ["id=video_id", "created=create_time", "author=author_name", "caption=caption", "hashtags=hashtags",
           "plays=plays", "likes=likes", "link=url"]
FIRST_ID = 7_476_450_316_014_498_871
WORDS = "bed soil seed water shade tomato bean rain frost bloom root leaf".split()
# Cells of a workbook that are numbers; the others are texts.
NUMBERS = {"created", "plays", "likes"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="folder of the release programs")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--videos", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--write", nargs=2, metavar=("FILE", "KIND"), help="only write a file")
    options = parser.parse_args()
    if options.videos > 1_000_000:
        sys.exit("error: a sheet has at most 1,048,576 rows")
    if options.write:
        path, kind = options.write
        sys.exit(3 if WRITERS[kind](pathlib.Path(path), options.videos) is None else 0)
    files = [
        ("CSV", "csv"),
        ("XLSX, shared texts, as Excel", "shared.xlsx"),
        ("XLSX, texts in cells, as openpyxl", "inline.xlsx"),
        ("Parquet, one row group, snappy", "snappy.parquet"),
        ("Parquet, one row group, zstd, lists", "zstd.parquet"),
    ]
    print(f"{options.videos:,} rows with captions of 300 to 500 letters, all different; before: {load()}")
    shown, is_small = [], True
    for name, ending in files:
        path = options.data / f"posts-{options.videos}.{ending}"
        if not path.exists():
            say(f"writing {path.name}")
            part = path.with_suffix(".part")
            # In a process of its own: a child's peak begins with that of the process that started it.
            if subprocess.run([*sys.orig_argv, "--write", part, ending]).returncode != 0:
                continue
            part.rename(path)
        measured = [import_once(options, path) for _ in range(options.rounds)]
        peak = max(m["peak_mb"] for m in measured)
        is_small &= peak < MEMORY_MB
        seconds = median([m["seconds"] for m in measured])
        shown.append([name, f"{path.stat().st_size / 1e6:,.0f}", f"{seconds:.1f}",
                      f"{options.videos / seconds:,.0f}", f"{peak:,.0f}"])
    print()
    table(["", "file MB", "seconds", "rows/s", "peak RSS MB"], shown)
    print(f"\nThe peak is the highest of {options.rounds} rounds. After: {load()}.")
    if not is_small:
        sys.exit(f"error: an import took more than {MEMORY_MB} MB")


def import_once(options, path):
    store = options.data / "store"
    shutil.rmtree(store, ignore_errors=True)
    read_through(path)
    mapping = [part for column in MAPPING for part in ("--map", column)]
    command = [options.bin / "tagmeter", "--data-dir", store, "import", path, *mapping, "--json"]
    imported = run(command, stderr=open(options.data / "import.log", "w"))
    new = last_json(imported["output"])["videos"]["new"]
    if new != options.videos:
        sys.exit(f"error: {path.name}: {new} new videos instead of {options.videos}")
    shutil.rmtree(store)
    return imported


def rows(count):
    """Rows as the columns say. Captions are all different, and none is short."""
    for number in range(count):
        video = FIRST_ID + number * 65_537
        words = [WORDS[(number >> shift) % len(WORDS)] for shift in range(0, 16, 2)]
        caption = f"{number}: " + " ".join(words * (6 + number % 4)) + f" #{words[0]} #garden{number % 1000}"
        tags = f'["{words[0]}","garden{number % 1000}"]'
        yield [str(video), 1_700_000_000 + number, f"maker.{number % 50_000}", caption, tags, 1000 + number * 7,
               number % 997, f"https://www.tiktok.com/@maker.{number % 50_000}/video/{video}"]


def write_csv(path, count):
    with open(path, "w", encoding="utf-8") as out:
        out.write(",".join(COLUMNS) + "\n")
        for row in rows(count):
            out.write(",".join('"' + str(cell).replace('"', '""') + '"' for cell in row) + "\n")
    return True


def write_workbook(path, count, is_shared):
    """The parts of a workbook, written as they come."""
    escape = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    known, texts = {}, io.BytesIO()

    def text(value):
        value = str(value).translate(escape)
        if not is_shared:
            return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
        place = known.get(value)
        if place is None:
            place = known[value] = len(known)
            texts.write(f"<si><t>{value}</t></si>".encode())
        return f'<c t="s"><v>{place}</v></c>'

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("_rels/.rels", f'<R><Relationship Id="m" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></R>')
        book.writestr("xl/workbook.xml", '<workbook><sheets><sheet name="Posts" sheetId="1" r:id="a"/></sheets></workbook>')
        book.writestr("xl/_rels/workbook.xml.rels", f'<R><Relationship Id="a" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/>'
                      f'<Relationship Id="s" Type="{relations}/sharedStrings" Target="sharedStrings.xml"/></R>')
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(b"<worksheet><sheetData><row>" + "".join(map(text, COLUMNS)).encode() + b"</row>")
            for row in rows(count):
                cells = (f"<c><v>{cell}</v></c>" if name in NUMBERS else text(cell) for name, cell in zip(COLUMNS, row))
                sheet.write(("<row>" + "".join(cells) + "</row>").encode())
            sheet.write(b"</sheetData></worksheet>")
        with book.open("xl/sharedStrings.xml", "w", force_zip64=True) as shared:
            shared.write(f'<sst uniqueCount="{len(known)}">'.encode())
            shared.write(texts.getbuffer())
            shared.write(b"</sst>")
    return True


def write_parquet(path, count, codec):
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        say("Parquet is left out: there is no pyarrow")
        return None
    columns = [list(column) for column in zip(*rows(count))]
    made = dict(zip(COLUMNS, columns))
    made["id"] = pyarrow.array([int(video) for video in made["id"]], pyarrow.uint64())
    if codec == "zstd":
        made["hashtags"] = pyarrow.array([tags[2:-2].split('","') for tags in made["hashtags"]])
    pyarrow.parquet.write_table(pyarrow.table(made), path, compression=codec, row_group_size=count)
    return True


WRITERS = {
    "csv": write_csv,
    "shared.xlsx": lambda path, count: write_workbook(path, count, True),
    "inline.xlsx": lambda path, count: write_workbook(path, count, False),
    "snappy.parquet": lambda path, count: write_parquet(path, count, "snappy"),
    "zstd.parquet": lambda path, count: write_parquet(path, count, "zstd"),
}

if __name__ == "__main__":
    main()

"""`bench.sh import`: videos a second of an import, beside a plain parse of the same file and beside DuckDB."""
import argparse
import pathlib
import shutil
import subprocess
import sys

from measure import folder_mb, last_json, load, median, read_through, run, say, spread, table
from postgres import Database

# What an import keeps to; DuckDB is given the same once.
MEMORY_MB = 300
# Videos in one transaction of DuckDB's where its memory is limited: larger ones do not fit in.
BATCH = 50_000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="folder of the release programs")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--videos", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--duckdb-python", help="a Python that has duckdb")
    parser.add_argument("--database-url", help="a PostgreSQL server to import into, in place of SQLite")
    options = parser.parse_args()
    source = generate(options)
    rows = {}
    print(f"{options.videos:,} videos with five tags each, {source.stat().st_size / 1e6:,.0f} MB NDJSON; before: {load()}")
    for number in range(1, options.rounds + 1):
        say(f"round {number} of {options.rounds}")
        one_round(options, source, rows)
    show(options, rows)


def generate(options):
    source = options.data / f"videos-{options.videos}.ndjson"
    if not source.exists():
        say(f"writing {options.videos:,} videos")
        part = source.with_suffix(".part")
        with open(part, "wb") as out:
            generator = options.bin / "examples" / "generate_videos"
            run_into(out, [generator, options.videos])
        part.rename(source)
    return source


def run_into(out, command):
    subprocess.run([str(part) for part in command], stdout=out, check=True)


def one_round(options, source, rows):
    held = {}
    read_through(source)
    parsed = run([options.bin / "examples" / "parse_videos", source])
    check("parse", int(parsed["output"]), options.videos)
    keep(rows, "serde_json parse, one thread", parsed)

    store = options.data / "store"
    shutil.rmtree(store, ignore_errors=True)
    database = Database(options.database_url) if options.database_url else None
    where = ["--data-dir", store] + (["--database-url", database.url] if database else [])
    for name, what, more in [
        ("tagmeter import", "new", []),
        ("tagmeter import, again unchanged", "unchanged", ["--again"]),
        ("tagmeter import, the file skipped", "unchanged", []),
    ]:
        read_through(source)
        command = [options.bin / "tagmeter", *where, "import", source, "--json", *more]
        imported = run(command, stderr=open(options.data / "import.log", "w"))
        report = last_json(imported["output"])
        check(name, report["videos"][what], options.videos)
        imported["mb"] = database.megabytes() if database else folder_mb(store)
        held["hashtags"] = report["held"]["hashtags"]
        keep(rows, name, imported)
    shutil.rmtree(store)
    if database:
        copied = database.copy_seconds(options.data)
        # What the server did is not in this process' time.
        keep(rows, "COPY of the same rows, then the indexes", copied)
        database.drop()
    if options.duckdb_python:
        duckdb(options, source, rows, held)


def duckdb(options, source, rows, held):
    script = pathlib.Path(__file__).with_name("duck.py")
    for name, limit in [
        ("DuckDB, no memory limit", []),
        (f"DuckDB, memory_limit {MEMORY_MB} MB", ["--memory-mb", MEMORY_MB, "--batch", BATCH]),
    ]:
        database = options.data / "duck.db"
        remove(database)
        for run_name in [name, f"{name}, again unchanged"]:
            read_through(source)
            filled = run([options.duckdb_python, script, source, database, *limit])
            told = last_json(filled["output"])
            if "error" in told:
                say(f"{run_name}: {told['error']}")
                rows.setdefault(run_name, [])
                break
            check(run_name, told["videos"], options.videos)
            check(f"{run_name}, hashtags", told["hashtags"], held["hashtags"])
            filled["mb"] = folder_mb(database)
            keep(rows, run_name, filled)
        remove(database)


def remove(database):
    for leftover in database.parent.glob(database.name + "*"):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()


def keep(rows, name, measured):
    rows.setdefault(name, []).append(measured)


def check(what, found, wanted):
    if found != wanted:
        sys.exit(f"error: {what}: {found} instead of {wanted}")


def show(options, rows):
    shown = []
    fresh = median([options.videos / r["seconds"] for r in rows["tagmeter import"]])
    for name, rounds in rows.items():
        if not rounds:
            shown.append([name, "out of memory", "", "", "", "", "", "", ""])
            continue
        rates = [options.videos / r["seconds"] for r in rounds]
        size = f"{median([r['mb'] for r in rounds]):,.0f}" if "mb" in rounds[0] else ""
        shown.append([
            name,
            f"{median(rates):,.0f}",
            f"{median(rates) / fresh:.2f}",
            f"{median([r['seconds'] for r in rounds]):.1f}",
            f"{median([r['core_seconds'] for r in rounds]):.1f}",
            f"{median([options.videos / r['core_seconds'] for r in rounds]):,.0f}",
            f"{median([r['peak_mb'] for r in rounds]):,.0f}",
            size,
            f"{spread(rates):.0%}",
        ])
    print()
    table(["", "videos/s", "of import", "seconds", "core s", "videos/core s", "peak RSS MB", "on disk MB", "spread"], shown)
    print(
        f"\nMedians of {options.rounds} rounds; spread is the range of videos/s as a share of it; videos/core s is what a\n"
        f"busy machine falsifies less. After: {load()}."
    )
    if options.duckdb_python:
        print(
            "DuckDB: the same tables and primary keys, descriptive values as columns, records held unchanged skipped by\n"
            "digest, upserts, checkpoint at the end. Not done there: search index, ready JSON, merging of older and partial\n"
            "readings, joining tags without an id, survival of damaged records, sums current after each batch.\n"
            f"Without a limit it is one transaction; with {MEMORY_MB} MB one for each {BATCH:,} videos."
        )


if __name__ == "__main__":
    main()

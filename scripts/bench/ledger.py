"""`bench.sh ledger --database-url`: durable charges into PostgreSQL, in a database of the benchmark's own."""
import argparse
import pathlib
import signal
import sys

from measure import load, run
from postgres import Database


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="folder of the release programs")
    parser.add_argument("--database-url", required=True, help="a PostgreSQL server")
    for name in ["askers", "accounts", "charges"]:
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args()
    # So that the database is dropped then too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("error: ended by SIGTERM"))
    print(f"before: {load()}")
    database = Database(options.database_url)
    try:
        place = f"--database-url={database.url}"
        bench = options.bin / "examples" / "ledger_bench"
        print(run([bench, options.askers, options.accounts, options.charges, place])["output"], end="")
    finally:
        database.drop()
    print(f"after: {load()}")


if __name__ == "__main__":
    main()

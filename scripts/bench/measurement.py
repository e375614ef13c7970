"""`bench.sh measure`: every question of measurement, beside DuckDB with the equivalent SQL over the same rows."""
import argparse
import http.client
import json
import pathlib
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack

from made_up import fill, make_keys
from measure import folder_mb, load, median, read_through, run, say, table
from questions import cells
from server import Server

# Calls of DuckDB's for a cell and a round: it takes longer and varies less.
DUCK_CALLS_MAX = 20
# How often everything is exported.
EXPORTS = 3
# A large body is read in pieces of so much.
PIECE_BYTES = 1 << 20
AIMS_MS = {"trending": 10, "history": 20}
# What is imported so that trends are worked out: one reading.
ONE_READING = "snapshot_utc,challenge_name,views\n2025-10-01T00:00:00Z,tagmy2,999\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="folder of the release programs")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    for name in ["hashtags", "videos", "series", "rounds"]:
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--duckdb-python", help="a Python that has duckdb")
    options = parser.parse_args()
    # So that the servers are ended then too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("error: ended by SIGTERM"))
    store = make_store(options)
    with ExitStack() as running:
        duck = Duck(options, store, running) if options.duckdb_python else None
        for file in store.iterdir():
            read_through(file)
        show_sizes(options, store, duck)
        bench = Bench(options, store, duck)
        bench.ask_all()
        bench.show()
        whole_stores(options, store, duck, bench)
    if bench.failed:
        sys.exit(f"error: {bench.failed} answers were not 200")


def make_store(options):
    """The store of this size, imported unless it was kept from before."""
    store = options.data / f"measure-{options.hashtags}-{options.videos}-{options.series}"
    if store.exists():
        say(f"using {store} again")
        return store
    examples = options.bin / "examples"
    fill(store, lambda folder, *command: tagmeter(options, folder, *command), [
        (examples / "generate_videos", [options.videos, options.hashtags]),
        (examples / "generate_hashtags", [options.hashtags]),
        (examples / "generate_series", [options.series]),
    ])
    return store


def tagmeter(options, store, *command):
    return [options.bin / "tagmeter", "--data-dir", store, *command]


def show_sizes(options, store, duck):
    catalog = sqlite3.connect(f"file:{store / 'catalog.db'}?mode=ro", uri=True)
    tables = {"hashtags": "hashtags", "videos": "videos", "links": "links", "hashtag_snapshots": "readings"}
    counts = [f"{catalog.execute(f'SELECT count(*) FROM {t}').fetchone()[0]:,} {name}" for t, name in tables.items()]
    catalog.close()
    files = ", ".join(f"{f.name} {f.stat().st_size / 1e6:,.0f} MB" for f in sorted(store.iterdir()) if f.stat().st_size > 1e6)
    print(f"{', '.join(counts)}; {options.series:,} series\n{files}")
    if duck:
        print(f"DuckDB {duck.version}: {folder_mb(duck.database):,.0f} MB")
    print(f"before: {load()}")


class Duck:
    """A process that answers questions with DuckDB, warm."""

    def __init__(self, options, store, running):
        self.database = options.data / f"{store.name}.duckdb"
        script = pathlib.Path(__file__).with_name("duck_questions.py")
        say("filling DuckDB" if not self.database.exists() else f"using {self.database} again")
        self.process = subprocess.Popen([options.duckdb_python, script, store, self.database], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        running.callback(self.process.wait)
        running.callback(self.process.stdin.close)
        self.version = self.read()["version"]

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("error: DuckDB ended, see above")
        return json.loads(line)

    def ask(self, question, told):
        self.process.stdin.write(json.dumps({"ask": question, "with": told}) + "\n")
        self.process.stdin.flush()
        return self.read()


class Bench:
    def __init__(self, options, store, duck):
        self.options, self.store, self.duck, self.failed = options, store, duck, 0
        self.cells = cells(store)
        self.ours, self.theirs = {}, {}
        # What the first question about a hashtag takes, before its videos are kept in memory.
        self.first = {}

    def serving(self):
        """A server over the store, and a connection to it that is kept."""
        [self.key] = make_keys(self.store, lambda folder, *command: tagmeter(self.options, folder, *command), 1)
        server = Server(
            "tagmeter",
            lambda at: tagmeter(self.options, self.store, "serve", "--listen", at, "--requests-per-minute", 0),
            self.options.data / "serve.log",
        )
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=900)
        return server

    def get(self, path):
        """Seconds until an answer was read to its end, and its body."""
        return self.timed(path, lambda answer: answer.read())

    def get_through(self, path):
        """The same without keeping the body: seconds, and how many bytes it has."""
        piece = memoryview(bytearray(PIECE_BYTES))
        return self.timed(path, lambda answer: sum(iter(lambda: answer.readinto(piece), 0)))

    def timed(self, path, read):
        began = time.perf_counter()
        self.connection.request("GET", path, headers={"X-Api-Key": self.key})
        answer = self.connection.getresponse()
        body = read(answer)
        seconds = time.perf_counter() - began
        if answer.status != 200:
            self.failed += 1
            say(f"{path}: {answer.status} {str(body)[:300]}")
        return seconds, body

    def connect_anew(self):
        """The server closes a connection on which nothing was asked while DuckDB was; the next question opens another."""
        self.connection.close()

    def ask_all(self):
        server = self.serving()
        try:
            for number in range(1, self.options.rounds + 1):
                say(f"round {number} of {self.options.rounds}")
                for cell in self.cells:
                    self.ask(cell)
            self.memory = f"{server.memory_mb('VmRSS'):,.0f} MB resident, {server.memory_mb('VmHWM'):,.0f} MB at most"
        finally:
            server.end()

    def ask(self, cell):
        self.connect_anew()
        warming = [self.get(path)[0] * 1e3 for path, _ in cell.calls[:5]]
        if cell.name.startswith("videos, ") and cell.name not in self.first:
            self.first[cell.name] = warming
        self.ours.setdefault(cell.name, []).append([self.get(path)[0] * 1e3 for path, _ in cell.calls])
        if self.duck and cell.asked:
            some = [told for _, told in cell.calls[:DUCK_CALLS_MAX]]
            self.duck.ask(cell.asked, some[0])
            seconds = [self.duck.ask(cell.asked, told)["seconds"] for told in some]
            self.theirs.setdefault(cell.name, []).append([each * 1e3 for each in seconds])

    def show(self):
        rows = []
        for cell in self.cells:
            ours, theirs = self.ours[cell.name], self.theirs.get(cell.name)
            middle = median([median(calls) for calls in ours])
            row = [cell.name, len(cell.calls), f"{middle:.2f}", f"{p99(ours):.2f}"]
            if theirs:
                duck = median([median(calls) for calls in theirs])
                row += [f"{duck:.2f}", f"{duck / middle:.1f}"]
            else:
                row += ["", ""]
            rows.append(row + [verdict(cell.name, p99(ours))])
        print()
        table(["", "calls", "ms", "p99 ms", "DuckDB ms", "DuckDB / ours", ""], rows)
        print()
        for name, calls in self.first.items():
            print(f"{name}, asked first after the start: {', '.join(f'{call:.1f}' for call in calls)} ms")
        print(
            f"\nMedians of {self.options.rounds} rounds of medians, one call after another over one connection; ours with HTTP,"
            f" JSON, a key and a durable\ncharge, DuckDB called in its own process. p99 over all rounds. {self.memory}."
            f" After: {load()}."
        )


def p99(rounds):
    calls = sorted(call for calls in rounds for call in calls)
    return calls[min(len(calls) - 1, int(len(calls) * 0.99))]


def verdict(name, found):
    aim = next((aim for what, aim in AIMS_MS.items() if name.startswith(what)), None)
    if aim is None:
        return ""
    return f"aim {aim}: {'met' if found < aim else 'MISSED'}"


def whole_stores(options, store, duck, bench):
    """What goes over all rows: exports, and working all trends out from nothing."""
    rows = exports(options, store, duck, bench)
    say("all trends from nothing")
    for leftover in store.glob("walks.db*"):
        leftover.unlink()
    one = options.data / "one.csv"
    one.write_text(ONE_READING)
    took = run(tagmeter(options, store, "import", one, "--json"), stderr=subprocess.DEVNULL)
    rows.append(whole("all trends from nothing", [took["seconds"]], None, duck, "all trends", {}))
    (options.data / "exported").unlink(missing_ok=True)
    print()
    table(["whole store", "s", "over HTTP s", "DuckDB s", "ours / DuckDB"], rows)
    print(
        "\nExports are written to a file by the command and by DuckDB, medians of"
        f" {EXPORTS} times; the command starts anew each time. Over HTTP\nwith a key and a durable charge, read to the end."
        " DuckDB's trends are without repairs, momentum, novelty, concentration, score\nand indexes to read in order."
    )


def exports(options, store, duck, bench):
    """Hashtags, readings and videos into files by the command line, and over HTTP. DuckDB holds no captions, so videos are
    without it."""
    rows = []
    server = bench.serving()
    try:
        for what in ["hashtags", "history", "videos"]:
            for form in ["ndjson", "parquet"]:
                say(f"export of {what} as {form}")
                file = options.data / "exported"
                command = ["export", what, "-o", file, "--format", form, "--force"]
                took = [run(tagmeter(options, store, *command), stderr=subprocess.DEVNULL) for _ in range(EXPORTS)]
                bench.connect_anew()
                bench.get("/v1/metrics")
                over_http, size = bench.get_through(f"/v1/export?of={what}&format={form}")
                told = {"file": file, "format": "json" if form == "ndjson" else form}
                seconds = [one["seconds"] for one in took]
                asked = f"export {what}" if what != "videos" else None
                name = f"export {what}, {form}, {size / 1e6:,.0f} MB"
                rows.append(whole(name, seconds, over_http, duck, asked, told))
    finally:
        server.end()
    return rows


def whole(name, seconds, over_http, duck, question, told):
    """A row: SECONDS of ours and as often DuckDB's, and one of OVER_HTTP."""
    row = [name, f"{median(seconds):.2f}", "" if over_http is None else f"{over_http:.2f}"]
    if not duck or not question:
        return row + ["", ""]
    told = {key: str(value) for key, value in told.items()}
    theirs = median([duck.ask(question, told)["seconds"] for _ in seconds])
    say(f"{median(seconds):.2f} s, DuckDB {theirs:.2f} s")
    return row + [f"{theirs:.2f}", f"{median(seconds) / theirs:.1f}"]


if __name__ == "__main__":
    main()

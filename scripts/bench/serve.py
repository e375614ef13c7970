"""`bench.sh serve`: lookups and pages with a key and a durable charge on each, beside a bare axum handler."""
import argparse
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import ExitStack

from made_up import fill, make_keys
from measure import folder_mb, last_json, load, median, read_through, run, say, spread, table
from postgres import Database
from server import Server

PAGE = 30
PATHS = {
    "lookup": "/challenge-info-id/?id={id}",
    f"page of {PAGE}": f"/challenge-posts/?challenge_id={{id}}&count={PAGE}&cursor=0",
}
DRAWS = ["uniform", "zipf"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="folder of the release programs")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--connections", type=lambda text: [int(part) for part in text.split(",")], required=True)
    for name in ["hashtags", "videos", "accounts", "rounds", "seconds", "warm-up"]:
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--database-url", help="a PostgreSQL server to serve from, in place of SQLite")
    options = parser.parse_args()
    # So that the servers are ended then too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("error: ended by SIGTERM"))
    with ExitStack() as kept:
        measure(options, kept)


def measure(options, kept):
    database = None
    if options.database_url:
        database = Database(options.database_url)
        kept.callback(database.drop)
    options.database = database
    store = make_store(options)
    keys = make_accounts(options, store)
    ids = {kind: write_ids(options, store, kind) for kind in PATHS}
    for file in store.iterdir():
        read_through(file)
    size = database.megabytes() if database else folder_mb(store)
    print(
        f"{options.hashtags:,} hashtags, {options.videos:,} videos, {size:,.0f} MB; {options.accounts} keys;"
        f" before: {load()}"
    )
    with ExitStack() as running:
        tagmeter, bare = start(options, store, keys, ids, running)
        bench = Bench(options, tagmeter, bare, keys, ids)
        bench.warm_up()
        for number in range(1, options.rounds + 1):
            say(f"round {number} of {options.rounds}")
            bench.round(number)
        bench.show()
        if database:
            bench.show_pgbench()
    audit(options, store, bench.sent)
    if bench.failed:
        sys.exit(f"error: {bench.failed} answers were not 2xx or connections failed")


def tagmeter(options, store, *command):
    """A command of tagmeter over the store that is measured."""
    database = ["--database-url", options.database.url] if options.database else []
    return [options.bin / "tagmeter", "--data-dir", store, *database, *command]


def make_store(options):
    """The store of this size, imported unless it was kept from before. A database is always made anew."""
    kind = "postgres" if options.database else "serve"
    store = options.data / f"{kind}-{options.hashtags}-{options.videos}"
    if options.database:
        shutil.rmtree(store, ignore_errors=True)
    if store.exists():
        say(f"using {store} again")
        return store
    fill(store, lambda folder, *command: tagmeter(options, folder, *command), [
        (options.bin / "examples" / "generate_videos", [options.videos, options.hashtags]),
        (options.bin / "examples" / "generate_hashtags", [options.hashtags]),
    ])
    return store


def make_accounts(options, store):
    keys = make_keys(store, lambda folder, *command: tagmeter(options, folder, *command), options.accounts)
    (options.data / "keys.txt").write_text("\n".join(keys) + "\n")
    return keys


def write_ids(options, store, kind):
    """A file of the ids to ask for, in an order of its own, so that the hot ones are spread over the store."""
    least = 0 if kind == "lookup" else PAGE
    if options.database:
        found = options.database.sql(
            f"SELECT id FROM tagmeter.hashtags WHERE id IS NOT NULL AND held_videos >= {least} ORDER BY hashtag"
        )
        return shuffled(options, kind, [(id,) for id in found.split()])
    catalog = sqlite3.connect(f"file:{store / 'catalog.db'}?mode=ro", uri=True)
    rows = catalog.execute("SELECT id FROM hashtags WHERE id IS NOT NULL AND held_videos >= ?", [least]).fetchall()
    catalog.close()
    return shuffled(options, kind, rows)


def shuffled(options, kind, rows):
    if not rows:
        sys.exit(f"error: no hashtag has {PAGE} videos; take more --videos")
    random.Random(7).shuffle(rows)
    file = options.data / f"ids-{'lookup' if kind == 'lookup' else 'page'}.txt"
    file.write_text("\n".join(str(id) for (id,) in rows) + "\n")
    say(f"{kind}: {len(rows):,} ids")
    return file


def start(options, store, keys, ids, running):
    """Tagmeter, and a bare handler for each kind that returns one of Tagmeter's own answers."""
    ours = Server(
        "tagmeter",
        lambda at: tagmeter(options, store, "serve", "--listen", at, "--requests-per-minute", 0),
        options.data / "serve.log",
    )
    running.callback(ours.end)
    print(f"took connections {ours.ready_seconds:.2f} s after its start")
    bare = {}
    for number, (kind, path) in enumerate(PATHS.items()):
        id = ids[kind].read_text().split("\n", 1)[0]
        body = options.data / f"body-{number}.json"
        body.write_bytes(ours.get(path.replace("{id}", id), keys[0]))
        print(f"{kind}: the bare handler's body has {body.stat().st_size:,} bytes")
        handler = options.bin / "examples" / "bare_handler"
        bare[kind] = Server("bare", lambda at: [handler, at, body], options.data / f"bare-{number}.log")
        running.callback(bare[kind].end)
    return ours, bare


class Bench:
    def __init__(self, options, tagmeter, bare, keys, ids):
        self.options, self.tagmeter, self.bare, self.ids = options, tagmeter, bare, ids
        self.measured = {}
        # Calls to Tagmeter that were answered, with those that asked for the bodies.
        self.sent = len(PATHS)
        self.failed = 0
        self.seed = 0

    def cells(self):
        return [(kind, draw, c) for c in self.options.connections for kind in PATHS for draw in DRAWS]

    def warm_up(self):
        for kind in PATHS:
            for draw in DRAWS:
                for server in [self.bare[kind], self.tagmeter]:
                    self.drive(server, kind, draw, self.options.connections[0], self.options.warm_up)

    def round(self, number):
        for kind, draw, connections in self.cells():
            pair = [self.bare[kind], self.tagmeter]
            # Neither always has the cooler machine.
            for server in pair if number % 2 else reversed(pair):
                told = self.drive(server, kind, draw, connections, self.options.seconds)
                self.measured.setdefault((kind, draw, connections), {}).setdefault(server.name, []).append(told)

    def drive(self, server, kind, draw, connections, seconds):
        self.seed += 1
        script = pathlib.Path(__file__).with_name("requests.lua")
        keys = self.options.data / "keys.txt"
        before = server.core_seconds()
        wrk = run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script, server.url, "--",
                   PATHS[kind], self.ids[kind], keys, draw, self.seed])
        told = last_json(wrk["output"])
        told["core_us"] = (server.core_seconds() - before) * 1e6 / max(told["requests"], 1)
        told["rate"] = told["requests"] / told["seconds"]
        self.failed += told["non_2xx"] + told["socket_errors"]
        if server is self.tagmeter:
            self.sent += told["requests"]
            told["rss_mb"] = server.memory_mb("VmRSS")
        return told

    def show(self):
        rows = []
        for (kind, draw, connections), servers in self.measured.items():
            bare, ours = servers["bare"], servers["tagmeter"]
            ratios = [o["rate"] / b["rate"] for o, b in zip(ours, bare)]

            def of(told, name):
                return median([t[name] for t in told])

            size = of(ours, "bytes") / of(ours, "requests")
            rows.append([
                f"{kind}, {draw}, c{connections}", f"{of(bare, 'rate'):,.0f}", f"{of(ours, 'rate'):,.0f}",
                f"{median(ratios):.2f}", f"{spread(ratios):.0%}", f"{of(ours, 'p50_ms'):.2f}",
                f"{of(ours, 'p99_ms'):.2f}", f"{of(bare, 'p50_ms'):.2f}", f"{of(bare, 'p99_ms'):.2f}",
                f"{of(ours, 'core_us'):.1f}", f"{of(bare, 'core_us'):.1f}", f"{size:,.0f}",
                f"{of(ours, 'rss_mb'):,.0f}", sum(t["non_2xx"] + t["socket_errors"] for t in ours + bare),
            ])
        print()
        table(["", "bare req/s", "req/s", "ratio", "spread", "p50 ms", "p99 ms", "bare p50", "bare p99", "core us/req",
               "bare us/req", "bytes", "RSS MB", "failed"], rows)
        t = self.tagmeter
        print(
            f"\nMedians of {self.options.rounds} rounds of {self.options.seconds} s each; ratio is the median of the"
            " rounds' ratios, spread their range as a share of it.\n"
            "Every call to tagmeter has a key and a durable charge; the bare handler has neither. wrk runs on the same"
            f" cores. bytes: of an answer with its head; failed: not 2xx, or no answer.\nResident at the end"
            f" {t.memory_mb('VmRSS'):,.0f} MB, of which {t.memory_mb('RssAnon'):,.0f} MB its own and the rest mapped"
            f" files; most {t.memory_mb('VmHWM'):,.0f} MB. After: {load()}."
        )


    def show_pgbench(self):
        """Beside PostgreSQL alone: the same look-ups without HTTP, keys and charges."""
        for connections in self.options.connections:
            alone = self.options.database.select_rate(self.options.data, connections, self.options.seconds)
            ours = median([told["rate"] for told in self.measured["lookup", "uniform", connections]["tagmeter"]])
            print(f"pgbench, the same SELECTs, c{min(connections, 64)}: {alone:,.0f}/s, {alone / ours:.2f} of ours at c{connections}")


def audit(options, store, sent):
    audited = run(tagmeter(options, store, "audit", "--json"), stderr=subprocess.DEVNULL)
    told = last_json(audited["output"])
    # A call that was under way when wrk stopped is charged and not counted there.
    print(f"audit: ok {told['ok']}, {told['charges']:,} charges, {sent:,} answers counted by wrk")
    if not told["ok"] or told["charges"] < sent:
        sys.exit(f"error: the ledger does not add up: {audited['output']}")


if __name__ == "__main__":
    main()

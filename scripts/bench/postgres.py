"""A database of the benchmark's own on the server of --database-url, gone at the end; and what PostgreSQL itself takes
for the same work: `pgbench` with the same SELECTs, and a plain COPY of the same rows with its indexes."""
import os
import re
import subprocess
import sys
import urllib.parse

from measure import run, say


class Database:
    def __init__(self, server_url):
        self.server_url = server_url
        parts = urllib.parse.urlsplit(server_url)
        self.name = f"tagmeter_bench_{os.getpid()}"
        self.url = urllib.parse.urlunsplit(parts._replace(path=f"/{self.name}"))
        psql(server_url, f"CREATE DATABASE {self.name}")

    def drop(self):
        psql(self.server_url, f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def sql(self, sql):
        return psql(self.url, sql)

    def megabytes(self):
        return int(self.sql("SELECT pg_database_size(current_database())")) / 1e6

    def tables(self):
        """What holds rows, with partitions in place of what they are partitions of."""
        found = self.sql(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'tagmeter'::regnamespace AND c.relkind = 'r'"
            " ORDER BY c.relname"
        )
        return found.split()

    def copy_seconds(self, folder):
        """Seconds of a COPY of every table into tables without indexes, and of making the indexes then."""
        script = ["\\set ON_ERROR_STOP on", "CREATE SCHEMA bare;"]
        for table in self.tables():
            file = folder / f"{table}.copy"
            self.sql(f"\\copy tagmeter.{table} TO '{file}' (FORMAT binary)")
            indexes = self.sql(
                f"SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'tagmeter.{table}'::regclass"
            )
            script.append(f"CREATE TABLE bare.{table} (LIKE tagmeter.{table});")
            script.append(f"\\copy bare.{table} FROM '{file}' (FORMAT binary)")
            for number, index in enumerate(indexes.splitlines()):
                renamed = re.sub(r"INDEX \S+ ON (ONLY )?\S+ ", f"INDEX {table}_{number} ON bare.{table} ", index, count=1)
                script.append(renamed + ";")
        # Written before the clock starts, so that both find the disk alike.
        self.sql("CHECKPOINT")
        file = folder / "copy.sql"
        file.write_text("\n".join(script) + "\n")
        took = run(["psql", self.url, "-Xq", "-f", file])
        self.sql("DROP SCHEMA bare CASCADE")
        for table in self.tables():
            (folder / f"{table}.copy").unlink()
        return took

    def select_rate(self, folder, connections, seconds):
        """Look-ups a second of pgbench: a hashtag's row by its number, and a way to it, uniformly random, prepared."""
        rows = int(self.sql("SELECT next_hashtag - 1 FROM tagmeter.store"))
        script = folder / "select.pgbench"
        script.write_text(
            f"\\set hashtag random(1, {rows})\n"
            "SELECT hashtag FROM tagmeter.hashtag_ids WHERE id = :hashtag;\n"
            "SELECT * FROM tagmeter.hashtags WHERE hashtag = :hashtag;\n"
        )
        command = ["pgbench", "-n", "-M", "prepared", "-f", script, "-c", min(connections, 64), "-j", 1, "-T", seconds]
        told = run([*command, self.url], stderr=subprocess.DEVNULL)["output"]
        found = re.search(r"tps = ([0-9.]+)", told)
        if not found:
            sys.exit(f"error: pgbench said: {told[-2000:]}")
        return float(found.group(1))


def psql(url, sql):
    say_less = ["psql", url, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql]
    done = subprocess.run(say_less, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        say(done.stderr)
        sys.exit(f"error: psql could not run: {sql[:200]}")
    return done.stdout.strip()

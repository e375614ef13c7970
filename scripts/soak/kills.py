"""`soak.sh kills`: clients call, an upload and a command import, and the server is killed again and again. At the end every
answer that a client had must have exactly one charge, the audit must be clean, every video and every job must be there."""
import argparse
import http.client
import json
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

PATH = "/challenge-info-id/?id=1"


def main():
    parser = argparse.ArgumentParser(prog="scripts/soak.sh kills")
    parser.add_argument("--kills", type=int, default=40, help="of the server; default 40")
    parser.add_argument("--clients", type=int, default=8, help="that call at once; default 8")
    parser.add_argument("--seconds", type=float, default=2.0, help="between kills, about; default 2")
    parser.add_argument("--videos", type=int, default=200_000, help="that are imported; default 200000")
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="the program")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(Soak(options, pathlib.Path(folder)).run())


class Soak:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.data = folder / "data"
        self.random = random.Random(7)
        self.answered, self.lock = [], threading.Lock()
        self.jobs, self.import_kills = {}, 0

    def run(self):
        lines = self.folder / "videos.ndjson"
        with open(lines, "w", encoding="utf-8") as out:
            out.writelines(video(n) for n in range(self.options.videos))
        first = self.folder / "first.ndjson"
        first.write_text("".join(video(n) for n in range(50)), encoding="utf-8")
        self.command("import", str(first))
        account = self.command("account", "create", "soak@example.com", "--credits", "1000000000")
        self.key = account["api_key"]
        admin = self.command("key", "create", "soak@example.com", "--name", "admin", "--admin")
        self.admin = admin["api_key"]
        began = time.monotonic()
        for number in range(1, self.options.kills + 1):
            self.round(number, lines)
            if number % 10 == 0:
                print(f"{number} kills, {len(self.answered):,} answers", file=sys.stderr)
        seconds = time.monotonic() - began
        return self.judge(seconds)

    def command(self, *arguments):
        ended = subprocess.run(
            [self.options.bin, "--data-dir", self.data, *arguments, "--json"], capture_output=True, text=True)
        if ended.returncode != 0:
            sys.exit(f"error: {arguments}: {ended.stderr}{ended.stdout}")
        return json.loads(ended.stdout.strip().splitlines()[-1])

    def serve(self):
        server = subprocess.Popen(
            [self.options.bin, "--data-dir", self.data, "serve", "--listen", "127.0.0.1:0", "--requests-per-minute", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in server.stdout:
            if line.startswith("Listening on "):
                return server, line.split("//")[1].strip()
        sys.exit("error: the server did not start")

    def round(self, number, lines):
        server, address = self.serve()
        importing = None
        clients = [threading.Thread(target=self.call, args=(address,)) for _ in range(self.options.clients)]
        for client in clients:
            client.start()
        if number % 4 == 1:
            self.upload(address, lines, number)
        if number % 2 == 0:
            # Other plays each time: an import of what is there already ends before it can be killed.
            newer = self.folder / "newer.ndjson"
            with open(newer, "w", encoding="utf-8") as out:
                out.writelines(video(n, number) for n in range(self.options.videos))
            importing = subprocess.Popen(
                [self.options.bin, "--data-dir", self.data, "import", newer],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(self.options.seconds * self.random.uniform(0.1 if importing else 0.5, 1.5))
        server.kill()
        if importing:
            self.import_kills += importing.poll() is None
            importing.kill()
            importing.wait()
        server.wait()
        for client in clients:
            client.join()

    def call(self, address):
        connection = http.client.HTTPConnection(address, timeout=30)
        mine = []
        try:
            while True:
                connection.request("GET", PATH, headers={"X-Api-Key": self.key})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    mine.append(answer.headers["x-request-id"])
        except (OSError, http.client.HTTPException):
            pass
        with self.lock:
            self.answered.extend(mine)

    def upload(self, address, lines, number):
        connection = http.client.HTTPConnection(address, timeout=30)
        try:
            with open(lines, "rb") as body:
                connection.request("POST", "/v1/imports?again=true", body, {
                    "X-Api-Key": self.admin, "Content-Type": "application/octet-stream",
                    "Idempotency-Key": f"upload-{number}"})
                answer = connection.getresponse()
                accepted = json.loads(answer.read())
            if answer.status == 202:
                self.jobs[accepted["data"]["id"]] = None
        except (OSError, http.client.HTTPException):
            pass

    def judge(self, seconds):
        server, address = self.serve()
        until = time.monotonic() + 300
        while time.monotonic() < until and any(state not in ("done", "failed") for state in self.jobs.values()):
            for job in self.jobs:
                connection = http.client.HTTPConnection(address, timeout=30)
                connection.request("GET", f"/v1/imports/{job}", headers={"X-Api-Key": self.admin})
                self.jobs[job] = json.loads(connection.getresponse().read())["data"]["state"]
            time.sleep(1)
        server.send_signal(signal.SIGTERM)
        server.wait()
        newest = self.folder / "newest.ndjson"
        with open(newest, "w", encoding="utf-8") as out:
            out.writelines(video(n, self.options.kills + 1) for n in range(self.options.videos))
        self.command("import", str(newest))
        audit = self.command("audit", "--heal")
        charged = self.charges()
        lost = sum(charged.get(request, 0) == 0 for request in self.answered)
        double = sum(times > 1 for times in charged.values()) + len(self.answered) - len(set(self.answered))
        # A client that was cut off may have been charged without an answer; at most one call each.
        unheard = sum(charged.values()) - len(self.answered)
        videos = self.count("catalog.db", "SELECT count(*) FROM videos")
        plays = self.count("catalog.db", "SELECT held_views FROM hashtags WHERE name = 'cat'")
        plays_right = sum(plays_of(n, self.options.kills + 1) for n in range(self.options.videos))
        jobs_done = sum(state == "done" for state in self.jobs.values())
        checks = {
            "answers lost": lost == 0,
            "charged twice": double == 0,
            "charged and not heard": 0 <= unheard <= self.options.kills * self.options.clients,
            "audit": audit["ok"],
            "sums healed": audit["sums"]["healed"] == 0,
            "videos": videos == self.options.videos,
            "plays": plays == plays_right,
            "imports were killed": self.import_kills > 0 or self.options.kills < 4,
            "jobs done": jobs_done == len(self.jobs) > 0,
            "calls were made": len(self.answered) > 0,
        }
        print(f"{self.options.kills} kills of the server and {self.import_kills} of imports in {seconds:,.0f} s; "
              f"{len(self.answered):,} answers: {lost} lost, {double} charged twice, {unheard} charged and not heard; "
              f"{videos:,} of {self.options.videos:,} videos; {jobs_done} of {len(self.jobs)} uploads done; "
              f"audit {'ok' if audit['ok'] else 'FAILED'}, {audit['sums']['healed']} sums off")
        failed = [name for name, holds in checks.items() if not holds]
        print(f"FAILED: {', '.join(failed)}" if failed else "ok")
        return 1 if failed else 0

    def charges(self):
        with sqlite3.connect(self.data / "accounts.db") as ledger:
            rows = ledger.execute(
                "SELECT lower(hex(request_id)), count(*) FROM entries WHERE kind = 2 GROUP BY request_id").fetchall()
        dashed = lambda text: "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])
        return {dashed(text): times for text, times in rows}

    def count(self, file, sql):
        with sqlite3.connect(self.data / file) as database:
            return database.execute(sql).fetchone()[0]


def plays_of(n, generation):
    return n * 13 + generation


def video(n, generation=0):
    """A made-up video as a web capture has it; a later generation was read later and has more plays."""
    tags = [{"id": "1", "title": "cat"}, {"id": str(100 + n % 50), "title": f"group{n % 50}"}]
    return json.dumps({
        "id": str(7_000_000_000_000_000_000 + n * 7919), "desc": f"video {n}", "createTime": 1_700_000_000,
        "collectTime": 1_700_001_000 + 60 * generation, "author": {"id": str(6_000_000_000_000_000_000 + n % 997), "uniqueId": f"a{n % 997}"},
        "video": {"duration": 9}, "challenges": tags, "stats": {"playCount": plays_of(n, generation), "diggCount": 1},
    }) + "\n"


main()

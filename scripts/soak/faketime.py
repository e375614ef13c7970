"""`soak.sh faketime`: a server with trackers of two accounts, whose clock this script sets through a preloaded library. A second
server, on the true clock, is its upstream. At the end each slot must have one reading, one charge, or the reason of a gap."""
import argparse
import datetime
import hashlib
import http.client
import json
import mmap
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

HOUR_MS = 3_600_000
WEEK_MS = 7 * 24 * HOUR_MS
BEGIN = datetime.datetime(2027, 3, 1, 0, 30, tzinfo=datetime.timezone.utc)
TAGS = ("cat", "dog", "bird")
CREDITS = 1_000_000
# A clock step of a year and more, as after a dead battery.
YEAR_HOURS = 400 * 24


def main():
    parser = argparse.ArgumentParser(prog="scripts/soak.sh faketime")
    parser.add_argument("--hours", type=int, default=240, help="of the faked clock; default 240")
    parser.add_argument("--kills", type=int, default=12, help="of the server; default 12")
    parser.add_argument("--seed", type=int, default=1, help="of what happens when; default 1")
    parser.add_argument("--clock", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="the program")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(Soak(options, pathlib.Path(folder)).run())


class Soak:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.random = random.Random(options.seed)
        self.clock_file = folder / "clock"
        self.clock_file.write_bytes(bytes(8))
        with open(self.clock_file, "r+b") as file:
            self.clock = mmap.mmap(file.fileno(), 8)
        self.upstream = self.server = None

    def run(self):
        began = time.monotonic()
        self.set_clock(BEGIN)
        try:
            self.begin()
            slept = self.pass_hours()
            figures, faults = self.judge(slept)
        finally:
            for server in (self.server, self.upstream):
                if server:
                    server.kill()
                    server.wait()
        print(f"{self.options.hours} hours in {time.monotonic() - began:,.0f} s; {figures}")
        print(f"FAILED: {'; '.join(faults[:10])}" if faults else "ok")
        return 1 if faults else 0

    def begin(self):
        series = self.folder / "series.csv"
        rows = [f"2026-01-01T00:00:00Z,{n},{tag},{n}00000" for n, tag in enumerate(TAGS, 1)]
        series.write_text("snapshot_utc,challenge_id,challenge_name,views\n" + "\n".join(rows) + "\n", encoding="utf-8")
        there = self.folder / "upstream"
        self.command(there, "import", str(series))
        key = self.command(there, "account", "create", "up@example.com", "--credits", str(CREDITS))["api_key"]
        self.upstream, address = self.serve(there, [])
        self.upstream_key, self.upstream_address = key, address
        settings = self.folder / "tagmeter.toml"
        settings.write_text(
            f'[freshness]\ncounts = "1h"\n\n[[upstream]]\nname = "other"\nkind = "contract"\n'
            f'base_url = "http://{address}"\napi_key = "{key}"\nrequests_per_minute = 0\n', encoding="utf-8")
        self.settings = ["--config", str(settings)]
        here = self.folder / "data"
        self.keys = [
            self.command(here, "account", "create", f"{name}@example.com", "--credits", str(CREDITS))["api_key"]
            for name in ("me", "you")]
        self.start()
        self.trackers = []
        for key in self.keys:
            made = self.call("POST", "/v1/trackers", key, {"hashtags": list(TAGS), "every": "hour"})
            self.trackers.append(made["data"]["id"])

    def start(self):
        fake = {"LD_PRELOAD": self.options.clock, "SOAK_CLOCK": str(self.clock_file)}
        self.server, self.address = self.serve(self.folder / "data", self.settings, fake)

    def serve(self, data, settings, environment=None):
        server = subprocess.Popen(
            [self.options.bin, "--data-dir", data, *settings, "serve", "--listen", "127.0.0.1:0", "--requests-per-minute", "0"],
            stdout=subprocess.PIPE, stderr=open(self.folder / "log", "ab"), text=True,
            env={**os.environ, **(environment or {})})
        for line in server.stdout:
            if line.startswith("Listening on "):
                return server, line.split("//")[1].strip()
        sys.exit("error: the server did not start: " + (self.folder / "log").read_text(encoding="utf-8")[-2000:])

    def command(self, data, *arguments):
        ended = subprocess.run(
            [self.options.bin, "--data-dir", data, *arguments, "--json"], capture_output=True, text=True)
        if ended.returncode != 0:
            sys.exit(f"error: {arguments}: {ended.stderr}{ended.stdout}")
        return json.loads(ended.stdout.strip().splitlines()[-1])

    def set_clock(self, now):
        self.now = now
        self.clock[:8] = struct.pack("=q", ms(now))

    def call(self, method, path, key, body=None):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        headers = {"X-Api-Key": key, "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            sys.exit(f"error: {method} {path}: {answer.status} {text.decode()}")
        return json.loads(text) if text else None

    def pass_hours(self):
        hours = self.options.hours
        kills = set(self.random.sample(range(1, hours - 30), min(self.options.kills, hours - 31)))
        jumps = dict(zip(self.random.sample(range(5, hours - 60), 4), (-5, 30, YEAR_HOURS, -26)))
        sleeps = set(self.random.sample(range(5, hours - 60), 2))
        offset, right_at, awake_at, slept = 0, 0, 0, 0
        for hour in range(hours):
            if hour in jumps:
                offset, right_at = jumps[hour], hour + self.random.randint(1, 12)
            if hour >= right_at:
                offset = 0
            if hour in sleeps:
                awake_at = hour + self.random.randint(3, 40)
                self.stop(signal.SIGTERM)
            asleep = hour < awake_at
            slept += asleep
            self.set_clock(BEGIN + datetime.timedelta(hours=hour + offset))
            if asleep:
                continue
            if self.server is None:
                self.start()
            if hour in kills:
                self.nudge()
                time.sleep(self.random.uniform(0, 0.05))
                self.stop(signal.SIGKILL)
                self.start()
            self.until_read()
        return slept

    def stop(self, how):
        if self.server is not None:
            self.server.send_signal(how)
            self.server.wait()
            self.server = None

    def nudge(self):
        for key, tracker in zip(self.keys, self.trackers):
            self.call("POST", f"/v1/trackers/{tracker}/run", key)

    def until_read(self):
        """Wakes the worker until nothing is due. A lease of a killed one ends when the clock has moved on."""
        until = time.monotonic() + 30
        stands_since = time.monotonic()
        while time.monotonic() < until:
            self.nudge()
            due = [self.call("GET", f"/v1/trackers/{tracker}", key)["data"]["next_reading_at"]
                   for key, tracker in zip(self.keys, self.trackers)]
            if all(at is not None and moment(at) > self.now for at in due):
                return
            if time.monotonic() - stands_since > 1:
                self.set_clock(self.now + datetime.timedelta(minutes=3))
                stands_since = time.monotonic()
            time.sleep(0.02)
        sys.exit("error: readings stay due for 30 s")

    def judge(self, slept):
        faults, readings, missed, spent = [], 0, 0, []
        distinct = set()
        for key, tracker in zip(self.keys, self.trackers):
            shown = self.call("GET", f"/v1/trackers/{tracker}", key)["data"]
            of_tracker = 0
            for tag in TAGS:
                times = self.times(key, tracker, tag)
                gaps = self.gaps(key, tracker, tag)
                slots = {slot_of(tag, at) for at in times}
                if len(slots) != len(times):
                    faults.append(f"#{tag} has {len(times)} readings in {len(slots)} slots")
                distinct |= {(tag, slot) for slot in slots}
                of_tracker += len(slots)
                slot, now = slot_of(tag, ms(BEGIN)), slot_of(tag, ms(self.now))
                while slot < now:
                    in_gap = any(begin <= slot and slot + HOUR_MS <= end for begin, end, _ in gaps)
                    missed += in_gap
                    if in_gap == (slot in slots):
                        what = "read and a gap" if in_gap else "neither read nor a gap"
                        faults.append(f"#{tag}: the slot of {slot} is {what}")
                    slot += HOUR_MS
            if shown["readings"] != of_tracker:
                faults.append(f"{tracker} counts {shown['readings']} readings, and {of_tracker} slots have one")
            balance = self.call("GET", "/v1/balance", key)["data"]
            paid = CREDITS - balance["credits"]
            spent.append(paid)
            if paid != of_tracker:
                faults.append(f"{of_tracker} readings of {tracker} cost {paid} credits")
            readings += of_tracker
        here, self.address = self.address, self.upstream_address
        calls = CREDITS - self.call("GET", "/v1/balance", self.upstream_key)["data"]["credits"]
        self.address = here
        if not len(distinct) <= calls <= len(distinct) + self.options.kills * len(TAGS):
            faults.append(f"{calls} calls of the upstream for {len(distinct)} readings")
        if slept and not missed:
            faults.append("no gap, although the server was stopped for hours")
        self.stop(signal.SIGTERM)
        audit = self.command(self.folder / "data", "audit")
        if not audit["ok"]:
            faults.append("the audit found a problem")
        figures = (f"{self.options.kills} kills, {slept} hours asleep; {readings} readings of two accounts by {calls} calls, "
                   f"{missed} slots missed with a reason, {sum(spent)} credits")
        return figures, faults

    def times(self, key, tracker, tag):
        times, path = [], f"/v1/trackers/{tracker}/series?hashtag={tag}&to=2099-01-01"
        cursor = ""
        while True:
            page = self.call("GET", path + cursor, key)
            times += [ms(moment(reading["at"])) for reading in page["data"]["readings"]]
            following = page["pagination"]["next_cursor"]
            if not following:
                return times
            cursor = f"&cursor={following}"

    def gaps(self, key, tracker, tag):
        gaps, cursor = [], ""
        while True:
            page = self.call("GET", f"/v1/trackers/{tracker}/gaps?hashtag={tag}{cursor}", key)
            gaps += [(ms(moment(gap["from"])), ms(moment(gap["until"])), gap["reason"]) for gap in page["data"]]
            following = page["pagination"]["next_cursor"]
            if not following:
                return gaps
            cursor = f"&cursor={following}"


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def ms(at):
    return int(at.timestamp() * 1000)


def slot_of(tag, at):
    """The beginning of the hourly slot of a moment, as docs/tracking.md says: a phase of the hashtag's own."""
    phase = int.from_bytes(hashlib.sha256(tag.encode()).digest()[:8], "big") % WEEK_MS
    return (at - phase) // HOUR_MS * HOUR_MS + phase


main()

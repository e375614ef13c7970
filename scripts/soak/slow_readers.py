#!/usr/bin/env python3
"""Helpers of scripts/soak/slow.sh: a synthetic series, and many clients that read slowly while memory is watched.

slow_readers.py series READINGS
slow_readers.py read HOST:PORT PID READERS SECONDS RATE PATH KEYS_FILE
"""

import collections
import http.client
import sys
import threading
import time


def series(readings):
    """Prints readings of hashtags, 400 of each, oldest first."""
    print("snapshot_utc,challenge_id,challenge_name,views")
    for number in range(readings):
        tag, reading = divmod(number, 400)
        day, hour = divmod(reading, 24)
        print(f"2026-10-{day + 1:02} {hour:02}:00:00,{1_000_000 + tag},tag{tag},{number * 7919 % 10**9 + reading * 10**9}")


def rss_mb(pid):
    """Resident memory of a process in MB; that of shared files (the page cache of SQLite) is not counted."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["RssAnon"].split()[0]) / 1024


def read(address, pid, readers, seconds, rate, path, keys_file):
    """Reads with many clients at once, and prints statuses and memory."""
    with open(keys_file, encoding="ascii") as file:
        keys = file.read().split()
    idle, results, until = rss_mb(pid), collections.Counter(), []
    stop = threading.Event()

    def client(number):
        connection = http.client.HTTPConnection(address, timeout=600)
        try:
            connection.request("GET", path, headers={"X-Api-Key": keys[number % len(keys)]})
            answer = connection.getresponse()
            results[answer.status] += 1
            while not stop.is_set() and answer.read(rate):
                stop.wait(1)
        except OSError as error:
            results[repr(error)] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(readers)]
    began, peak = time.monotonic(), idle
    for thread in threads:
        thread.start()
    answered = None
    while answered is None or time.monotonic() < answered + seconds:
        peak = max(peak, rss_mb(pid))
        if answered is None and sum(results.values()) == readers:
            answered = time.monotonic()
            until = rss_mb(pid)
        if time.monotonic() > began + 600:
            break
        time.sleep(0.05)
    reading = rss_mb(pid)
    stop.set()
    for thread in threads:
        thread.join()
    time.sleep(15)
    print(f"{readers} readers of {path}, {rate} bytes/s each")
    print("answers: " + ", ".join(f"{status}: {count}" for status, count in sorted(results.items(), key=str)))
    print(f"all answered after {(answered or time.monotonic()) - began:.1f} s")
    print(f"private memory: idle {idle:.0f} MB, peak {peak:.0f} MB, all answered {until or 0:.0f} MB, "
          f"while reading {reading:.0f} MB, 15 s after the last {rss_mb(pid):.0f} MB")


if __name__ == "__main__":
    if sys.argv[1] == "series":
        series(int(sys.argv[2]))
    else:
        _, _, address, pid, readers, seconds, rate, path, keys_file = sys.argv
        read(address, int(pid), int(readers), float(seconds), int(rate), path, keys_file)

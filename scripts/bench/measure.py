"""Running a program and telling what it took; medians; plain tables. Shared by the benchmarks."""
import json
import os
import statistics
import subprocess
import sys
import time


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(command, **how):
    """Runs a command to its end: its output, wall seconds, seconds on a core, peak resident MB. Fails if it does."""
    began = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True, **how)
    output = process.stdout.read()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    if process.returncode != 0:
        sys.exit(f"error: {command[0]} ended with {process.returncode}: {output[-2000:]}")
    unit = 1_000_000 if sys.platform == "darwin" else 1_000
    return {
        "output": output,
        "seconds": seconds,
        "core_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / unit,
    }


def last_json(text):
    return json.loads(text.strip().splitlines()[-1])


def median(numbers):
    return statistics.median(numbers)


def spread(numbers):
    """How far the rounds lie apart: the range as a share of the median."""
    middle = median(numbers)
    return (max(numbers) - min(numbers)) / middle if middle else 0.0


def folder_mb(path):
    """Megabytes of the files in a folder, or of a file."""
    if path.is_file():
        return path.stat().st_size / 1e6
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) / 1e6


def read_through(path):
    """Reads a file to its end, so that every round finds it in memory alike, as far as it fits."""
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass


def load():
    """What else the machine does, as far as it tells: the load average of the last minute and the cores."""
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def table(head, rows):
    """A plain text table. The first column is text, the others stand to the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(line[n]) for line in [head, *rows]) for n in range(len(head))]
    for line in [head, ["-" * width for width in widths], *rows]:
        cells = [line[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]
        print("  ".join(cells).rstrip())

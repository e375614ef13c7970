"""A server under measurement: started on a free port, asked what it takes, ended."""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, name, command, log):
        """Starts COMMAND, a function of an address, and waits until it takes connections."""
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        began = time.monotonic()
        with open(log, "wb") as out:
            parts = [str(part) for part in command(f"127.0.0.1:{self.port}")]
            self.process = subprocess.Popen(parts, stdout=out, stderr=out)
        while not self.is_up():
            if self.process.poll() is not None or time.monotonic() - began > 60:
                self.process.kill()
                sys.exit(f"error: {name} did not start: {log.read_text()[-2000:]}")
            time.sleep(0.01)
        self.ready_seconds = time.monotonic() - began

    def is_up(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def get(self, path, key):
        request = urllib.request.Request(self.url + path, headers={"X-Api-Key": key})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def core_seconds(self):
        """Seconds on a core so far; only Linux tells of a running process."""
        try:
            fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return float("nan")
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self, name):
        """VmRSS, VmHWM (peak), RssAnon (what is not a mapped file)."""
        try:
            lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        except OSError:
            return float("nan")
        return next((int(line.split()[1]) / 1e3 for line in lines if line.startswith(name + ":")), float("nan"))

    def end(self):
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

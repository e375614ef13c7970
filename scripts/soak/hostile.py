"""Malformed, slow and oversized clients against one server, beside honest ones that pay. See hostile.sh.

Every client is a coroutine that goes on until the time is up. What each saw is counted by kind of client and by outcome.
It fails when the server dies or stops answering, answers an attack with a 5xx, charges an attack, keeps file descriptors
or memory, or when the ledger and the honest clients disagree.
"""

import asyncio
import base64
import collections
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile

TAGMETER, SECONDS, SEED = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
# A client that has heard nothing for so long has found a server that hangs.
PATIENCE = 30
# Files that may stay open: connections to the store's files that are kept for the next readers.
KEPT_FILES_MAX = 16
# Memory that may be kept beyond what the server had when it was warm.
KEPT_BYTES_MAX = 96 << 20

counts = collections.Counter()
charged = 0
# Paid requests whose answer nobody read: each may have been charged or not.
abandoned = 0
faults = []
chance = random.Random(SEED)


def count(kind, outcome):
    counts[kind, str(outcome)] += 1


def fault(text):
    faults.append(text)


class Server:
    def __init__(self, folder):
        self.folder = folder
        self.run("account", "create", "honest@example.com", "--credits", "100000000")
        self.key = self.run("key", "create", "honest@example.com")["api_key"]
        self.other_key = self.run("key", "create", "honest@example.com")["api_key"]
        self.admin_key = self.run("key", "create", "honest@example.com", "--admin")["api_key"]
        captures = os.path.join(folder, "captures.ndjson")
        with open(captures, "w", encoding="utf-8") as file:
            for number in range(400):
                file.write(json.dumps(video(number)) + "\n")
        self.run("import", captures)
        environment = dict(os.environ, TAGMETER_LOG="warn", TAGMETER_REQUESTS_PER_MINUTE="0")
        command = [TAGMETER, "serve", "--listen", "127.0.0.1:0", "--data-dir", self.data]
        self.log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, env=environment, text=True)
        line = self.process.stdout.readline()
        self.port = int(re.search(r":(\d+)\s*$", line).group(1))

    @property
    def data(self):
        return os.path.join(self.folder, "data")

    def run(self, *arguments):
        command = [TAGMETER, *arguments, "--data-dir", self.data, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"error: {' '.join(arguments)}: {done.stderr}")
        return json.loads(done.stdout)

    def memory_bytes(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


def video(number):
    return {
        "id": str(7_100_000_000_000_000_000 + number), "desc": f"number {number} #cat #soak{number % 40}",
        "createTime": 1_700_000_000 + number, "author": {"id": str(10_000 + number % 90), "uniqueId": f"maker{number % 90}"},
        "stats": {"playCount": 1000 + number, "diggCount": number, "commentCount": 3, "shareCount": 2},
        "challenges": [{"id": "7551", "title": "cat"}, {"id": str(9000 + number % 40), "title": f"soak{number % 40}"}],
        "video": {"duration": 12}, "music": {"id": "1", "title": "a sound"},
    }


async def connect(server):
    return await asyncio.wait_for(asyncio.open_connection("127.0.0.1", server.port), PATIENCE)


async def until_closed(reader):
    return await asyncio.wait_for(reader.read(-1), PATIENCE)


def close(writer):
    try:
        writer.close()
    except OSError:
        pass


def status_of(answer):
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    return int(found.group(1)) if found else 0


def judged(kind, answer, wanted):
    """Counts an answer to an attack. Problems are JSON with a request id, and free."""
    status = status_of(answer)
    count(kind, status or "closed")
    if status not in wanted:
        fault(f"{kind}: {status} is none of {sorted(wanted)}: {answer[:200]!r}")
    if status >= 400:
        head, _, body = answer.partition(b"\r\n\r\n")
        if b"application/problem+json" not in head or b"x-request-id" not in head.lower():
            fault(f"{kind}: no problem: {answer[:200]!r}")
        try:
            json.loads(body)
        except ValueError:
            fault(f"{kind}: no JSON: {body[:200]!r}")
    charge = re.search(rb"x-credits-charged: (\d+)", answer, re.IGNORECASE)
    if charge and charge.group(1) != b"0":
        fault(f"{kind}: charged: {answer[:200]!r}")


async def one_shot(server, kind, sent, wanted, half_close=False):
    reader, writer = await connect(server)
    try:
        writer.write(sent)
        await writer.drain()
        if half_close:
            writer.write_eof()
        answer = await until_closed(reader)
    except (ConnectionError, asyncio.IncompleteReadError):
        count(kind, "reset")
        return
    finally:
        close(writer)
    judged(kind, answer, wanted)


def request(line, *headers, body=b"", host="Host: x"):
    lines = [line, *([host] if host else []), "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


async def garbage(server, mine):
    await one_shot(server, "random bytes", mine.randbytes(mine.randrange(1, 3000)) + b"\r\n\r\n", {0, 400, 408, 431}, True)


async def oversized(server, mine):
    big = "b" * 20_000
    await one_shot(server, "oversized header", request("GET /healthz HTTP/1.1", f"X-A: {big}"), {431})
    many = [f"X-{number}: a" for number in range(mine.randrange(101, 400))]
    await one_shot(server, "too many headers", request("GET /healthz HTTP/1.1", *many), {431})
    await one_shot(server, "long URL", request("GET /" + "b" * 9_000 + " HTTP/1.1"), {414})
    body = b'{"hashtag":"' + b"x" * 20_000 + b'"}'
    await one_shot(server, "oversized JSON", request(
        "POST /v1/walks HTTP/1.1", f"X-Api-Key: {server.key}", "Content-Type: application/json",
        f"Content-Length: {len(body)}", body=body), {413})


async def malformed(server, mine):
    key = f"X-Api-Key: {server.key}"
    paid = "GET /challenge-info-id/?id=7551 HTTP/1.1"
    cases = [
        ("no Host", request(paid, key, host=None), {400}),
        ("two Hosts", request(paid, "Host: y", key), {400}),
        ("two keys", request(paid, key, f"Authorization: Bearer {server.other_key}"), {400}),
        ("two lengths", request(paid, key, "Content-Length: 1", "Content-Length: 2"), {400}),
        ("header without colon", request(paid, key, "nonsense"), {400}),
        ("unknown parameter", request("GET /v1/hashtags/cat?no_such=1 HTTP/1.1", key), {422}),
        ("nothing acceptable", request(paid, key, "Accept-Encoding: *;q=0"), {406}),
        ("unknown method", request("BREW /v1/me HTTP/1.1", key), {405}),
        ("HEAD of a paid path", request("HEAD /challenge-info-id/?id=7551 HTTP/1.1", key), {200}),
        ("empty search", request("GET /search-challenge/?keyword=nothingatall HTTP/1.1", key), {200}),
    ]
    kind, sent, wanted = mine.choice(cases)
    await one_shot(server, kind, sent, wanted)
    chunked = ["Transfer-Encoding: chunked", key]
    body = mine.choice([b"xyz\r\n{}\r\n0\r\n\r\n", b"2\r\n{}}\r\n0\r\n\r\n", b"2\r\n{}\r\n", b"ffffffffffffffffff\r\n{}", b"5\r\n{}"])
    await one_shot(server, "malformed chunks", request(paid, *chunked, body=body), {400}, half_close=True)


async def uploads(server, mine):
    key = f"X-Api-Key: {server.admin_key}"
    await one_shot(server, "form as upload", request(
        "POST /v1/imports HTTP/1.1", key, "Content-Type: multipart/form-data; boundary=x", "Content-Length: 300000",
        body=b"x" * 300_000), {415})
    sent = mine.randrange(1, 100_000)
    await one_shot(server, "upload cut off", request(
        "POST /v1/imports HTTP/1.1", key, "Content-Length: 200000", body=b"x" * sent), {400, 503}, half_close=True)


async def slow_header(server, mine):
    """Drips a header: told 408 when the time for headers is up."""
    reader, writer = await connect(server)
    try:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ")
        answer = asyncio.ensure_future(until_closed(reader))
        while not answer.done():
            writer.write(b"b")
            await asyncio.wait([answer], timeout=mine.uniform(0.2, 1.5))
        judged("dripped header", await answer, {408})
    except (ConnectionError, asyncio.IncompleteReadError):
        count("dripped header", "reset")
    finally:
        close(writer)


async def idle(server, mine):
    """Says nothing: closed without a word."""
    reader, writer = await connect(server)
    try:
        judged("silent client", await until_closed(reader), {0})
    except ConnectionError:
        count("silent client", "reset")
    finally:
        close(writer)


async def never_reads(server, mine):
    """Asks for pages without a key and reads nothing, until the buffers are full; then leaves."""
    _, writer = await connect(server)
    sent = 0
    try:
        while sent < 4_000:
            writer.write(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.wait_for(writer.drain(), 2)
            sent += 1
    except (ConnectionError, asyncio.TimeoutError):
        pass
    finally:
        count("never reads", "left")
        close(writer)


async def hangs_up(server, mine):
    """Sends a paid request and resets the connection at once."""
    global abandoned
    _, writer = await connect(server)
    line = "GET /challenge-posts/?challenge_id=7551&count=35 HTTP/1.1"
    writer.write(request(line, f"X-Api-Key: {server.key}"))
    abandoned += 1
    await asyncio.sleep(mine.uniform(0, 0.01))
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    count("hangs up", "reset")


async def good_then_garbage(server, mine):
    global charged
    line = f"GET /challenge-info-id/?id=7551 HTTP/1.1\r\nHost: x\r\nX-Api-Key: {server.key}\r\n\r\n"
    reader, writer = await connect(server)
    try:
        writer.write(line.encode() + b"no request\r\n\r\n")
        answer = await until_closed(reader)
    finally:
        close(writer)
    statuses = [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]
    count("garbage after a good request", statuses)
    if statuses != [200, 400]:
        fault(f"garbage after a good request: {statuses}")
    charged += statuses[:1] == [200]


async def honest(server, mine):
    """Pays, on a connection that is kept, and counts what it was charged."""
    global charged
    urls = [
        "/challenge-info-id/?id=7551", "/challenge-info-name/?name=soak7", "/challenge-posts/?challenge_id=7551&count=20",
        "/search-challenge/?keyword=soak", "/v1/hashtags/cat/videos?limit=5", "/v1/hashtags/cat",
    ]
    ways = [f"X-Api-Key: {server.key}", f"Authorization: Bearer {server.key}",
            "Authorization: Basic " + base64.b64encode(f":{server.key}".encode()).decode()]
    reader, writer = await connect(server)
    try:
        for _ in range(50):
            writer.write(f"GET {mine.choice(urls)} HTTP/1.1\r\nHost: x\r\n{mine.choice(ways)}\r\n\r\n".encode())
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE).group(1))
            await asyncio.wait_for(reader.readexactly(length), PATIENCE)
            status = status_of(head)
            count("honest", status)
            cost = int(re.search(rb"x-credits-charged: (\d+)", head, re.IGNORECASE).group(1))
            charged += cost
            if (status, cost) != (200, 1):
                fault(f"honest: {status} for {cost}: {head!r}")
    finally:
        close(writer)


# What goes on beside one another, and how many of each.
CLIENTS = [
    (honest, 4), (garbage, 4), (oversized, 2), (malformed, 4), (uploads, 2), (slow_header, 40), (idle, 40), (never_reads, 4),
    (hangs_up, 2), (good_then_garbage, 2),
]


async def repeat(client, server, mine, until):
    loop = asyncio.get_running_loop()
    while loop.time() < until:
        try:
            await client(server, mine)
        except (asyncio.TimeoutError, TimeoutError):
            fault(f"{client.__name__}: no answer within {PATIENCE} s")
        except (OSError, asyncio.IncompleteReadError) as error:
            fault(f"{client.__name__}: {error!r}")


async def soak(server):
    until = asyncio.get_running_loop().time() + SECONDS
    running = []
    for client, number in CLIENTS:
        for _ in range(number):
            running.append(repeat(client, server, random.Random(chance.random()), until))
    await asyncio.gather(*running)


async def settled(server, files_before):
    """Waits until the server has let go of the connections, which takes as long as its time-outs."""
    for _ in range(60):
        if server.open_files() <= files_before + KEPT_FILES_MAX:
            break
        await asyncio.sleep(1)
    await one_shot(server, "afterwards", request("GET /readyz HTTP/1.1"), {200})


def charges(server):
    return server.run("audit")["charges"]


def main():
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        asyncio.run(asyncio.wait_for(honest(server, random.Random(SEED)), PATIENCE))
        files_before, memory_before = server.open_files(), server.memory_bytes()
        asyncio.run(soak(server))
        memory_peak = server.memory_bytes()
        asyncio.run(settled(server, files_before))
        files_after, memory_after = server.open_files(), server.memory_bytes()
        server.process.send_signal(signal.SIGTERM)
        status = server.process.wait(timeout=60)
        server.log.seek(0)
        log = [line for line in server.log.read().splitlines() if line.strip()]
        audit = server.run("audit")
        for (kind, outcome), number in sorted(counts.items()):
            print(f"{kind:32} {outcome:12} {number:8}")
        unread = audit["charges"] - charged
        print(f"\ncharged {charged} to clients that read their answer; {unread} of {abandoned} abandoned calls were charged")
        print(f"ledger {audit['charges']} charges, {audit['credits_charged']} credits, audit {'ok' if audit['ok'] else 'FAILED'}")
        print(f"open files {files_before} before, {files_after} after")
        print(f"memory {memory_before >> 20} MiB before, {memory_peak >> 20} at the end, {memory_after >> 20} after")
        print(f"log lines at warn and above: {len(log)}; exit status {status}")
        if not audit["ok"] or not 0 <= unread <= abandoned or audit["credits_charged"] != audit["charges"]:
            fault(f"the ledger disagrees: {audit}")
        if files_after > files_before + KEPT_FILES_MAX:
            fault(f"{files_after - files_before} files are still open")
        if memory_after > memory_before + KEPT_BYTES_MAX:
            fault(f"memory grew from {memory_before} to {memory_after}")
        if status or any(" ERROR " in line or '"ERROR"' in line for line in log):
            fault(f"exit status {status}, log: {log[:5]}")
        for text in faults[:20]:
            print("FAULT", text)
        print("FAILED" if faults else "ok")
        sys.exit(bool(faults))


main()

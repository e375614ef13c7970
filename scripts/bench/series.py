"""`bench.sh import --series`: importing readings again, and readings in descending order, as ratios to the first import."""
import argparse
import json
import pathlib
import random
import shutil
import sys
import datetime

from measure import load, median, read_through, run, say, table

START = datetime.datetime(2024, 1, 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="folder of the release programs")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--archive", type=pathlib.Path, help="a real archive of series to import as well")
    options = parser.parse_args()
    files = {name: write(options.data, name, lines()) for name, lines in FORMATS.items()}
    if options.archive and options.archive.exists():
        files["the archive"] = options.archive
    print(f"before: {load()}")
    rows, missed = [], []
    for name, path in files.items():
        say(name)
        firsts, agains, reads = [], [], []
        for _ in range(options.rounds):
            shutil.rmtree(options.data / "store", ignore_errors=True)
            firsts.append(seconds(options, path))
            agains.append(seconds(options, path))
            reads.append(seconds(options, path, "--again"))
        first, again, read = median(firsts), median(agains), median(reads)
        rows.append([
            name, f"{path.stat().st_size / 1e6:,.1f}", f"{first:.2f}", f"{again:.2f}", f"{again / first:.2f}",
            f"{read:.2f}", f"{read / first:.2f}",
        ])
        if again > first / 2:
            missed.append(f"{name}: again takes {again / first:.2f} of the first import, above 0.5")
    table(["format", "MB", "first, s", "again, s", "again / first", "--again, s", "--again / first"], rows)
    ascending, descending, shuffled = (median(order(options, kind)) for kind in ("ascending", "descending", "shuffled"))
    table(["40,000 readings of one hashtag", "s", "of ascending"], [
        ["ascending", f"{ascending:.2f}", "1.00"],
        ["descending", f"{descending:.2f}", f"{descending / ascending:.2f}"],
        ["shuffled", f"{shuffled:.2f}", f"{shuffled / ascending:.2f}"],
    ])
    if descending > ascending * 1.5:
        missed.append(f"descending takes {descending / ascending:.2f} of ascending, above 1.5")
    for text in missed:
        print(f"MISSED: {text}")
    sys.exit(1 if missed else 0)


def seconds(options, path, *more):
    read_through(path)
    log = open(options.data / "import.log", "w")
    return run([options.bin / "tagmeter", "--data-dir", options.data / "store", "import", path, "--json", *more], stderr=log)["seconds"]


def order(options, kind):
    readings = list(range(40_000))
    if kind == "descending":
        readings.reverse()
    if kind == "shuffled":
        random.Random(5).shuffle(readings)
    path = write(options.data, f"{kind}.csv", (series_row("one", n) for n in readings), HEADER)
    for _ in range(options.rounds):
        shutil.rmtree(options.data / "store", ignore_errors=True)
        yield seconds(options, path)


def write(folder, name, lines, header=""):
    path = folder / name
    with open(path, "w", encoding="utf-8") as out:
        out.write(header)
        out.writelines(lines)
    return path


def at(n):
    return (START + datetime.timedelta(minutes=10 * n)).strftime("%Y-%m-%d %H:%M:%S")


def series_row(tag, n):
    return f"{at(n)},{7},{tag},{1_000_000 + 100 * n}\n"


HEADER = "snapshot_utc,challenge_id,challenge_name,views\n"
VIDEOS = range(40_000)
vid = lambda n: str(7_000_000_000_000_000_001 + n * 7919)
dump = lambda value: json.dumps(value) + "\n"


def series_csv():
    yield HEADER
    for tag in range(400):
        for n in range(700):
            yield f"{at(n)},{tag + 1},tag{tag},{1_000_000 + 100 * n}\n"


def series_csv_by_time():
    yield HEADER
    for n in range(700):
        for tag in range(400):
            yield f"{at(n)},{tag + 1},tag{tag},{1_000_000 + 100 * n}\n"


def web_item():
    for n in VIDEOS:
        yield dump({"id": vid(n), "desc": f"video {n}", "createTime": 1_700_000_000, "collectTime": 1_700_001_000,
                    "author": {"id": str(n % 997 + 1), "uniqueId": f"a{n % 997}"}, "video": {"duration": 9},
                    "challenges": tags(n, "title"), "stats": {"playCount": n * 13, "diggCount": 1}})


def mobile_aweme():
    for n in VIDEOS:
        yield dump({"_fetched_at": "2025-06-13T00:31:37Z", "aweme": {
            "aweme_id": vid(n), "desc": f"video {n}", "statistics": {"play_count": n * 13, "digg_count": 1},
            "author": {"uid": str(n % 997 + 1)},
            "cha_list": [{"cid": tag["id"], "cha_name": tag["title"]} for tag in tags(n, "title")]}})


def research_api():
    for n in VIDEOS:
        yield dump({"id": int(vid(n)), "view_count": n * 13, "create_time": 1_700_000_000, "username": f"a{n % 997}",
                    "hashtag_names": [tag["title"] for tag in tags(n, "title")]})


def contract_hashtags():
    for n in range(120_000):
        yield dump({"id": str(n + 1), "cha_name": f"tag{n}", "desc": "", "view_count": n * 13 + 1, "user_count": n + 1})


def web_challenge():
    for n in range(60_000):
        yield dump({"_fetched_at": f"{at(n // 60).replace(' ', 'T')}Z", "challengeInfo": {
            "challenge": {"id": str(n % 60 + 1), "title": f"tag{n % 60}"},
            "stats": {"viewCount": 1_000_000 + n * 100, "videoCount": 5}}})


def creative_center_csv():
    yield "hashtag_id,hashtag_name,country,video_views,publish_count,crawl_date\n"
    for n in range(120_000):
        day = (START + datetime.timedelta(days=n % 300)).strftime("%Y-%m-%d")
        yield f"{n // 300 + 1},tag{n // 300},Malaysia,{n},{n},{day}\n"


def tags(n, name):
    return [{"id": str(k), name: f"tag{k}"} for k in (1, 100 + n % 50, 1_000 + n % 5_000)]


FORMATS = {
    "series.csv": series_csv, "series-by-time.csv": series_csv_by_time, "web-item.ndjson": web_item,
    "mobile-aweme.ndjson": mobile_aweme, "research-api.ndjson": research_api, "contract.ndjson": contract_hashtags,
    "web-challenge.ndjson": web_challenge, "creative-center.csv": creative_center_csv,
}

main()

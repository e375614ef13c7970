#!/usr/bin/env python3
"""Works the metrics of docs/metrics.md out anew, naively, and compares.

    cargo test -p domain --test metrics oracle      # runs it, with python3 or $TAGMETER_PYTHON

Standard input is the JSON of crates/domain/tests/metrics/oracle.rs: cases, and what Tagmeter made of them. Needs numpy,
pandas, scipy and scikit-learn. Every number has to agree to 1e-9, relatively.
"""

import itertools
import json
import math
import sys

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.feature_extraction.text import CountVectorizer

HOUR, DAY = 3_600_000, 86_400_000
WINDOWS = {"24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
compared = 0


def same(what, ours, theirs):
    """Ours is what this script says, theirs what Tagmeter says; None is "not known"."""
    global compared
    if isinstance(theirs, list) and len(theirs) > 50:
        return same_columns(what, ours, theirs)
    if isinstance(theirs, list):
        assert ours is not None and len(ours) == len(theirs), f"{what}: {ours} against {theirs}"
        for place, (one, other) in enumerate(zip(ours, theirs)):
            same(f"{what}[{place}]", one, other)
        return
    compared += 1
    exact = ours is None or theirs is None or isinstance(theirs, (str, bool)) or isinstance(ours, int)
    near = ours == theirs if exact else abs(ours - theirs) <= 1e-9 * max(abs(ours), abs(theirs), 1e-3)
    assert near, f"{what}: {ours!r} against {theirs!r}"


def same_columns(what, ours, theirs):
    """The same of many numbers at once; whole ones have to be the same to the last digit."""
    global compared
    ours, theirs = (np.array(of, dtype=float if None in of else None) for of in (ours, theirs))
    assert ours.shape == theirs.shape, f"{what}: {ours.shape} against {theirs.shape}"
    compared += theirs.size
    tolerance = 0 if theirs.dtype.kind == ours.dtype.kind == "i" else 1e-9
    size = np.maximum(np.maximum(np.abs(ours), np.abs(theirs)), 1e-3)
    near = (np.abs(ours - theirs) <= tolerance * size) | (np.isnan(ours) & np.isnan(theirs))
    assert near.all(), f"{what}: {ours[~near]} against {theirs[~near]}"


def known(number):
    return None if number is None or not math.isfinite(number) else float(number)


def divided(one, other):
    return None if one is None or other is None or other == 0 else known(one / other)


# Series


def display_step(value):
    return 1 if value < 10**4 else 100 if value < 10**6 else 10**5 if value < 10**9 else 10**8


def stands_on_step(value):
    return display_step(value) > 1 and value % display_step(value) == 0


def is_cut_off(value):
    return display_step(value) > 1 and (value + 1) % display_step(value + 1) == 0


def shows_rounding(readings):
    """Whether readings of one source show by standing on steps that it rounds."""
    large = [value for value, _ in itertools.groupby(value for _, value, _ in readings if display_step(value) > 1)]
    on_step, cut_off = sum(map(stands_on_step, large)), sum(map(is_cut_off, large))
    return on_step >= 8 and on_step // 9 >= len(large) - on_step - cut_off


def repaired(readings):
    """(times, values) that are kept, and how many repairs of each kind there were."""
    times, values, lost, off_step = [], [], 0, 0
    rounds = shows_rounding(readings)
    for at, value, _ in readings:
        if value == 0 and any(earlier > 0 for earlier in values[-1:]):
            lost += 1
            continue
        if is_cut_off(value) and (rounds or value >= 10**6):
            off_step, value = off_step + 1, value + 1
        times.append(at)
        values.append(value)
    sound, unconfirmed = without_lone_highs(times, values)
    kept, falls = chain(*(np.array([of[i] for i in sound], dtype=np.int64) for of in (times, values)))
    kept = [sound[i] for i in kept]
    series = pd.Series([values[i] for i in kept], index=[times[i] for i in kept], dtype="int64")
    return series, [lost, off_step, len(values) - len(kept) - unconfirmed, falls, unconfirmed]


def without_lone_highs(times, values):
    """Indices of the readings that no neighbour makes a lone high, and whether the newest is a jump yet to be confirmed."""
    sound = []
    for i, (at, value) in enumerate(zip(times, values)):
        if sound:
            near = itertools.takewhile(lambda j: at - times[j] <= 72 * HOUR, reversed(sound))
            level = max([values[sound[-1]], *(values[j] for j in near)])
            if i + 1 < len(values):
                if 10 * value > 11 * level and 2 * values[i + 1] < level + value:
                    continue
            elif level > 0 and value >= 10_000 and value > level * 2 ** max(1, (at - times[sound[-1]]) // DAY):
                return sound, 1
        sound.append(i)
    return sound, 0


def chain(times, values):
    """Indices of the readings that together stand for the most time, a fall costing 72 hours."""
    count = len(values)
    if count == 0 or np.all(np.diff(values) >= 0):
        return list(range(count)), 0
    gaps = np.minimum(np.diff(times), DAY)
    before = np.concatenate([gaps[:1], gaps])
    after = np.concatenate([gaps, gaps[-2:-1] if count > 2 else gaps])
    stands_for = np.minimum(before, after)
    worth, previous = np.zeros(count, dtype=np.int64), np.full(count, -1)
    fallen = 0
    for i in range(count):
        best, by = 0, -1
        if i:
            fit = np.where(values[:i] <= values[i], worth[:i], -1)
            if fit.max() >= 0:
                # Of equal ways the earliest, which is the highest: later ones that are as high are worth more.
                best, by = fit.max(), int(fit.argmax())
            if worth[fallen] - 72 * HOUR > best:
                best, by = worth[fallen] - 72 * HOUR, fallen
        worth[i], previous[i] = best + stands_for[i], by
        fallen = i if worth[i] > worth[fallen] else fallen
    kept, i = [], fallen
    while i >= 0:
        kept.append(i)
        i = previous[i]
    kept.reverse()
    return kept, int((np.diff(values[kept]) < 0).sum())


class Gains:
    """Looks a series up the way growth is told: readings nearest before both ends, falls not counted."""

    def __init__(self, series, steps):
        self.series, self.steps = series, steps
        self.climbed = series.diff().clip(lower=0).fillna(0).cumsum()

    def place(self, at):
        place = int(self.series.index.searchsorted(at, side="right")) - 1
        return place if place >= 0 else None

    def between(self, start, end):
        last = self.place(end)
        if last is None:
            return None
        first = self.place(start) or 0
        span = self.series.index[last] - self.series.index[first]
        if span <= 0:
            return None
        gain = min(self.climbed.iloc[last] - self.climbed.iloc[first], self.series.iloc[last])
        return {
            "gain": int(gain), "from": int(self.series.iloc[first]), "days": span / DAY, "span": int(span),
            "start": int(self.series.index[first]),
            "step": max(self.steps[self.series.index[first]], self.steps[self.series.index[last]]),
        }

    def velocities(self, end, window, windows):
        found, later = [], self.place(end)
        for number in range(1, windows + 1):
            earlier = self.place(end - number * window)
            if earlier is None or later is None:
                break
            if earlier < later:
                index = self.series.index
                gain = self.between(index[earlier], index[later])
                found.append(gain["gain"] / gain["days"])
                later = earlier
        return found


def log_growth(gain):
    if gain is None or gain["from"] == 0:
        return None
    return known(math.log1p(gain["gain"] / gain["from"]) / gain["days"])


def check_trend(gains, trend, first_seen):
    views, creators, videos = gains
    if len(views.series) == 0:
        assert trend is None
        return
    window, now = WINDOWS[trend["window"]], int(views.series.index[-1])
    gain = views.between(now - window, now)
    velocity = gain and gain["gain"] / gain["days"]
    growth = log_growth(gain)
    expected = {
        "as_of": now,
        "views": int(views.series.iloc[-1]),
        "gain": gain and gain["gain"],
        "span_ms": gain and gain["span"],
        "velocity": velocity,
        "growth": gain and divided(gain["gain"], gain["from"]),
        "log_growth": growth,
        "doubling_days": divided(math.log(2), growth),
        "novelty": None if first_seen is None else 0.5 ** (max(now - first_seen, 0) / DAY / 90),
        "concentration": 0.25,
    }
    hours = gain and gain["span"] / HOUR
    expected["growth_pct_per_hour"] = (
        gain["gain"] / max(gain["from"], 1) * 100 / hours if gain and hours >= 0.5 else None
    )
    earlier = gain and views.between(gain["start"] - window, gain["start"])
    expected["acceleration"] = velocity - earlier["gain"] / earlier["days"] if earlier else None
    expected["zscore"] = zscore(views, gain, velocity, window)
    expected["momentum"] = momentum(views.velocities(now, DAY, 60))
    more_creators, more_videos = (one.between(now - window, now) for one in (creators, videos))
    expected["breadth"] = gain and more_creators and divided(more_creators["gain"], gain["gain"])
    expected["marginal_views"] = gain and more_videos and divided(gain["gain"], more_videos["gain"])
    for name, value in expected.items():
        same(f"{trend['window']} {name}", value, trend[name])


def zscore(views, gain, velocity, window):
    past = views.velocities(gain["start"], window, 60) if gain else []
    if len(past) < 5:
        return None
    deviation = stats.median_abs_deviation(past, scale=1 / 1.4826)
    rounding = gain["step"] / math.sqrt(6) / gain["days"] if gain["step"] > 1 else 0
    return divided(velocity - np.median(past), max(deviation, rounding))


def momentum(newest_first):
    if len(newest_first) < 7:
        return None
    daily = pd.Series(newest_first[::-1])
    ratio = divided(daily.ewm(span=3).mean().iloc[-1], daily.ewm(span=14).mean().iloc[-1])
    return None if ratio is None else ratio - 1


# What can be said of the next week (forecast.md, section 4)

# u10, u50, u90 by n = forecast / step and surge.
BANDS = {
    "n<.5": (-0.51, 0, 1.00), ".5-1.5": (-0.91, 0, 0.60), "1.5-4": (-0.61, -0.02, 0.68),
    "<2": (-0.69, -0.09, 0.66), "2-3": (-0.58, 0.14, 1.17), ">=3": (-0.61, 0.23, 1.37),
}


def step_at(views, at):
    place = views.place(at)
    return None if place is None else views.steps[views.series.index[place]]


def climbed_at(views, ats):
    """X at several moments, NaN before the first reading."""
    places = views.series.index.searchsorted(ats, side="right") - 1
    return np.where(places >= 0, views.climbed.to_numpy(dtype=float)[places.clip(min=0)], np.nan)


def daily_average(views, end, half_life):
    """E_h at a moment: g_j known where there is a reading at or before end - (j+1) d."""
    ago = np.arange(64)
    climbed = climbed_at(views, end - ago * DAY)
    gains = climbed[:-1] - climbed[1:]
    weights = np.where(np.isnan(gains), 0.0, 2.0 ** (-ago[:63] / half_life))
    return None if weights.sum() == 0 else float(np.nansum(gains * weights) / weights.sum())


def is_fresh(views, at):
    place = views.place(at)
    return place is not None and at - views.series.index[place] <= 2 * DAY


def pace_at(views, at):
    """(pace, why there is none) at a moment."""
    place = views.place(at)
    if place is not None and not is_fresh(views, at):
        return None, "stale"
    if place is None or at - views.series.index[0] < 7 * DAY:
        return None, "too_young"
    total = int(views.series.iloc[place])
    if total == 0:
        return None, "no_views"
    rates = [daily_average(views, at, 7.0) / total]
    rates += [log_growth(views.between(at - days * DAY, at)) for days in (14, 28)]
    return min(rate for rate in rates if rate is not None), None


def check_outlook(views, found):
    if len(views.series) == 0:
        assert found is None
        return
    now, total = int(views.series.index[-1]), int(views.series.iloc[-1])
    q = step_at(views, now)
    pace, no_pace = pace_at(views, now)
    month = views.between(now - 28 * DAY, now)
    surge = no_surge = None
    if views.place(now - 28 * DAY) is None:
        no_surge = "too_young"
    elif month is None or month["gain"] < 4 * q:
        no_surge = "below_resolution" if month else "too_young"
    else:
        surge = (daily_average(views, now, 1.0) + q / 7) / (month["gain"] / month["days"] + q / 7)
    errors = []
    for ago in range(7, 183, 7):
        then = now - ago * DAY
        if views.place(then) is None or not is_fresh(views, then + 7 * DAY):
            continue
        own, _ = pace_at(views, then)
        if own is None:
            continue
        gain = np.diff(climbed_at(views, np.array([then, then + 7 * DAY])))[0]
        half = step_at(views, then) / 2
        expected = 7 * int(views.series.iloc[views.place(then)]) * own
        errors.append(abs(math.log((gain + half) / (expected + half))))
    scale = (sum(errors) + 8 * 0.46) / (len(errors) + 8) / 0.46
    is_below = (month["gain"] if month else 0) < q
    expected = {
        "pace": pace, "no_pace": no_pace, "surge": surge, "no_surge": no_surge, "is_below_step": is_below,
        "breakout": None if surge is None else surge >= 3, "scale": scale, "forecasts": len(errors),
        "rank": -2.0 if pace is None else -1.0 if is_below else pace,
    }
    names = ("expected", "raw_low", "middle", "raw_high", "low", "high")
    expected.update(dict.fromkeys(names))
    if pace is not None:
        forecast = 7 * total * pace
        n = forecast / q
        row = "n<.5" if n < 0.5 else ".5-1.5" if n < 1.5 else "1.5-4" if n < 4 else None
        row = row or ("<2" if surge is None or surge < 2 else "2-3" if surge < 3 else ">=3")
        low, middle, high = (max((forecast + q / 2) * math.exp(u * scale) - q / 2, 0.0) for u in BANDS[row])
        outward = math.floor(low / q) * q, math.ceil(high / q) * q
        expected.update(zip(names, (forecast, low, middle, high, *outward)))
    for name, value in expected.items():
        same(f"outlook {name}", value, found[name])


def check_lifecycle(views, found, first_seen):
    index = views.series.index
    now = int(index[-1]) if len(index) else None
    weeks, later = [], None if now is None else len(index) - 1
    for number in range(1, 261):
        earlier = None if now is None else views.place(now - number * 7 * DAY)
        if earlier is None:
            break
        if earlier < later:
            gain = views.between(index[earlier], index[later])
            weeks.append((int(index[later]), gain["gain"] / gain["days"]))
            later = earlier
    if now is not None and not weeks and now - index[0] >= DAY:
        gain = views.between(index[0], now)
        weeks = [(now, gain["gain"] / gain["days"])]
    if not weeks:
        assert found is None
        return
    weeks = pd.Series(dict(reversed(weeks)))
    peak, newest = weeks.max(), weeks.iloc[-1]
    half = weeks[(weeks.index > weeks.idxmax()) & (weeks <= peak / 2)]
    usual = weeks.iloc[-5:-1].median() if len(weeks) > 1 else None
    expected = {
        "velocity": newest, "peak_velocity": peak, "peak_at": int(weeks.idxmax()), "weeks": len(weeks),
        "share_of_peak": divided(newest, peak) or 0.0,
        "change": None if usual is None else divided(newest - usual, usual),
        "half_life_days": (half.index[0] - weeks.idxmax()) / DAY if len(half) else None,
        "age_days": (now - min(first_seen, int(index[0]))) / DAY,
    }
    for name, value in expected.items():
        same(f"lifecycle {name}", value, found[name])


def check_history(views, found):
    """A bucket has a point where anything was read in it; only the kept ones are compared here."""
    stamps = pd.to_datetime(views.series.index, unit="ms")
    totals = pd.Series(views.series.to_numpy(), index=stamps)
    climbed = pd.Series(views.climbed.to_numpy(), index=stamps)
    for rule, (total, gain) in zip(("1h", "1D", "W-MON"), found):
        how = dict(label="left", closed="left")
        expected = totals.resample(rule, **how).last().dropna() if len(totals) else totals
        kept = [(at, value) for at, value in total if value is not None]
        same(f"history {rule}", [int(at.value // 10**6) for at in expected.index], [at for at, _ in kept])
        same(f"history {rule}", [int(value) for value in expected], [value for _, value in kept])
        grew = climbed.resample(rule, **how).last().dropna().diff().dropna() if len(totals) else totals
        same(f"gains {rule}", [int(value) for value in grew], [value for _, value in gain if value is not None])


def check_series(case):
    gains = []
    for readings, kept, repairs in zip(case["readings"], case["kept"], case["repairs"]):
        series, counted = repaired(readings)
        same("kept", [[int(at), int(value)] for at, value in series.items()], kept)
        same("repairs", counted, repairs)
        rounds = shows_rounding(readings)
        put_on_step = {at for at, value, _ in readings if is_cut_off(value) and (rounds or value >= 10**6)}
        marked = {at for at, value, step in readings if step > 1}
        is_rounded = lambda at, value: at in put_on_step or at in marked or (rounds and stands_on_step(value))
        steps = {at: display_step(value) if is_rounded(at, value) else 1 for at, value in series.items()}
        gains.append(Gains(series, steps))
    for trend in case["trends"]:
        check_trend(gains, trend, case["first_seen"])
    check_outlook(gains[0], case["outlook"])
    check_lifecycle(gains[0], case["lifecycle"], case["first_seen"])
    check_history(gains[0], case["history"])
    return dict(zip(case["repair_names"], np.sum(case["repairs"], axis=0)))


# Numbers and videos

SHARES = (10, 25, 50, 75, 90, 99)
VALUES_MIN = 10


def percentiles(values):
    return list(np.percentile(values, SHARES)) if len(values) >= VALUES_MIN else None


def spread(values):
    values = np.asarray(values, dtype=float)
    if len(values) < VALUES_MIN or values.sum() == 0:
        return None
    gini = np.abs(values[:, None] - values[None, :]).sum() / (2 * len(values) ** 2 * values.mean())
    shares = values / values.sum()
    largest = np.sort(shares)[::-1]
    return [gini, largest[0], largest[: math.ceil(len(values) / 10)].sum(), (shares**2).sum()]


def check_numbers(case):
    values = case["values"]
    same("percentiles", percentiles(values), case["percentiles"])
    for value, rank in case["ranks"]:
        mean = stats.percentileofscore(values, value, kind="mean") / 100 if values else None
        same("rank", mean, rank)
    same("concentration", spread(values), case["concentration"])


AGES = {"0-1d": (0, 1), "1-7d": (1, 7), "7-30d": (7, 30), "30-90d": (30, 90), "90d+": (90, math.inf)}


def check_videos(case):
    videos = pd.DataFrame(
        [
            {"plays": v["plays"], "acted": None if None in v["parts"] else sum(v["parts"]),
             "saves": v["parts"][3], "age": None if v["age_ms"] is None else v["age_ms"] / DAY,
             "author": v["author"], "tags": [tag for tag in range(4) if v["under"] >> tag & 1]}
            for v in case["videos"]
        ],
        columns=["plays", "acted", "saves", "age", "author", "tags"],
    )
    for column in ("plays", "acted", "saves", "age", "author"):
        videos[column] = pd.to_numeric(videos[column], errors="coerce").astype(float)
    rated = videos[(videos.plays > 0) & videos.acted.notna()]
    videos["rate"] = rated.acted / rated.plays
    same("engagement", [known(rate) for rate in videos.rate], [v["engagement"] for v in case["videos"]])
    ratio = divided(rated.acted.sum(), rated.plays.sum())
    same("rate", [ratio, known(videos.rate.median()) if len(rated) >= VALUES_MIN else None], case["rate"])
    same("rated", [len(rated), len(videos)], case["rated"])
    for group in case["benchmark"]:
        low, high = AGES.get(group["age"], (None, None))
        own = videos if low is None else videos[(videos.age >= low) & (videos.age < high)]
        same("videos", len(own), group["videos"])
        for name, column in (("plays", "plays"), ("engagement", "rate")):
            told = own[column].dropna()
            same(name, percentiles(told), group[name])
    told = videos.dropna(subset=["author", "plays"])
    same("creators", spread(told.groupby("author").plays.sum()), case["creators"])
    check_voice(videos, case)


def check_voice(videos, case):
    each = videos.assign(video=videos.index, part=1 / videos.tags.str.len()).explode("tags")
    by = each.drop_duplicates(["author", "tags"]).dropna(subset=["author"]) if len(each) else each
    split = by.groupby("author").tags.transform("count") if len(by) else 1
    sums = {
        "views": (each.plays.fillna(0) * each.part).groupby(each.tags).sum(),
        "videos": each.part.groupby(each.tags).sum(),
        "engagement": (each.acted.fillna(0) * each.part).groupby(each.tags).sum(),
        "creators": (1 / split).groupby(by.tags).sum() if len(by) else pd.Series(dtype=float),
    }
    # Of which hashtags anything is known: a share of what is not known is none.
    known_of = {
        "views": set(each.tags[each.plays.notna()]),
        "videos": set(each.tags),
        "engagement": set(each.tags[each.acted.notna()]),
        "creators": set(by.tags) if len(by) else set(),
    }
    for base, shares in case["shares"]:
        whole = sums[base].sum()
        of = lambda tag: divided(float(sums[base].get(tag, 0.0)), whole) if tag in known_of[base] else None
        expected = [of(tag) for tag in range(4)]
        same(f"share of {base}", expected, shares)
    under = np.array([[tag in tags for tag in range(4)] for tags in videos.tags], dtype=int).reshape(-1, 4)
    same("overlap", (under.T @ under).tolist(), case["overlap"])


def check_tags(case):
    documents = [" ".join(f"tag{tag}" for tag in tags) for tags in case["videos"]]
    vectors = CountVectorizer(vocabulary=[f"tag{tag}" for tag in range(6)], binary=True).fit_transform(documents)
    both = (vectors.T @ vectors).toarray()
    chance = both / len(documents)
    for a, b, found in case["pairs"]:
        if both[a, a] == 0 or both[b, b] == 0:
            assert found is None
            continue
        lift = chance[a, b] / (chance[a, a] * chance[b, b])
        if both[a, b] == 0:
            npmi = -1.0
        elif chance[a, b] == 1:
            npmi = 1.0
        else:
            npmi = math.log(lift) / -math.log(chance[a, b])
        related = npmi * math.log2(1 + both[a, b])
        same("pair", [both[a, b] / both[a, a], lift, npmi, chance[a, b], related], found)


def check_sides(case):
    """The limit of five hashtags: before 2025-08-01, since 2025-09-01, and those between on neither side."""
    videos = pd.DataFrame(case["videos"], columns=["id", "posted_ms", "plays", "under"])
    made = pd.Series([i >> 32 for i in videos.id], dtype="int64")
    posted = pd.to_datetime(pd.to_numeric(videos.posted_ms), unit="ms")
    posted = posted.fillna(pd.to_datetime(made.where(made >= pd.Timestamp("2014-01-01").timestamp()), unit="s"))
    own = {"before": posted < "2025-08-01", "after": posted >= "2025-09-01", "unknown": posted.isna()}
    between = ~(own["before"] | own["after"] | own["unknown"])
    before, after = (int(own[side].sum()) for side in ("before", "after"))
    same("counts", [before, int(between.sum()), after, int(own["unknown"].sum())], case["counts"])
    may_be_before, may_be_after = own["before"] | between, own["after"] | between
    pooled = any(i != j for i in np.flatnonzero(may_be_before)[:2] for j in np.flatnonzero(may_be_after)[:2])
    same("pooled", bool(pooled), case["pooled"])
    sides = [videos[own[side]] for side in ("before", "after")]
    enough = min(before, after) >= VALUES_MIN
    plays = lambda side: [len(side), percentiles(pd.to_numeric(side.plays).dropna())]
    same("benchmark", [plays(side) for side in sides] if enough else None, case["benchmark"])
    under = lambda side, tags: int(((side.under.astype(int) & tags) == tags).sum())
    counted = [[under(side, 3), under(side, 1), under(side, 2)] for side in sides]
    has_a, has_both = (all(min(of[1:last]) >= 30 for of in counted) for last in (2, 3))
    same("beside", [of[0] / of[1] for of in counted] if has_a else None, case["beside"])
    same("shared", counted if has_both else None, case["shared"])


def check_scores(case):
    _, own = case["peers"][0]
    parts, weights = [], 0.0
    for number, value in enumerate(own):
        # Among all, whatever their size.
        peers = [values[number] for _, values in case["peers"] if values[number] is not None]
        if value is None:
            parts.append(None)
            continue
        place = stats.percentileofscore(peers, value, kind="mean") / 100
        # Of saturation the value is dV/dP: few views a video are much saturation, which is subtracted.
        place = 1 - place if case["subtracted"][number] and number != 4 else place
        weights += case["weights"][number]
        parts.append(case["weights"][number] * place * 100)
    if weights == 0:
        assert case["score"] is None and not any(case["parts"])
        return
    same("score", sum(part or 0 for part in parts) / weights, case["score"])
    same("parts", [None if part is None else part / weights for part in parts], case["parts"])


def main():
    cases = json.load(sys.stdin)
    repairs = {}
    for case in cases.get("series", []):
        for name, count in check_series(case).items():
            repairs[name] = repairs.get(name, 0) + int(count)
    checks = {"numbers": check_numbers, "videos": check_videos, "sides": check_sides, "tags": check_tags, "scores": check_scores}
    for kind, check in checks.items():
        for case in cases.get(kind, []):
            check(case)
    sizes = ", ".join(f"{len(of)} {kind}" for kind, of in cases.items())
    print(f"{compared} numbers of {sizes} agree; repairs: {repairs}")


main()

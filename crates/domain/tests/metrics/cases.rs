//! Test cases for the oracle: random input, with the results of our formulas.

use domain::metrics::engagement::VideoFigures;
use domain::metrics::share_of_voice::overlap;
use domain::metrics::structural_break::{
    BREAK, Place, Shared, benchmark_by_side, beside_by_side, shared_by_side,
};
use domain::metrics::{
    AgeBand, Base, Component, Missing, Mode, Outlook, PairCounts, Peers, Reading, Repair, Series, Side,
    SideCounts, Sides, Step, TrendInput, TrendWindow, Weights, association, benchmark, components,
    concentration, emerging, engagement, engagement_rate, history, lifecycle, outlook, percentiles,
    plays_by_creator, rank, relatedness, share_of_voice, trend,
};
use domain::observation::VideoCounts;
use domain::{AuthorId, Count, Creator, Source, Timestamp, VideoId};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use strum::VariantArray;

const MS_OF_AN_HOUR: i64 = 3_600_000;
/// 2024-01-01, a Monday.
const BEGIN_MS: i64 = 1_704_067_200_000;

fn any_of<S: Strategy>(runner: &mut TestRunner, of: S) -> S::Value {
    of.new_tree(runner).expect("a value").current()
}

/// Readings some minutes apart that mostly rise: now and then one is lost, or one of a replica that lags or is ahead, or
/// all fall for good, or nothing is read for weeks.
fn readings(runner: &mut TestRunner, begin: u64, rise: u64, is_exact: bool) -> Vec<Reading> {
    let step = (0..100_u32, 20_i64..400, 0..=rise, 0..5_u64);
    let (mut minutes, mut total) = (0, begin);
    any_of(runner, vec(step, 0..400))
        .into_iter()
        .filter_map(|(kind, more_minutes, more, by)| {
            minutes += if kind == 0 { 40 * 1440 } else { more_minutes };
            total = if kind == 1 { total - total / 20 } else { total + more };
            let known = match kind {
                2 => 0,
                3..10 => total - (total / 50).min(by * rise),
                10 => total + 3 * by * rise,
                // Cut off by a float, which of a thousand is not sure.
                11 if total >= 10_000 && !is_exact => shown(total) - 1,
                _ if is_exact => total,
                _ => shown(total),
            };
            let count = if is_exact { Count::exact(known) } else { Count::displayed(known) }?;
            let at = Timestamp::from_ms(BEGIN_MS + minutes * 60_000);
            let source = if is_exact { Source::MobileChallenge } else { Source::Series };
            Some(Reading { at, count, source })
        })
        .collect()
}

/// As a web page shows it.
fn shown(total: u64) -> u64 {
    let step = domain::count::display_step(total);
    total / step * step
}

pub(crate) fn series(runner: &mut TestRunner) -> Value {
    let begin =
        any_of(runner, prop::sample::select(vec![0_u64, 900, 50_000, 700_000, 3_000_000, 5_000_000_000]));
    let rise = any_of(runner, 1..=begin / 50 + 60);
    let is_exact = any_of(runner, any::<bool>());
    let views = readings(runner, begin, rise, is_exact);
    let [creators, videos] = [5_000, 9_000].map(|begin| readings(runner, begin, 9, true));
    of_series(&views, &creators, &videos)
}

/// Everything that is made of a series.
pub(crate) fn of_series(views: &[Reading], creators: &[Reading], videos: &[Reading]) -> Value {
    let all = [views, creators, videos].map(Series::repaired);
    let first_seen = views.first().map(|first| Timestamp::from_ms(first.at.as_ms() - 50 * MS_OF_AN_HOUR));
    let input = TrendInput {
        views: &all[0],
        creators: &all[1],
        videos: &all[2],
        first_seen,
        concentration: Some(0.25),
        outlook: None,
    };
    let expected_history = [Step::Hour, Step::Day, Step::Week].map(|step| {
        [Mode::Total, Mode::Gain].map(|mode| {
            let points = history(&all[0], &step.into(), mode, None, None);
            points.iter().map(|point| (point.at.as_ms(), point.value)).collect::<Vec<_>>()
        })
    });
    json!({
        "readings": ([views, creators, videos].map(known)),
        "first_seen": first_seen.map(Timestamp::as_ms),
        "kept": all.each_ref().map(|series| series.counted().map(|it| (it.at.as_ms(), it.value)).collect::<Vec<_>>()),
        "repairs": all.each_ref().map(|series| series.repairs().map(|(_, count)| count)),
        "repair_names": Repair::ALL.map(Repair::name),
        "trends": TrendWindow::VARIANTS.iter().map(|window| of_trend(&input, *window)).collect::<Vec<_>>(),
        "outlook": outlook(&all[0], None).map(of_outlook),
        "lifecycle": lifecycle(&input, None).map(|found| json!({
            "velocity": found.velocity, "peak_velocity": found.peak_velocity, "peak_at": found.peak_at.as_ms(),
            "share_of_peak": found.share_of_peak, "change": found.change, "half_life_days": found.half_life_days,
            "age_days": found.age_days, "weeks": found.weeks,
        })),
        "history": expected_history,
    })
}

fn of_outlook(found: Outlook) -> Value {
    let missing = |value: Result<f64, Missing>| value.err().map(Missing::name);
    let forecast = found.forecast();
    json!({
        "pace": found.pace.ok(), "no_pace": missing(found.pace), "is_below_step": found.is_below_step,
        "surge": found.surge.ok(), "no_surge": missing(found.surge), "breakout": found.is_breakout(),
        "scale": found.errors.scale, "forecasts": found.errors.forecasts, "rank": found.rank(),
        "expected": forecast.map(|it| it.expected), "low": forecast.map(|it| it.low),
        "middle": forecast.map(|it| it.middle), "high": forecast.map(|it| it.high),
        "raw_low": forecast.map(|it| it.band.low), "raw_high": forecast.map(|it| it.band.high),
    })
}

fn known(readings: &[Reading]) -> Vec<(i64, u64, u64)> {
    readings.iter().map(|it| (it.at.as_ms(), it.count.value(), it.count.resolution())).collect()
}

fn of_trend(input: &TrendInput<'_>, window: TrendWindow) -> Option<Value> {
    let found = trend(input, window, None)?;
    Some(json!({
        "window": window.name(), "as_of": found.as_of.as_ms(), "views": found.views, "gain": found.gain.map(|it| it.gain),
        "span_ms": found.gain.map(|it| it.span_ms), "velocity": found.velocity, "growth": found.growth,
        "growth_pct_per_hour": found.growth_pct_per_hour, "log_growth": found.log_growth,
        "doubling_days": found.doubling_days,
        "acceleration": found.acceleration, "momentum": found.momentum, "zscore": found.zscore,
        "breadth": found.breadth, "marginal_views": found.marginal_views,
        "novelty": found.novelty, "concentration": found.concentration,
    }))
}

pub(crate) fn numbers(runner: &mut TestRunner) -> Value {
    let whole = (0..40_u32).prop_map(f64::from);
    let values = any_of(runner, vec(prop_oneof![whole, 0.0..1e9_f64, 0.0..1.0_f64], 0..200));
    let numbers = any_of(runner, vec(prop_oneof![(0..40_u32).prop_map(f64::from), 0.0..1e9_f64], 5));
    let mut sorted = values.clone();
    let found = percentiles(&mut sorted);
    let spread = concentration(&mut values.clone());
    json!({
        "values": values,
        "percentiles": found.map(|it| [it.p10, it.p25, it.p50, it.p75, it.p90, it.p99]),
        "ranks": numbers.into_iter().map(|value| (value, rank(&sorted, value))).collect::<Vec<_>>(),
        "concentration": spread.map(|it| [it.gini, it.top1, it.top_decile, it.hhi]),
    })
}

fn figures(runner: &mut TestRunner, hashtags: u32) -> Vec<(VideoFigures, u32)> {
    let plays = prop_oneof![Just(None), (0..3_u64).prop_map(Some), (0..50_000_000_u64).prop_map(Some)];
    let parts = prop::array::uniform4(option::weighted(0.9, 0..900_000_u64));
    let age_hours = option::weighted(0.9, -24..24 * 200_i64);
    let video = (plays, parts, age_hours, option::weighted(0.8, 1..12_u64), 1..1_u32 << hashtags);
    let drawn = any_of(runner, vec(video, 0..120));
    (1..)
        .zip(drawn)
        .map(|(id, (plays, parts, age_hours, author, under))| {
            let [likes, comments, shares, saves] = parts.map(|part| part.and_then(Count::exact));
            let figures = VideoFigures {
                video_id: VideoId::try_from(id).expect("an id"),
                author: author.and_then(|id: u64| AuthorId::try_from(id).ok()).map(Creator::from),
                created: Some(Timestamp::from_ms(BEGIN_MS)),
                observed_at: age_hours.map(|hours| Timestamp::from_ms(BEGIN_MS + hours * MS_OF_AN_HOUR)),
                region: None,
                counts: VideoCounts {
                    plays: plays.and_then(Count::exact),
                    likes,
                    comments,
                    shares,
                    saves,
                    downloads: None,
                },
            };
            (figures, under)
        })
        .collect()
}

pub(crate) fn videos(runner: &mut TestRunner) -> Value {
    const HASHTAGS: u32 = 4;
    let drawn = figures(runner, HASHTAGS);
    let all: Vec<VideoFigures> = drawn.iter().map(|(video, _)| *video).collect();
    let under = |tag: u32| -> Vec<VideoFigures> {
        drawn.iter().filter(|(_, under)| under >> tag & 1 == 1).map(|(video, _)| *video).collect()
    };
    let by_hashtag: Vec<Vec<VideoFigures>> = (0..HASHTAGS).map(under).collect();
    let ascending = |videos: &Vec<VideoFigures>| {
        let by_id: BTreeMap<_, _> = videos.iter().map(|video| (video.video_id, *video)).collect();
        by_id.into_iter()
    };
    let voice = share_of_voice(by_hashtag.iter().map(ascending));
    let rate = engagement_rate(all.iter().map(|video| video.counts));
    let mut creators: Vec<f64> = plays_by_creator(&all).into_values().map(|plays| plays as f64).collect();
    json!({
        "videos": drawn.iter().map(|(video, under)| {
            let value = |count: Option<Count>| count.map(Count::value);
            let VideoCounts { plays, likes, comments, shares, saves, .. } = video.counts;
            let age_ms = video.observed_at.map(|at| at.as_ms() - BEGIN_MS);
            json!({
                "plays": value(plays), "parts": ([likes, comments, shares, saves].map(value)), "age_ms": age_ms,
                "author": video.author.map(Creator::to_i64), "under": under, "engagement": engagement(&video.counts),
            })
        }).collect::<Vec<_>>(),
        "rate": [rate.ratio_of_sums, rate.median_of_ratios],
        "rated": [rate.videos, rate.of_videos],
        "benchmark": benchmark(all.iter().copied()).groups.iter().map(|group| {
            let list = |it: domain::metrics::Percentiles| [it.p10, it.p25, it.p50, it.p75, it.p90, it.p99];
            json!({
                "age": group.age.name(), "videos": group.videos, "plays": group.plays.map(list),
                "engagement": group.engagement.map(list),
            })
        }).collect::<Vec<_>>(),
        "creators": concentration(&mut creators).map(|it| [it.gini, it.top1, it.top_decile, it.hhi]),
        "shares": Base::ALL.map(|base| (base.name(), voice.on(base))),
        "overlap": voice.overlap,
    })
}

/// Videos around the limit of five hashtags, some placed by their ids alone, and what is measured of each side.
pub(crate) fn sides(runner: &mut TestRunner) -> Value {
    const DAY_MS: i64 = 86_400_000;
    let begins_ms = BREAK.0.as_ms();
    let posted = begins_ms - 60 * DAY_MS..begins_ms + 90 * DAY_MS;
    // If the id holds no time and none is reported, the posting time is unknown.
    let drawn = (posted, 0..10_u8, option::weighted(0.9, 0..5_000_000_u64), 1..4_u8);
    let videos = any_of(runner, vec(drawn, 0..260));
    let videos: Vec<(VideoFigures, u8)> = (1..)
        .zip(videos)
        .map(|(number, (posted_ms, kind, plays, under))| {
            let id = if kind == 0 { number } else { (posted_ms / 1000) << 32 | number };
            let counts = VideoCounts { plays: plays.and_then(Count::exact), ..VideoCounts::default() };
            let video = VideoFigures {
                video_id: VideoId::from_i64(id).expect("an id"),
                author: None,
                created: (kind > 2).then(|| Timestamp::from_ms(posted_ms)),
                observed_at: None,
                region: None,
                counts,
            };
            (video, under)
        })
        .collect();
    let place = |video: &VideoFigures| Place::of(video.video_id, video.created);
    let counts = SideCounts::of(videos.iter().map(|(video, _)| place(video)));
    let rows = |side: Side, tag: u8| {
        let is_in = move |(_, (video, under)): &(usize, &(VideoFigures, u8))| {
            under >> tag & 1 == 1 && place(video).side() == Some(side)
        };
        videos.iter().enumerate().filter(is_in).map(|(row, _)| row).collect::<Vec<_>>()
    };
    let shared = |side: Side| {
        let found = overlap([0, 1].map(|tag| rows(side, tag)));
        Shared { both: found[0][1], a: found[0][0], b: found[1][1] }
    };
    let shared = Sides { before: shared(Side::Before), after: shared(Side::After) };
    let of_a = SideCounts { on: Sides { before: shared.before.a, after: shared.after.a }, ..counts };
    let beside = beside_by_side(Sides { before: shared.before.both, after: shared.after.both }, &of_a);
    let plays = |benchmark: &domain::metrics::Benchmark| {
        let all = benchmark.group(AgeBand::All);
        json!([all.videos, all.plays.map(|it| [it.p10, it.p25, it.p50, it.p75, it.p90, it.p99])])
    };
    let figures = videos.iter().map(|(video, _)| *video);
    json!({
        "videos": videos.iter().map(|(video, under)| json!({
            "id": video.video_id.get(), "posted_ms": video.created.map(Timestamp::as_ms),
            "plays": video.plays(), "under": under,
        })).collect::<Vec<_>>(),
        "counts": [counts.on.before, counts.between, counts.on.after, counts.unknown],
        "pooled": counts.is_pooled(),
        "benchmark": benchmark_by_side(figures).map(|sides| [plays(&sides.before), plays(&sides.after)]),
        "beside": beside.map(|sides| [sides.before.probability(), sides.after.probability()]),
        "shared": shared_by_side(shared)
            .map(|sides| [sides.before, sides.after].map(|side| [side.both, side.a, side.b])),
    })
}

/// Videos with tags, and how two of them go together.
pub(crate) fn tags(runner: &mut TestRunner) -> Value {
    let videos = any_of(runner, vec(prop::collection::btree_set(0..6_u8, 1..5), 1..80));
    let count = |is: &dyn Fn(&std::collections::BTreeSet<u8>) -> bool| {
        videos.iter().filter(|it| is(it)).count() as u64
    };
    let mut pairs = Vec::new();
    for (a, b) in (0..6).flat_map(|a| (0..6).filter(move |b| *b != a).map(move |b| (a, b))) {
        let counts = PairCounts {
            both: count(&|tags| tags.contains(&a) && tags.contains(&b)),
            a: count(&|tags| tags.contains(&a)),
            b: count(&|tags| tags.contains(&b)),
            all: videos.len() as u64,
        };
        let found = association(counts);
        pairs.push((
            a,
            b,
            found.map(|it| [it.probability, it.lift, it.npmi, it.support, relatedness(&it, counts.both)]),
        ));
    }
    json!({ "videos": videos, "pairs": pairs })
}

/// Hashtags with made-up components, and the score of one of them.
pub(crate) fn scores(runner: &mut TestRunner) -> Value {
    let values =
        prop::array::uniform6(option::weighted(0.8, (-30..30_i32).prop_map(|it| f64::from(it) / 8.0)));
    let views = prop_oneof![0..20_000_u64, 900_000..1_100_000_u64];
    let others = any_of(runner, vec((views, values), 1..200));
    let weights = any_of(runner, prop::array::uniform6(0.0..9.0_f64));
    let peers = Peers::of(others.iter().map(|(_, values)| *values));
    let (views, own) = others[0];
    let reading = Reading {
        at: Timestamp::from_ms(BEGIN_MS),
        count: Count::exact(views).expect("a count"),
        source: Source::MobileChallenge,
    };
    let (series, nothing) = (Series::repaired(&[reading]), Series::EMPTY);
    let input = TrendInput {
        views: &series,
        creators: &nothing,
        videos: &nothing,
        first_seen: None,
        concentration: own[5],
        outlook: outlook(&series, None),
    };
    let plain = trend(&input, TrendWindow::Week, None).expect("a trend");
    let trend = domain::metrics::Trend {
        zscore: own[0],
        breadth: own[2],
        novelty: own[3],
        marginal_views: own[4],
        outlook: plain.outlook.map(|outlook| Outlook {
            pace: own[1].ok_or(Missing::TooYoung),
            is_below_step: false,
            ..outlook
        }),
        ..plain
    };
    assert_eq!(components(&trend), own);
    let found = emerging(&trend, &peers, &Weights::new(weights).expect("weights"));
    json!({
        "peers": others, "weights": weights, "subtracted": Component::ALL.map(Component::is_subtracted),
        "score": found.score, "parts": found.parts.map(|part| part.contribution),
    })
}

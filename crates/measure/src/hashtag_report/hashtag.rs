//! The section of a report on one hashtag.

use super::{ReportSpan, is_sparse, notes, readings, short, table};
use crate::MeasureError;
use crate::shown::{
    basis, maybe, nothing_posted, nothing_read, observed, outlook, over, per_cent, ratio, real, share,
    signed_per_cent, tag,
};
use crate::shown::{counted, shortened};
use crate::{
    BandView, BenchmarkView, CreatorsQuery, CreatorsView, HistoryMetric, HistoryQuery, HistoryView,
    LifecycleView, Measure, Meta, OutlookView, OverviewView, RelatedQuery, RelatedView, TotalView, chart_of,
    marks,
};
use charts::grouped;
use charts::report::{KeyFigure, ReportTable, Section};
use charts::{Chart, ChartPoint, Line, day, human};
use domain::metrics::backtest::last_year::YEAR_DAYS;
use domain::metrics::{Mode, Step, TrendWindow};
use domain::{Caveat, Hashtag, Moment};

/// Labels of posts from before and after the limit of five hashtags.
const BEFORE_BREAK: &str = "posted before August 2025";
const AFTER_BREAK: &str = "posted since September 2025, with at most five hashtags";
/// Rows of the tables of related hashtags and of creators.
const ROWS: u32 = 15;
/// Characters of a creator's display name.
const NAME_SHOWN_MAX: usize = 40;

/// Minimum number of weeks of the year before for a chart.
const LAST_YEAR_WEEKS_MIN: usize = 4;
/// Weeks of the year before shown beyond the newest one.
const WEEKS_AHEAD: i64 = 8;
const MS_OF_A_DAY: i64 = 86_400_000;
const WEEK_MS: i64 = 7 * MS_OF_A_DAY;

/// Returns the section on a hashtag, and true if it has readings or videos.
pub(super) async fn section(
    measure: &Measure,
    hashtag: &Hashtag,
    frame: ReportSpan,
) -> Result<(Section, bool), MeasureError> {
    let overview = measure.overview(hashtag).await?;
    let daily = measure.history(hashtag, frame.history(Step::Day, Mode::Total)).await?;
    let step = if is_sparse(&daily.data) { Step::Raw } else { Step::Day };
    let totals = measure.history(hashtag, frame.history(step, Mode::Total)).await?;
    let gains = measure.history(hashtag, frame.history(step, Mode::Gain)).await?;
    let weekly = HistoryQuery { from: None, ..frame.history(Step::Week, Mode::Gain) };
    let weekly = measure.history(hashtag, weekly).await?;
    let since = frame.from.map(Moment::At);
    let benchmark = measure.benchmark_since(hashtag, frame.from).await?;
    let query = RelatedQuery { since, limit: ROWS, ..RelatedQuery::default() };
    let related = measure.related(hashtag, query).await?;
    let query = CreatorsQuery { since, limit: ROWS, after: None };
    let creators = measure.creators(hashtag, query).await?;

    let has_videos = benchmark.data.bands.iter().any(|band| band.videos > 0);
    let no_videos = match has_videos {
        true => None,
        false => Some(nothing_posted(measure, hashtag, "videos", frame.from.is_some()).await?),
    };
    let not_read = if daily.data.points.is_empty() {
        nothing_read(measure, hashtag, HistoryMetric::Views).await?
    } else {
        String::new()
    };
    let mut tables = benchmark_tables(&benchmark.data, frame);
    tables.extend(related_table(&related.data, frame));
    tables.extend(related_sides_table(&related.data, frame));
    tables.extend(creators_table(&creators.data, frame));
    let has_something = !daily.data.points.is_empty() || has_videos;
    let section = Section {
        heading: tag(hashtag.tag.name()),
        intro: intro(&overview.data, &daily.data, &not_read),
        figures: figures(&overview.data, &benchmark.data),
        charts: [totals_chart(&totals.data), gains_chart(&gains.data), last_year_chart(&weekly.data)]
            .into_iter()
            .flatten()
            .collect(),
        tables,
        notes: section_notes(
            [&overview.meta, &totals.meta],
            [&benchmark.meta, &related.meta, &creators.meta],
            &gains.data,
            no_videos,
        ),
        ..Section::default()
    };
    Ok((section, has_something))
}

/// Returns the notes of a section; `no_videos` is why it has no videos.
fn section_notes(
    of_series: [&Meta; 2],
    of_videos: [&Meta; 3],
    gains: &HistoryView,
    no_videos: Option<String>,
) -> Vec<String> {
    let is_of_videos = |meta: &&Meta| meta.sample.as_ref().is_some_and(|sample| sample.videos > 0);
    let mut all = notes(of_series.into_iter().chain(of_videos.into_iter().filter(is_of_videos)));
    if gains.points.iter().any(|point| point.below_resolution) {
        all.push(Caveat::BelowResolution.text().to_owned());
    }
    all.extend(no_videos);
    all
}

fn intro(overview: &OverviewView, daily: &HistoryView, not_read: &str) -> String {
    let record = &overview.record;
    let id = record.id.as_ref().map(|id| format!(" Its TikTok id is {id}.")).unwrap_or_default();
    let read = match (daily.points.first(), daily.points.last()) {
        (Some(first), Some(last)) => format!(
            "Its views were read on {} from {} to {}.",
            counted(daily.points.len() as u64, "day"),
            day(first.at),
            day(last.at)
        ),
        _ => not_read.to_owned(),
    };
    let described = record.description.as_deref().filter(|text| !text.trim().is_empty());
    let described = described.map(|text| format!("\n\nTikTok's description: {text}")).unwrap_or_default();
    format!("{read}{id}{described}")
}

fn figures(overview: &OverviewView, benchmark: &BenchmarkView) -> Vec<KeyFigure> {
    let record = &overview.record;
    let mut figures = vec![
        figure("Views", of_total(&record.views), origin(&record.views)),
        figure("Creators", of_total(&record.creators), origin(&record.creators)),
        figure("Videos", of_total(&record.videos), origin(&record.videos)),
    ];
    if let Some(each) = overview.views_per_video {
        figures.push(figure("Views per video", human(each), "views over videos".to_owned()));
    }
    let trends = [
        ("7 days", TrendWindow::Week, &overview.trends.week),
        ("30 days", TrendWindow::Month, &overview.trends.month),
    ];
    for (label, window, trend) in trends {
        let Some(trend) = trend else { continue };
        let gained = trend.gain.map(|gain| {
            let below = if trend.below_resolution { ", below the rounding" } else { "" };
            let over = over(trend, window).map(|span| format!(" over {span}")).unwrap_or_default();
            format!("{} gained{over}, up to {}{below}", short(gain), day(trend.observed_at))
        });
        let growth = maybe(trend.growth, per_cent);
        figures.push(figure(&format!("Growth in {label}"), growth, gained.unwrap_or_default()));
    }
    if let Some(trend) = &overview.trends.week {
        let unusual = trend.zscore.map(|z| format!("; z-score {}", real(z))).unwrap_or_default();
        let over = over(trend, TrendWindow::Week).map(|span| format!(", over {span}")).unwrap_or_default();
        let note = format!("in the last 7 days{over}{unusual}");
        figures.push(figure("Views a day", maybe(trend.velocity, human), note));
    }
    figures.extend(overview.lifecycle.as_ref().map(stage_figure));
    if let Some(ahead) = &overview.outlook {
        figures.extend(outlook_figures(ahead));
    }
    if benchmark.engagement.ratio_of_sums.is_some() {
        let rate = &benchmark.engagement;
        let median = format!(
            "{} of the median video; {} of {}",
            share(rate.median_of_ratios),
            grouped(rate.videos),
            counted(rate.of_videos, "video")
        );
        figures.push(figure("Engagement", share(benchmark.engagement.ratio_of_sums), median));
    }
    figures
}

fn figure(label: &str, value: String, note: String) -> KeyFigure {
    KeyFigure { label: label.to_owned(), value, note, ..KeyFigure::default() }
}

/// Returns the stage with its weeks and a note on what it seems to contradict.
fn stage_figure(life: &LifecycleView) -> KeyFigure {
    let compared = match (life.change, &life.before_from) {
        (Some(change), Some(before)) => {
            format!(", {} against the weeks from {}", signed_per_cent(change), day(*before))
        }
        _ => String::new(),
    };
    let note = life.note.map(|note| format!("; {note}")).unwrap_or_default();
    let note = format!(
        "of the week from {} to {}{compared}; at {} of its peak of {} views a day on {}{note}",
        day(life.from),
        day(life.until),
        per_cent(life.share_of_peak),
        human(life.peak_velocity),
        day(life.peak_at)
    );
    figure("Stage", life.stage.to_owned(), note)
}

/// Returns the outlook on the 7 days after the newest reading.
fn outlook_figures(ahead: &OutlookView) -> Vec<KeyFigure> {
    let (pace, surge) = (&ahead.pace, &ahead.surge);
    let learned_on = &ahead.learned_on;
    let pace_note = match (&pace.reason, pace.probability_top_tenth) {
        (Some(reason), _) => reason.clone(),
        (None, Some(chance)) => {
            format!(
                "{} up to {}; probability to be in the tenth that grows most over 7 days {}, {learned_on}",
                outlook::PACE_OVER,
                day(ahead.as_of),
                per_cent(chance)
            )
        }
        (None, None) => format!("{} up to {}", outlook::PACE_OVER, day(ahead.as_of)),
    };
    let surge_note = match (&surge.reason, surge.probability_3x, surge.probability_2x) {
        (None, Some(triple), Some(double)) => format!(
            "the newest days over the 28 days up to {}; probability of a week of 3 times the usual {}, of twice {}, {learned_on}",
            day(ahead.as_of),
            per_cent(triple),
            per_cent(double)
        ),
        (reason, ..) => reason.clone().unwrap_or_default(),
    };
    let surge_value = surge.value.map_or_else(|| outlook::surge(ahead), |value| format!("{}x", ratio(value)));
    let mut figures =
        vec![figure("Pace a day", outlook::pace(ahead), pace_note), figure("Surge", surge_value, surge_note)];
    if let Some(band) = &ahead.forecast {
        let note = format!(
            "from {} to {}: {} of such weeks end within the band",
            day(band.from),
            day(band.until),
            band.cover
        );
        figures.push(figure("7-day gain", outlook::band(Some(band)), note));
    }
    figures
}

fn of_total(total: &TotalView) -> String {
    maybe(total.value, |value| format!("{}{}", if total.rounded { "~" } else { "" }, short(value)))
}

fn origin(total: &TotalView) -> String {
    let at = total.read_at.map(|at| format!(" on {}", day(at))).unwrap_or_default();
    let rounded = if total.rounded { format!(", rounded to {}", short(total.step)) } else { String::new() };
    match total.basis {
        Some("reported") => {
            let newest = total.as_read.as_ref();
            let newest = newest.map(|read| format!("; the newest reading, {}, does not count", read.shown()));
            format!("reported{at}{rounded}{}", newest.unwrap_or_default())
        }
        Some(_) => format!("observed: a sum over the stored videos, last read{at}"),
        None => "not known".to_owned(),
    }
}

fn totals_chart(history: &HistoryView) -> Option<Chart> {
    let line = history.line();
    (line.points.len() > 1).then(|| {
        let subtitle = format!("lifetime views, {}, UTC{}", readings(history.step), history.not_counted());
        let chart = chart_of(format!("Views of #{}", history.hashtag), subtitle, "views", vec![line]);
        Chart { marks: marks(&history.annotations, &history.tz), ..chart }
    })
}

fn gains_chart(history: &HistoryView) -> Option<Chart> {
    let line = history.line();
    (line.points.len() > 1).then(|| {
        let subtitle = format!("since the reading before, {}, UTC", readings(history.step));
        let chart = chart_of(format!("Views gained by #{}", history.hashtag), subtitle, "views", vec![line]);
        Chart { marks: marks(&history.annotations, &history.tz), ..chart }
    })
}

/// Draws the weeks of the last year and those of the year before, moved by [`YEAR_DAYS`] so that weekdays
/// match. `None` if the year before has less than a month of weeks.
fn last_year_chart(weekly: &HistoryView) -> Option<Chart> {
    let line = weekly.line();
    let newest = line.points.last()?.at.as_ms();
    let year_ms = YEAR_DAYS * MS_OF_A_DAY;
    let is_this_year = |point: &&ChartPoint| point.at.as_ms() > newest - year_ms;
    let is_shown_of_last = |point: &&ChartPoint| {
        let later = point.at.as_ms() + year_ms;
        later > newest - year_ms && later <= newest + WEEKS_AHEAD * WEEK_MS
    };
    let this: Vec<ChartPoint> = line.points.iter().filter(is_this_year).copied().collect();
    let last: Vec<ChartPoint> = line.points.iter().filter(is_shown_of_last).copied().collect();
    let moved = |point: ChartPoint| ChartPoint {
        at: domain::Timestamp::from_ms(point.at.as_ms() + year_ms),
        ..point
    };
    if this.len() < 2 || last.len() < LAST_YEAR_WEEKS_MIN {
        return None;
    }
    let before = Line {
        name: format!("{}, {YEAR_DAYS} days before", line.name),
        points: last.into_iter().map(moved).collect(),
    };
    Some(chart_of(
        format!("Views gained a week by {}, and the year before", line.name),
        format!("the year before moved by {YEAR_DAYS} days; no forecast; UTC"),
        "views",
        vec![Line { points: this, ..line }, before],
    ))
}

/// Returns the benchmarks of all videos, and of those from before and after TikTok limited posts to five
/// hashtags.
fn benchmark_tables(benchmark: &BenchmarkView, frame: ReportSpan) -> Vec<ReportTable> {
    let read = observed(benchmark.observed_at);
    let videos = format!("of videos{}, by their age when they were read; {read}", frame.videos());
    let mut tables = band_tables(&benchmark.bands, &videos);
    if let Some(sides) = &benchmark.sides {
        tables.extend(band_tables(&sides.before.bands, &format!("{BEFORE_BREAK}, {videos}")));
        tables.extend(band_tables(&sides.after.bands, &format!("{AFTER_BREAK}, {videos}")));
    }
    tables
}

fn band_tables(bands: &[BandView], videos: &str) -> Vec<ReportTable> {
    let headings = ["Age of post", ">Videos", ">p10", ">p25", ">Median", ">p75", ">p90", ">p99"];
    let row = |band: &BandView, count: u64, numbers: [String; 6]| {
        [band.age.to_owned(), grouped(count)].into_iter().chain(numbers).collect::<Vec<String>>()
    };
    let plays = bands.iter().filter_map(|band| {
        let of = band.plays.as_ref()?;
        Some(row(band, of.count, [of.p10, of.p25, of.p50, of.p75, of.p90, of.p99].map(grouped)))
    });
    let engagement = bands.iter().filter_map(|band| {
        let of = band.engagement.as_ref()?;
        Some(row(band, of.count, [of.p10, of.p25, of.p50, of.p75, of.p90, of.p99].map(per_cent)))
    });
    let tables = [
        table(format!("Benchmark: plays {videos}"), &headings, plays.collect()),
        table(format!("Benchmark: engagement {videos}"), &headings, engagement.collect()),
    ];
    tables.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

/// Returns how often each was used together with the hashtag before and after TikTok limited posts to five
/// hashtags.
fn related_sides_table(related: &[RelatedView], frame: ReportSpan) -> Option<ReportTable> {
    let row = |other: &RelatedView| {
        let sides = other.sides.as_ref()?;
        let cells = [&sides.before, &sides.after]
            .map(|side| [grouped(side.both), grouped(side.videos), share(side.probability)]);
        Some(std::iter::once(tag(&other.name)).chain(cells.into_iter().flatten()).collect::<Vec<_>>())
    };
    let headings = [
        "Hashtag",
        ">Both before",
        ">Videos before",
        ">Share before",
        ">Both after",
        ">Videos after",
        ">Share after",
    ];
    let caption =
        format!("Related hashtags by side: {BEFORE_BREAK} and {AFTER_BREAK}; of videos{}", frame.videos());
    let rows: Vec<Vec<String>> = related.iter().filter_map(row).collect();
    (!rows.is_empty()).then(|| table(caption, &headings, rows))
}

fn related_table(related: &[RelatedView], frame: ReportSpan) -> Option<ReportTable> {
    let row = |other: &RelatedView| {
        vec![
            tag(&other.name),
            of_total(&other.views),
            basis(&other.views),
            grouped(other.both),
            per_cent(other.probability),
            real(other.lift),
            format!("{:.3}", other.npmi),
        ]
    };
    let headings =
        ["Hashtag", ">Views", "Basis of views", ">Videos with both", ">Share with it", ">Lift", ">NPMI"];
    let caption = format!(
        "Related hashtags, the closest first; of videos{}; generic hashtags are left out",
        frame.videos()
    );
    let rows: Vec<Vec<String>> = related.iter().map(row).collect();
    (!rows.is_empty()).then(|| table(caption, &headings, rows))
}

/// Returns the handle, else the id, of a creator.
fn creator_name(creator: &crate::CreatorView) -> String {
    let by_handle = if creator.by_handle { " (by handle)" } else { "" };
    match (&creator.unique_id, &creator.id) {
        (Some(name), _) => format!("@{name}{by_handle}"),
        (None, Some(id)) => id.clone(),
        (None, None) => maybe(None::<&str>, str::to_owned),
    }
}

fn creators_table(creators: &CreatorsView, frame: ReportSpan) -> Option<ReportTable> {
    let row = |creator: &crate::CreatorView| {
        vec![
            creator_name(creator),
            creator.nickname.as_deref().map(|name| shortened(name, NAME_SHOWN_MAX)).unwrap_or_default(),
            grouped(creator.videos),
            maybe(creator.plays, grouped),
            share(creator.plays_share),
        ]
    };
    let concentration = creators.concentration.as_ref().map(|plays| {
        format!(
            "; the top creator has {} of the plays, the top tenth {} (Gini {:.2})",
            per_cent(plays.top1_share),
            per_cent(plays.top_decile_share),
            plays.gini
        )
    });
    let caption = format!(
        "Creators by plays, of {}{} with videos{}{}; {}",
        grouped(creators.creators_count),
        match creators.creators_by_handle {
            0 => String::new(),
            number => format!(" ({} known by handle alone)", grouped(number)),
        },
        frame.videos(),
        concentration.unwrap_or_default(),
        observed(creators.observed_at),
    );
    let headings = ["Creator", "Name", ">Videos", ">Plays", ">Share of plays"];
    let rows: Vec<Vec<String>> = creators.creators.iter().map(row).collect();
    (!rows.is_empty()).then(|| table(caption, &headings, rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PointView;

    fn weekly(weeks: i64) -> HistoryView {
        let point = |week: i64| {
            let at = domain::Timestamp::from_ms(1_704_067_200_000 + week * WEEK_MS);
            PointView {
                read_at: at,
                at,
                value: Some(week.unsigned_abs()),
                observed: 0,
                rounded: false,
                step: 1,
                source: "series",
                repair: None,
                gap_ms: None,
                span_ms: None,
                below_resolution: false,
                date: None,
            }
        };
        HistoryView {
            hashtag: "cat".to_owned(),
            hashtag_id: None,
            assigned_id: None,
            metric: "views",
            step: "week",
            tz: domain::Zone::UTC,
            mode: "gain",
            points: (0..weeks).map(point).collect(),
            as_read: None,
            repairs: Vec::new(),
            annotations: Vec::new(),
        }
    }

    #[test]
    fn the_year_before_is_drawn_if_it_is_stored() {
        assert_eq!(last_year_chart(&weekly(0)), None);
        assert_eq!(last_year_chart(&weekly(47)), None, "less than a year and a month");
        assert_eq!(last_year_chart(&weekly(30)), None);
        let chart = last_year_chart(&weekly(100)).expect("a chart");
        let [this, before] = &chart.lines[..] else { panic!("two lines: {chart:?}") };
        assert_eq!(before.name, "#cat, 364 days before");
        let values = |line: &Line| line.points.iter().map(|point| point.value).collect::<Vec<_>>();
        assert_eq!(values(this), (48..100).map(f64::from).collect::<Vec<_>>());
        // Week 0 a year later is week 52; eight weeks are shown beyond the newest.
        assert_eq!(values(before), (0..56).map(f64::from).collect::<Vec<_>>());
        assert_eq!(before.points[0].at, this.points[4].at, "on the same weekday");
    }
}

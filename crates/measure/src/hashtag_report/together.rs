//! The section of a report that compares several hashtags.

use super::{ReportSpan, is_sparse, notes, readings, table};
use crate::MeasureError;
use crate::shown::counted;
use crate::shown::{basis, growth_over, maybe, outlook, share, tag, total};
use crate::{CompareQuery, CompareView, Measure, OverviewView, POINTS_MAX, chart_of};
use charts::grouped;
use charts::report::{ReportTable, Section};
use charts::{Chart, Line};
use domain::metrics::{Step, TrendWindow};
use domain::{Hashtag, Moment};

/// From this ratio of the largest to the smallest value on, only a log scale shows all lines.
const LOG_FROM: f64 = 20.0;
/// First value of each indexed line.
const INDEX: f64 = 100.0;

pub(super) async fn section(
    measure: &Measure,
    hashtags: &[Hashtag],
    frame: ReportSpan,
) -> Result<Section, MeasureError> {
    let query = CompareQuery {
        account_id: frame.account_id,
        from: frame.from.map(Moment::At),
        to: frame.to.map(Moment::At),
        points_max: POINTS_MAX,
        ..CompareQuery::default()
    };
    let mut compared = measure.compare(hashtags, &query).await?;
    if compared.data.hashtags.iter().any(|one| is_sparse(&one.series)) {
        compared = measure.compare(hashtags, &CompareQuery { step: Step::Raw, ..query }).await?;
    }
    let mut overviews = Vec::with_capacity(hashtags.len());
    for hashtag in hashtags {
        overviews.push(measure.overview(hashtag).await?);
    }
    let views: Vec<&OverviewView> = overviews.iter().map(|one| &one.data).collect();
    let videos = compared.data.videos_unique;
    let mut tables = vec![totals(&views), bases(&views), voice(&compared.data)];
    if videos > 0 {
        tables.push(overlap(&compared.data));
        tables.extend(overlap_by_side(&compared.data));
    }
    Ok(Section {
        heading: "Side by side".to_owned(),
        intro: match videos {
            0 => "No videos are stored under any of them, so only the totals that TikTok reports can be compared."
                .to_owned(),
            _ => format!(
                "{} are stored under them, each counted once. A video under two of them counts half for each in \
                 the shares of videos, creators and engagement.",
                counted(videos, "video")
            ),
        },
        charts: drawn(&compared.data),
        tables,
        notes: notes([&compared.meta]).into_iter().chain(contrasts(&views)).chain(reasons(&views)).collect(),
        ..Section::default()
    })
}

/// Draws the lines as they are, and each indexed to the same first value.
fn drawn(compared: &CompareView) -> Vec<Chart> {
    let lines: Vec<Line> = compared.hashtags.iter().map(|one| one.series.line()).collect();
    let is_indexable = |line: &Line| line.points.first().is_some_and(|first| first.value > 0.0);
    if lines.iter().all(|line| line.points.is_empty()) {
        return Vec::new();
    }
    let readings = readings(compared.hashtags.first().map_or("", |one| one.series.step));
    let subtitle = |what: &str| format!("{what}, {readings}, UTC");
    let is_log = is_wide(&lines, |_| 1.0);
    let views = chart_of("Views".to_owned(), subtitle("lifetime views"), "views", lines.clone());
    let mut charts = vec![Chart { is_log, marks: compared.marks(), ..views }];
    if lines.iter().any(is_indexable) {
        let is_log = is_wide(&lines, |line| line.points.first().map_or(1.0, |first| first.value));
        let subtitle = subtitle(&format!("each {INDEX} at its beginning"));
        let indexed = chart_of("Views, indexed".to_owned(), subtitle, "", lines);
        charts.push(Chart { is_log, index_to: Some(INDEX), marks: compared.marks(), ..indexed });
    }
    charts
}

/// Returns true if a linear scale would flatten some of the lines.
fn is_wide(lines: &[Line], unit: fn(&Line) -> f64) -> bool {
    let values = || lines.iter().flat_map(|line| line.points.iter().map(|point| point.value / unit(line)));
    let most = values().filter(|value| value.is_finite()).fold(0.0, f64::max);
    let least = values().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
    most / least >= LOG_FROM
}

fn totals(overviews: &[&OverviewView]) -> ReportTable {
    let row = |one: &&OverviewView| {
        let week = one.trends.week.as_ref();
        vec![
            tag(&one.record.name),
            total(&one.record.views),
            total(&one.record.creators),
            total(&one.record.videos),
            maybe(week.and_then(|week| week.velocity), charts::human),
            growth_over(week, TrendWindow::Week),
            growth_over(one.trends.month.as_ref(), TrendWindow::Month),
            maybe(one.lifecycle.as_ref(), |life| life.stage.to_owned()),
            maybe(one.outlook.as_ref(), outlook::pace),
            maybe(one.outlook.as_ref(), outlook::surge),
        ]
    };
    let headings = [
        "Hashtag",
        ">Views",
        ">Creators",
        ">Videos",
        ">A day",
        ">In 7 days",
        ">In 30 days",
        "Stage",
        ">Pace a day",
        ">Surge",
    ];
    let learned_on = overviews.iter().find_map(|one| Some(one.outlook.as_ref()?.learned_on.as_str()));
    let caption = format!(
        "Totals (~ if rounded), views a day and growth up to the newest reading; the stage of the newest week against the \
         hashtag's own past; pace, {}; surge, the newest days over the last 28{}",
        outlook::PACE_OVER,
        learned_on.map_or_else(String::new, |learned_on| {
            format!(", with the probability of a week of 3 times the usual, {learned_on}")
        })
    );
    table(caption, &headings, overviews.iter().map(row).collect())
}

/// Returns notes on the stages that seem to contradict the pace or the surge.
fn contrasts(overviews: &[&OverviewView]) -> Vec<String> {
    let of = |one: &&OverviewView| {
        let life = one.lifecycle.as_ref()?;
        Some(format!("{} is {}: {}.", tag(&one.record.name), life.stage, life.note?))
    };
    overviews.iter().filter_map(of).collect()
}

/// Explains each label that replaces an unknown pace or surge.
fn reasons(overviews: &[&OverviewView]) -> Vec<String> {
    outlook::reasons(&overviews.iter().filter_map(|one| one.outlook.as_ref()).collect::<Vec<_>>())
}

/// Returns the basis and the reading date of each total.
fn bases(overviews: &[&OverviewView]) -> ReportTable {
    let row = |one: &&OverviewView| {
        let record = &one.record;
        vec![tag(&record.name), basis(&record.views), basis(&record.creators), basis(&record.videos)]
    };
    let headings = ["Hashtag", "Views", "Creators", "Videos"];
    let caption =
        "Basis and date of each total: reported by TikTok, or observed in the stored videos".to_owned();
    table(caption, &headings, overviews.iter().map(row).collect())
}

fn voice(compared: &CompareView) -> ReportTable {
    let headings: Vec<String> = std::iter::once("Hashtag".to_owned())
        .chain(compared.share_of_voice.iter().map(|voice| format!(">Share of {}", voice.base)))
        .chain([">Engagement rate".to_owned(), ">Videos stored".to_owned()])
        .collect();
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let row = |(place, one): (usize, &crate::ComparedView)| {
        let shares = compared.share_of_voice.iter();
        let shares = shares.map(|voice| share(voice.shares.get(place).copied().flatten()));
        std::iter::once(tag(&one.record.name))
            .chain(shares)
            .chain([share(one.engagement), grouped(one.sample_videos)])
            .collect()
    };
    table(
        "Share of voice: of the reported views; of videos, creators and engagement (reactions) in the stored videos".to_owned(),
        &headings,
        compared.hashtags.iter().enumerate().map(row).collect(),
    )
}

fn overlap(compared: &CompareView) -> ReportTable {
    let rows = compared.overlap.iter().map(|pair| {
        vec![
            tag(&pair.a),
            tag(&pair.b),
            maybe(pair.videos, grouped),
            share(pair.share_of_a),
            share(pair.share_of_b),
        ]
    });
    let headings = ["A", "B", ">Videos with both", ">Share of A", ">Share of B"];
    table("Overlap of the stored videos".to_owned(), &headings, rows.collect())
}

/// Returns the overlap of each pair before and after TikTok limited posts to five hashtags.
fn overlap_by_side(compared: &CompareView) -> Option<ReportTable> {
    let rows = compared.overlap.iter().filter_map(|pair| {
        let sides = pair.sides.as_ref()?;
        let cells = [&sides.before, &sides.after]
            .map(|side| [grouped(side.videos), share(side.share_of_a), share(side.share_of_b)]);
        let names = [tag(&pair.a), tag(&pair.b)];
        Some(names.into_iter().chain(cells.into_iter().flatten()).collect::<Vec<_>>())
    });
    let headings =
        ["A", "B", ">Both before", ">Share of A", ">Share of B", ">Both after", ">Share of A", ">Share of B"];
    let rows: Vec<Vec<String>> = rows.collect();
    let caption =
        "Overlap by side: posted before August 2025, and since September 2025 with at most five hashtags";
    (!rows.is_empty()).then(|| table(caption.to_owned(), &headings, rows))
}

//! `tagmeter compare`: compares hashtags by series, share of voice and overlap.

use super::annotation::annotated_by;
use super::{Context, hashtag_of};
use crate::cli::measuring::Compare;
use crate::exit::Failure;
use crate::measured::{Target, basis, counted_share, maybe, nothing_read, share, spark, tag, total};
use crate::output::{counted, grouped, print, print_text, say, table};
use domain::Hashtag;
use measure::parameters::Index;
use measure::{CompareQuery, CompareView, ComparedView, MadeOf, Measure, OverlapView, POINTS_MAX, chart_of};
use std::collections::BTreeSet;

/// Characters of a sparkline.
const SPARK_WIDTH: usize = 48;

pub(super) async fn run(command: Compare, context: &Context) -> Result<(), Failure> {
    let target = Target::of(&command.shape, true)?;
    let measure = context.open_existing_measure().await?.at(command.as_of, MadeOf::Videos).await?;
    let hashtags = hashtags_of(&measure, &command.query.tags).await?;
    let now = context.now();
    let account_id = annotated_by(measure.store(), command.account.as_deref()).await?;
    let query = CompareQuery { points_max: POINTS_MAX, account_id, ..command.query };
    let measured = measure.compare(&hashtags, &query).await?;
    let mut not_read = Vec::new();
    for (hashtag, one) in hashtags.iter().zip(&measured.data.hashtags) {
        if one.series.points.is_empty() {
            not_read.push(nothing_read(&measure, hashtag, query.metric).await?);
        }
    }
    let chart = || Some(chart(&measured.data, &query));
    // The table on the screen shows more than the series.
    let is_empty = not_read.len() == measured.data.hashtags.len() && !target.is_screen();
    let nothing = is_empty.then(|| not_read.join(" "));
    if nothing.is_none() {
        not_read.iter().for_each(say);
    }
    target.write(&measured, now, nothing, show, chart)
}

/// Returns the hashtags of several names or ids. One that is named twice is an error.
pub(super) async fn hashtags_of(measure: &Measure, typed: &[String]) -> Result<Vec<Hashtag>, Failure> {
    let mut hashtags: Vec<Hashtag> = Vec::with_capacity(typed.len());
    let mut rows = BTreeSet::new();
    for text in typed {
        let hashtag = hashtag_of(measure, text).await?;
        if !rows.insert(hashtag.row) {
            return Err(Failure::usage(format_args!("#{} is named twice", hashtag.tag.name())));
        }
        hashtags.push(hashtag);
    }
    Ok(hashtags)
}

fn chart(compared: &CompareView, query: &CompareQuery) -> charts::Chart {
    let names: Vec<String> = compared.hashtags.iter().map(|one| tag(&one.record.name)).collect();
    let (metric, index) = (query.metric.name(), query.index.map(Index::get));
    let (subtitle, unit) = match index {
        Some(index) => (format!("{metric}, each {index} at its beginning, {}", query.tz), ""),
        None => (format!("{metric}, {}", query.tz), metric),
    };
    let lines = compared.hashtags.iter().map(|one| one.series.line()).collect();
    let chart = chart_of(names.join(", "), subtitle, unit, lines);
    charts::Chart { index_to: index, marks: compared.marks(), zone: query.tz.clone(), ..chart }
}

fn show(compared: &CompareView) -> Result<(), Failure> {
    let row = |(place, one): (usize, &ComparedView)| {
        let voice = compared.share_of_voice.iter();
        let mut row = vec![
            tag(&one.record.name),
            total(&one.record.views),
            total(&one.record.creators),
            grouped(one.sample_videos),
            counted_engagement(one),
        ];
        row.extend(voice.map(|voice| share(voice.shares.get(place).copied().flatten())));
        row.push(spark(&one.series, SPARK_WIDTH));
        row
    };
    let metric = compared.hashtags.first().map_or("", |one| one.series.metric);
    let shares = compared.share_of_voice.iter().map(|voice| format!(">% {}", voice.base));
    let mut headings: Vec<String> =
        ["hashtag", ">views", ">creators", ">videos stored", ">engagement"].map(str::to_owned).to_vec();
    headings.extend(shares);
    headings.push(metric.to_owned());
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    print(table(&headings, compared.hashtags.iter().enumerate().map(row)))?;
    show_bases(compared)?;
    show_indexed(compared)?;
    show_overlap(compared)
}

/// Formats engagement as `3.1 %`, with the number of videos if others lack a count: `3.1 % (12)`.
fn counted_engagement(one: &ComparedView) -> String {
    match one.engagement_videos == one.sample_videos || one.engagement.is_none() {
        true => share(one.engagement),
        false => format!("{} ({})", share(one.engagement), grouped(one.engagement_videos)),
    }
}

/// Prints the basis and the reading time of each total.
fn show_bases(compared: &CompareView) -> Result<(), Failure> {
    let rows = compared.hashtags.iter().map(|one| {
        let record = &one.record;
        vec![tag(&record.name), basis(&record.views), basis(&record.creators)]
    });
    print("")?;
    print(table(&["basis", "views", "creators"], rows))
}

/// Prints the newest value of each indexed series.
fn show_indexed(compared: &CompareView) -> Result<(), Failure> {
    for one in &compared.hashtags {
        let Some(points) = &one.indexed else { continue };
        let (Some(first), Some(last)) = (points.first(), points.last()) else { continue };
        let to = points.iter().rev().find_map(|point| point.value);
        let value = maybe(to, crate::measured::real);
        print_text(format_args!(
            "{} indexed: {value} at {} since {}",
            tag(&one.record.name),
            last.at,
            first.at
        ))?;
    }
    Ok(())
}

/// Prints a row and a column for each hashtag: videos with both, and their share of the row's videos.
fn show_overlap(compared: &CompareView) -> Result<(), Failure> {
    let names: Vec<&str> = compared.hashtags.iter().map(|one| one.record.name.as_str()).collect();
    let cell = |row: &str, column: &str| {
        let pair = compared.overlap.iter().find_map(|pair| match (pair.a.as_str(), pair.b.as_str()) {
            (a, b) if a == row && b == column => Some((pair.videos, pair.share_of_a)),
            (a, b) if a == column && b == row => Some((pair.videos, pair.share_of_b)),
            _ => None,
        });
        pair.map(|(videos, share)| maybe(videos, |videos| counted_share(videos, share))).unwrap_or_default()
    };
    let rows = names.iter().map(|row| {
        std::iter::once(tag(row)).chain(names.iter().map(|column| cell(row, column))).collect::<Vec<_>>()
    });
    let columns: Vec<String> = std::iter::once("videos of both".to_owned())
        .chain(names.iter().map(|name| format!(">#{name}")))
        .collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    print("")?;
    print(table(&columns, rows))?;
    print_text(format_args!(
        "{} under any of them, each counted once.",
        counted(compared.videos_unique, "video")
    ))?;
    show_overlap_by_side(compared)
}

/// Prints the overlap of each pair before and after TikTok limited posts to five hashtags.
fn show_overlap_by_side(compared: &CompareView) -> Result<(), Failure> {
    let row = |pair: &OverlapView| {
        let sides = pair.sides.as_ref()?;
        let cells = [&sides.before, &sides.after]
            .map(|side| [grouped(side.videos), share(side.share_of_a), share(side.share_of_b)]);
        let names = [tag(&pair.a), tag(&pair.b)];
        Some(names.into_iter().chain(cells.into_iter().flatten()).collect::<Vec<_>>())
    };
    let rows: Vec<Vec<String>> = compared.overlap.iter().filter_map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let headings =
        ["a", "b", ">both before", ">share of a", ">share of b", ">both after", ">share of a", ">share of b"];
    print("")?;
    print(table(&headings, rows))?;
    print(
        "Before: posted before August 2025. After: since September 2025, with at most five hashtags a post.",
    )
}

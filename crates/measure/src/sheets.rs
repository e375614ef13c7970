//! Further tables of answers, besides their rows: sheets of a workbook.

use crate::benchmark::{EngagementView, StandingView};
use crate::history::RepairsView;
use crate::tabular::{Field, RECORD, columns, columns_of, count, maybe_text, real, record, text, values};
use crate::{BenchmarkView, CompareView, CreatorsView, HistoryView, OverlapSideView, OverlapView};
use domain::metrics::Side;
use tables::{Column, Kind, Table, TableError, Value};

/// Tables by the names of their sheets.
type Sheets<'a> = Vec<(&'static str, Table<'a>)>;

fn sheet<'a>(
    name: &'static str,
    columns: &[Column],
    rows: impl IntoIterator<Item = Vec<Value<'a>>>,
) -> Result<(&'static str, Table<'a>), TableError> {
    let mut table = Table::new(columns)?;
    rows.into_iter().try_for_each(|row| table.push(row))?;
    Ok((name, table))
}

fn sheet_of<'a, T: 'a>(
    name: &'static str,
    fields: &[Field<T>],
    rows: impl IntoIterator<Item = &'a T>,
) -> Result<(&'static str, Table<'a>), TableError> {
    sheet(name, &columns_of(fields), rows.into_iter().map(|row| values(fields, row)))
}

const OVERLAP: [Field<OverlapView>; 11] = [
    ("a", Kind::Text, |pair| text(&*pair.a)),
    ("b", Kind::Text, |pair| text(&*pair.b)),
    ("videos", Kind::Integer, |pair| count(pair.videos)),
    ("share_of_a", Kind::Real, |pair| real(pair.share_of_a)),
    ("share_of_b", Kind::Real, |pair| real(pair.share_of_b)),
    ("videos_before", Kind::Integer, |pair| count(before(pair).map(|side| side.videos))),
    ("share_of_a_before", Kind::Real, |pair| real(before(pair).and_then(|side| side.share_of_a))),
    ("share_of_b_before", Kind::Real, |pair| real(before(pair).and_then(|side| side.share_of_b))),
    ("videos_after", Kind::Integer, |pair| count(after(pair).map(|side| side.videos))),
    ("share_of_a_after", Kind::Real, |pair| real(after(pair).and_then(|side| side.share_of_a))),
    ("share_of_b_after", Kind::Real, |pair| real(after(pair).and_then(|side| side.share_of_b))),
];

fn before(pair: &OverlapView) -> Option<&OverlapSideView> {
    pair.sides.as_ref().map(|sides| &sides.before)
}

fn after(pair: &OverlapView) -> Option<&OverlapSideView> {
    pair.sides.as_ref().map(|sides| &sides.after)
}

/// Returns the hashtags, their shares of voice, and the overlap of each pair.
pub(super) fn of_compare(compared: &CompareView) -> Result<Sheets<'_>, TableError> {
    let of_record = [("engagement", Kind::Real), ("sample_videos", Kind::Integer)];
    let hashtags = compared.hashtags.iter().map(|one| {
        let mut row = Vec::from(record(&one.record));
        row.extend([real(one.engagement), Value::count(one.sample_videos)]);
        row
    });
    let names = || compared.hashtags.iter().map(|one| one.record.name.as_str());
    let shares = compared.share_of_voice.iter().flat_map(|voice| {
        let share_of = |(name, share): (_, &Option<f64>)| {
            vec![Value::text(voice.base), Value::text(voice.basis), Value::text(name), real(*share)]
        };
        names().zip(&voice.shares).map(share_of).collect::<Vec<_>>()
    });
    Ok(vec![
        sheet("hashtags", &columns(&[&RECORD[..], &of_record].concat()), hashtags)?,
        sheet(
            "share_of_voice",
            &columns(&[
                ("base", Kind::Text),
                ("basis", Kind::Text),
                ("hashtag", Kind::Text),
                ("share", Kind::Real),
            ]),
            shares,
        )?,
        sheet_of("overlap", &OVERLAP, &compared.overlap)?,
        sheet_of(
            "videos",
            &[("videos_unique", Kind::Integer, |compared: &CompareView| {
                Value::count(compared.videos_unique)
            })],
            [compared],
        )?,
    ])
}

/// Returns the repairs of the whole series.
pub(super) fn of_history(history: &HistoryView) -> Result<Sheets<'_>, TableError> {
    let fields: [Field<RepairsView>; 2] = [
        ("repair", Kind::Text, |repairs| text(repairs.repair)),
        ("readings", Kind::Integer, |repairs| Value::count(repairs.readings)),
    ];
    Ok(vec![sheet_of("repairs", &fields, &history.repairs)?])
}

const STANDING: [Field<StandingView>; 6] = [
    ("video_id", Kind::Id, |rank| rank.video_id.as_deref().map_or(Value::Absent, Value::id)),
    ("age", Kind::Text, |rank| text(rank.age)),
    ("plays", Kind::Integer, |rank| count(rank.plays)),
    ("plays_percentile", Kind::Real, |rank| real(rank.plays_percentile)),
    ("engagement", Kind::Real, |rank| real(rank.engagement)),
    ("engagement_percentile", Kind::Real, |rank| real(rank.engagement_percentile)),
];

/// Returns the engagement of all videos, and the rank of the requested value.
pub(super) fn of_benchmark(benchmark: &BenchmarkView) -> Result<Sheets<'_>, TableError> {
    let rates = |rate: &EngagementView, without_age: Option<u64>, side: Option<Side>| {
        vec![
            real(rate.ratio_of_sums),
            real(rate.median_of_ratios),
            Value::count(rate.videos),
            Value::count(rate.of_videos),
            count(without_age),
            maybe_text(side.map(Side::name)),
        ]
    };
    let all = rates(&benchmark.engagement, Some(benchmark.videos_without_age), None);
    let sides = benchmark.sides.iter().flat_map(|sides| {
        [(&sides.before, Side::Before), (&sides.after, Side::After)]
            .map(|(of, side)| rates(&of.engagement, None, Some(side)))
    });
    Ok(vec![
        sheet(
            "engagement",
            &columns(&[
                ("ratio_of_sums", Kind::Real),
                ("median_of_ratios", Kind::Real),
                ("videos", Kind::Integer),
                ("of_videos", Kind::Integer),
                ("videos_without_age", Kind::Integer),
                ("side", Kind::Text),
            ]),
            std::iter::once(all).chain(sides),
        )?,
        sheet_of("standing", &STANDING, &benchmark.standing)?,
    ])
}

/// Returns the concentration of plays on creators.
pub(super) fn of_creators(creators: &CreatorsView) -> Result<Sheets<'_>, TableError> {
    let spread = creators.concentration.iter().map(|spread| {
        vec![
            Value::count(creators.creators_count),
            Value::Real(spread.gini),
            Value::Real(spread.top1_share),
            Value::Real(spread.top_decile_share),
            Value::Real(spread.hhi),
        ]
    });
    Ok(vec![sheet(
        "concentration",
        &columns(&[
            ("creators", Kind::Integer),
            ("gini", Kind::Real),
            ("top1_share", Kind::Real),
            ("top_decile_share", Kind::Real),
            ("hhi", Kind::Real),
        ]),
        spread,
    )?])
}

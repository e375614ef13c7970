//! Further tables of answers, besides their rows: sheets of a workbook.

use crate::benchmark::EngagementView;
use crate::tabular::{RECORD, columns, count, real, record};
use crate::{BenchmarkView, CompareView, CreatorsView, HistoryView};
use domain::metrics::Side;
use tables::{Kind, Table, TableError, Value};

/// Tables by the names of their sheets.
type Sheets<'a> = Vec<(&'static str, Table<'a>)>;

fn sheet<'a>(
    name: &'static str,
    of: &[(&'static str, Kind)],
    rows: impl IntoIterator<Item = Vec<Value<'a>>>,
) -> Result<(&'static str, Table<'a>), TableError> {
    let mut table = Table::new(&columns(of))?;
    rows.into_iter().try_for_each(|row| table.push(row))?;
    Ok((name, table))
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
    let overlap = compared.overlap.iter().map(|pair| {
        let mut row = vec![
            Value::text(&*pair.a),
            Value::text(&*pair.b),
            count(pair.videos),
            real(pair.share_of_a),
            real(pair.share_of_b),
        ];
        for side in pair.sides.as_ref().map_or([None; 2], |sides| [Some(&sides.before), Some(&sides.after)]) {
            row.extend([
                count(side.map(|side| side.videos)),
                real(side.and_then(|side| side.share_of_a)),
                real(side.and_then(|side| side.share_of_b)),
            ]);
        }
        row
    });
    Ok(vec![
        sheet("hashtags", &[&RECORD[..], &of_record].concat(), hashtags)?,
        sheet(
            "share_of_voice",
            &[("base", Kind::Text), ("basis", Kind::Text), ("hashtag", Kind::Text), ("share", Kind::Real)],
            shares,
        )?,
        sheet(
            "overlap",
            &[
                ("a", Kind::Text),
                ("b", Kind::Text),
                ("videos", Kind::Integer),
                ("share_of_a", Kind::Real),
                ("share_of_b", Kind::Real),
                ("videos_before", Kind::Integer),
                ("share_of_a_before", Kind::Real),
                ("share_of_b_before", Kind::Real),
                ("videos_after", Kind::Integer),
                ("share_of_a_after", Kind::Real),
                ("share_of_b_after", Kind::Real),
            ],
            overlap,
        )?,
        sheet("videos", &[("videos_unique", Kind::Integer)], [vec![Value::count(compared.videos_unique)]])?,
    ])
}

/// Returns the repairs of the whole series.
pub(super) fn of_history(history: &HistoryView) -> Result<Sheets<'_>, TableError> {
    let repairs = history.repairs.iter();
    let repairs = repairs.map(|repair| vec![Value::text(repair.repair), Value::count(repair.readings)]);
    Ok(vec![sheet("repairs", &[("repair", Kind::Text), ("readings", Kind::Integer)], repairs)?])
}

/// Returns the engagement of all videos, and the rank of the requested value.
pub(super) fn of_benchmark(benchmark: &BenchmarkView) -> Result<Sheets<'_>, TableError> {
    let rates = |rate: &EngagementView, without_age: Option<u64>, side: Option<Side>| {
        vec![
            real(rate.ratio_of_sums),
            real(rate.median_of_ratios),
            Value::count(rate.videos),
            Value::count(rate.of_videos),
            count(without_age),
            side.map_or(Value::Absent, |side| Value::text(side.name())),
        ]
    };
    let all = rates(&benchmark.engagement, Some(benchmark.videos_without_age), None);
    let sides = benchmark.sides.iter().flat_map(|sides| {
        [(&sides.before, Side::Before), (&sides.after, Side::After)]
            .map(|(of, side)| rates(&of.engagement, None, Some(side)))
    });
    let standing = benchmark.standing.iter().map(|standing| {
        vec![
            standing.video_id.as_deref().map_or(Value::Absent, Value::id),
            Value::text(standing.age),
            count(standing.plays),
            real(standing.plays_percentile),
            real(standing.engagement),
            real(standing.engagement_percentile),
        ]
    });
    Ok(vec![
        sheet(
            "engagement",
            &[
                ("ratio_of_sums", Kind::Real),
                ("median_of_ratios", Kind::Real),
                ("videos", Kind::Integer),
                ("of_videos", Kind::Integer),
                ("videos_without_age", Kind::Integer),
                ("side", Kind::Text),
            ],
            std::iter::once(all).chain(sides),
        )?,
        sheet(
            "standing",
            &[
                ("video_id", Kind::Id),
                ("age", Kind::Text),
                ("plays", Kind::Integer),
                ("plays_percentile", Kind::Real),
                ("engagement", Kind::Real),
                ("engagement_percentile", Kind::Real),
            ],
            standing,
        )?,
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
        &[
            ("creators", Kind::Integer),
            ("gini", Kind::Real),
            ("top1_share", Kind::Real),
            ("top_decile_share", Kind::Real),
            ("hhi", Kind::Real),
        ],
        spread,
    )?])
}

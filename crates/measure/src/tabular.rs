//! Answers as rows, for files (CSV, NDJSON, XLSX, Parquet) and terminals. The JSON of an answer has more: a
//! file has what fits rows of one kind.

mod record;

mod related;

pub(super) use record::{RECORD, hashtag_row, record};

use crate::sheets;
use crate::{
    BenchmarkView, CompareView, CreatorsView, HashtagRecord, HistoryView, OutlookView, OverviewView,
    TrendFacts, TrendingView, VideoMeasuredView,
};
use domain::Timestamp;
use domain::metrics::Side;
use std::borrow::Cow;
use tables::{Column, Kind, Table, TableError, Value};

/// An answer that fits rows of one kind.
pub trait Tabular {
    /// Returns the columns, always the same.
    fn columns() -> Vec<Column>;

    /// Returns the rows, each with a value for each column.
    fn rows(&self) -> Vec<Vec<Value<'_>>>;

    /// Returns true if it is empty: a list or a page without a row, or a measurement of a period without data.
    fn is_empty_list(&self) -> bool {
        false
    }

    /// Returns the further tables of the answer, by the names of their sheets. Only workbooks have them.
    fn others(&self) -> Result<Vec<(&'static str, Table<'_>)>, TableError> {
        Ok(Vec::new())
    }

    /// Returns columns and rows as a table.
    fn table(&self) -> Result<Table<'_>, TableError> {
        let mut table = Table::new(&Self::columns())?;
        for row in self.rows() {
            table.push(row)?;
        }
        Ok(table)
    }
}

pub(super) fn columns(of: &[(&'static str, Kind)]) -> Vec<Column> {
    of.iter().map(|(name, kind)| Column::new(name, *kind)).collect()
}

fn text<'a>(text: impl Into<Cow<'a, str>>) -> Value<'a> {
    Value::text(text)
}

fn id(id: Option<&String>) -> Value<'_> {
    id.map_or(Value::Absent, Value::id_of)
}

fn maybe_text(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Absent, Value::text)
}

pub(super) fn count(count: Option<u64>) -> Value<'static> {
    count.map_or(Value::Absent, Value::count)
}

pub(super) fn real(real: Option<f64>) -> Value<'static> {
    real.map_or(Value::Absent, Value::Real)
}

fn time(time: Option<&String>) -> Value<'static> {
    time.and_then(|time| Timestamp::parse(time)).map_or(Value::Absent, Value::Time)
}

const TREND: [(&str, Kind); 14] = [
    ("trend_observed_at", Kind::Time),
    ("gain", Kind::Integer),
    ("span_ms", Kind::Integer),
    ("velocity", Kind::Real),
    ("growth", Kind::Real),
    ("growth_pct_per_hour", Kind::Real),
    ("log_growth", Kind::Real),
    ("doubling_days", Kind::Real),
    ("acceleration", Kind::Real),
    ("momentum", Kind::Real),
    ("zscore", Kind::Real),
    ("breakout", Kind::Flag),
    ("below_resolution", Kind::Flag),
    ("repaired", Kind::Flag),
];

fn trend(trend: Option<&TrendFacts>) -> Vec<Value<'static>> {
    let Some(trend) = trend else { return vec![Value::Absent; TREND.len()] };
    vec![
        time(Some(&trend.observed_at)),
        count(trend.gain),
        trend.span_ms.map_or(Value::Absent, Value::Integer),
        real(trend.velocity),
        real(trend.growth),
        real(trend.growth_pct_per_hour),
        real(trend.log_growth),
        real(trend.doubling_days),
        real(trend.acceleration),
        real(trend.momentum),
        real(trend.zscore),
        trend.breakout.map_or(Value::Absent, Value::Flag),
        Value::Flag(trend.below_resolution),
        Value::Flag(trend.repaired),
    ]
}

const OUTLOOK: [(&str, Kind); 13] = [
    ("pace", Kind::Real),
    ("pace_missing", Kind::Text),
    ("pace_percentile", Kind::Real),
    ("probability_top_tenth", Kind::Real),
    ("surge", Kind::Real),
    ("surge_missing", Kind::Text),
    ("probability_3x", Kind::Real),
    ("probability_2x", Kind::Real),
    ("forecast_until", Kind::Time),
    ("forecast_low", Kind::Integer),
    ("forecast_middle", Kind::Integer),
    ("forecast_high", Kind::Integer),
    ("probabilities_learned_on", Kind::Text),
];

fn outlook(outlook: Option<&OutlookView>) -> Vec<Value<'_>> {
    let Some(outlook) = outlook else { return vec![Value::Absent; OUTLOOK.len()] };
    let (pace, surge, band) = (&outlook.pace, &outlook.surge, outlook.forecast.as_ref());
    vec![
        real(pace.value),
        maybe_text(pace.missing),
        real(pace.percentile),
        real(pace.probability_top_tenth),
        real(surge.value),
        maybe_text(surge.missing),
        real(surge.probability_3x),
        real(surge.probability_2x),
        time(band.map(|band| &band.until)),
        count(band.map(|band| band.low)),
        count(band.map(|band| band.middle)),
        count(band.map(|band| band.high)),
        text(outlook.learned_on.as_str()),
    ]
}

impl Tabular for Vec<HashtagRecord> {
    fn is_empty_list(&self) -> bool {
        self.is_empty()
    }

    fn columns() -> Vec<Column> {
        columns(&RECORD)
    }

    fn rows(&self) -> Vec<Vec<Value<'_>>> {
        self.iter().map(|one| record(one).into()).collect()
    }
}

impl Tabular for OverviewView {
    fn columns() -> Vec<Column> {
        let derived = [
            ("views_per_video", Kind::Real),
            ("views_per_creator", Kind::Real),
            ("readings", Kind::Integer),
            ("lifecycle", Kind::Text),
        ];
        let spans = [
            ("lifecycle_from", Kind::Time),
            ("lifecycle_until", Kind::Time),
            ("lifecycle_before_from", Kind::Time),
            ("lifecycle_change", Kind::Real),
            ("lifecycle_note", Kind::Text),
        ];
        columns(&[&RECORD[..], &TREND, &derived, &OUTLOOK, &spans].concat())
    }

    fn rows(&self) -> Vec<Vec<Value<'_>>> {
        let mut row = Vec::from(record(&self.record));
        row.extend(trend(self.trends.week.as_ref()));
        row.extend([
            real(self.views_per_video),
            real(self.views_per_creator),
            Value::count(self.readings),
            maybe_text(self.lifecycle.as_ref().map(|life| life.stage)),
        ]);
        row.extend(outlook(self.outlook.as_ref()));
        let life = self.lifecycle.as_ref();
        row.extend([
            time(life.map(|life| &life.from)),
            time(life.map(|life| &life.until)),
            time(life.and_then(|life| life.before_from.as_ref())),
            real(life.and_then(|life| life.change)),
            maybe_text(life.and_then(|life| life.note)),
        ]);
        vec![row]
    }
}

impl Tabular for Vec<TrendingView> {
    fn is_empty_list(&self) -> bool {
        self.is_empty()
    }

    fn columns() -> Vec<Column> {
        let score = [("window", Kind::Text), ("emerging", Kind::Real), ("size_band", Kind::Text)];
        columns(&[&RECORD[..], &TREND, &score, &OUTLOOK].concat())
    }

    fn rows(&self) -> Vec<Vec<Value<'_>>> {
        let rows = self.iter().map(|one| {
            let mut row = Vec::from(record(&one.hashtag));
            row.extend(trend(Some(&one.trend)));
            row.push(text(one.window));
            row.push(real(one.emerging.as_ref().and_then(|placed| placed.score)));
            row.push(maybe_text(one.emerging.as_ref().map(|score| score.size_band)));
            row.extend(outlook(one.outlook.as_ref()));
            row
        });
        rows.collect()
    }
}

impl Tabular for HistoryView {
    fn is_empty_list(&self) -> bool {
        self.points.is_empty()
    }

    fn columns() -> Vec<Column> {
        columns(&[
            ("hashtag_id", Kind::Id),
            ("hashtag", Kind::Text),
            ("metric", Kind::Text),
            ("at", Kind::Time),
            ("read_at", Kind::Time),
            ("value", Kind::Integer),
            ("observed", Kind::Integer),
            ("rounded", Kind::Flag),
            ("step", Kind::Integer),
            ("source", Kind::Text),
            ("repair", Kind::Text),
            ("gap_ms", Kind::Integer),
            ("span_ms", Kind::Integer),
            ("below_resolution", Kind::Flag),
        ])
    }

    fn rows(&self) -> Vec<Vec<Value<'_>>> {
        let integer = |number: Option<i64>| number.map_or(Value::Absent, Value::Integer);
        let row = |point: &super::PointView| {
            vec![
                id(self.hashtag_id.as_ref()),
                text(&self.hashtag),
                text(self.metric),
                time(Some(&point.at)),
                time(Some(&point.read_at)),
                count(point.value),
                Value::count(point.observed),
                Value::Flag(point.rounded),
                Value::count(point.step),
                text(point.source),
                maybe_text(point.repair),
                integer(point.gap_ms),
                integer(point.span_ms),
                Value::Flag(point.below_resolution),
            ]
        };
        self.points.iter().map(row).collect()
    }

    fn others(&self) -> Result<Vec<(&'static str, Table<'_>)>, TableError> {
        sheets::of_history(self)
    }
}

/// Returns the row of a video.
pub(super) fn video_row(video: &VideoMeasuredView) -> [Value<'_>; 16] {
    [
        Value::id_of(&video.id),
        text(&video.title),
        time(video.created_at.as_ref()),
        maybe_text(video.region.as_deref()),
        id(video.creator_id.as_ref()),
        maybe_text(video.creator.as_deref()),
        time(video.observed_at.as_ref()),
        count(video.plays),
        count(video.likes),
        count(video.comments),
        count(video.shares),
        count(video.saves),
        real(video.engagement),
        real(video.velocity),
        Value::Flag(video.rounded),
        text(video.hashtags.join(" ")),
    ]
}

impl Tabular for Vec<VideoMeasuredView> {
    fn is_empty_list(&self) -> bool {
        self.is_empty()
    }

    fn columns() -> Vec<Column> {
        columns(&[
            ("id", Kind::Id),
            ("title", Kind::Text),
            ("created_at", Kind::Time),
            ("region", Kind::Text),
            ("creator_id", Kind::Id),
            ("creator", Kind::Text),
            ("observed_at", Kind::Time),
            ("plays", Kind::Integer),
            ("likes", Kind::Integer),
            ("comments", Kind::Integer),
            ("shares", Kind::Integer),
            ("saves", Kind::Integer),
            ("engagement", Kind::Real),
            ("velocity", Kind::Real),
            ("rounded", Kind::Flag),
            ("hashtags", Kind::Text),
        ])
    }

    fn rows(&self) -> Vec<Vec<Value<'_>>> {
        self.iter().map(|video| video_row(video).into()).collect()
    }
}

impl Tabular for BenchmarkView {
    fn is_empty_list(&self) -> bool {
        self.bands.iter().all(|band| band.videos == 0)
    }

    fn columns() -> Vec<Column> {
        let plays = ["plays_p10", "plays_p25", "plays_p50", "plays_p75", "plays_p90", "plays_p99"];
        let rates = [
            "engagement_p10",
            "engagement_p25",
            "engagement_p50",
            "engagement_p75",
            "engagement_p90",
            "engagement_p99",
        ];
        let mut all = vec![("hashtag", Kind::Text), ("age", Kind::Text), ("videos", Kind::Integer)];
        all.extend(plays.into_iter().map(|name| (name, Kind::Integer)));
        all.extend(rates.into_iter().map(|name| (name, Kind::Real)));
        // `side` is that of the limit of five hashtags, and absent for all posts together.
        all.extend([("basis", Kind::Text), ("observed_at", Kind::Time), ("side", Kind::Text)]);
        columns(&all)
    }

    fn rows(&self) -> Vec<Vec<Value<'_>>> {
        let numbers = |p: Option<&super::benchmark::PercentilesView>| match p {
            Some(p) => [p.p10, p.p25, p.p50, p.p75, p.p90, p.p99].map(Value::Real),
            None => [const { Value::Absent }; 6],
        };
        let row = |side: Option<&'static str>, band: &super::benchmark::BandView| {
            let mut row = vec![text(&self.hashtag), text(band.age), Value::count(band.videos)];
            row.extend(match &band.plays {
                Some(p) => [p.p10, p.p25, p.p50, p.p75, p.p90, p.p99].map(Value::count),
                None => [const { Value::Absent }; 6],
            });
            row.extend(numbers(band.engagement.as_ref()));
            row.extend([text(self.basis), time(self.observed_at.as_ref()), maybe_text(side)]);
            row
        };
        let sides = self.sides.iter().flat_map(|sides| {
            let before = sides.before.bands.iter().map(|band| (Some(Side::Before.name()), band));
            before.chain(sides.after.bands.iter().map(|band| (Some(Side::After.name()), band)))
        });
        self.bands.iter().map(|band| (None, band)).chain(sides).map(|(side, band)| row(side, band)).collect()
    }

    fn others(&self) -> Result<Vec<(&'static str, Table<'_>)>, TableError> {
        sheets::of_benchmark(self)
    }
}

impl Tabular for CreatorsView {
    fn is_empty_list(&self) -> bool {
        self.creators.is_empty()
    }

    fn columns() -> Vec<Column> {
        columns(&[
            ("id", Kind::Id),
            ("unique_id", Kind::Text),
            ("nickname", Kind::Text),
            ("videos", Kind::Integer),
            ("plays", Kind::Integer),
            ("plays_share", Kind::Real),
            ("videos_share", Kind::Real),
            ("by_handle", Kind::Flag),
            ("basis", Kind::Text),
            ("observed_at", Kind::Time),
        ])
    }

    fn rows(&self) -> Vec<Vec<Value<'_>>> {
        let rows = self.creators.iter().map(|creator| {
            vec![
                id(creator.id.as_ref()),
                maybe_text(creator.unique_id.as_deref()),
                maybe_text(creator.nickname.as_deref()),
                Value::count(creator.videos),
                count(creator.plays),
                real(creator.plays_share),
                real(creator.videos_share),
                Value::Flag(creator.by_handle),
                text(self.basis),
                time(self.observed_at.as_ref()),
            ]
        });
        rows.collect()
    }

    fn others(&self) -> Result<Vec<(&'static str, Table<'_>)>, TableError> {
        sheets::of_creators(self)
    }
}

/// The rows of all series, one series after the other.
impl Tabular for CompareView {
    fn is_empty_list(&self) -> bool {
        self.is_empty
    }

    fn columns() -> Vec<Column> {
        let mut all = HistoryView::columns();
        all.push(Column::new("indexed", Kind::Real));
        all
    }

    fn rows(&self) -> Vec<Vec<Value<'_>>> {
        let mut rows = Vec::new();
        for one in &self.hashtags {
            let indexed = one.indexed.as_deref().unwrap_or_default();
            for (place, mut row) in one.series.rows().into_iter().enumerate() {
                row.push(real(indexed.get(place).and_then(|point| point.value)));
                rows.push(row);
            }
        }
        rows
    }

    fn others(&self) -> Result<Vec<(&'static str, Table<'_>)>, TableError> {
        sheets::of_compare(self)
    }
}

#[cfg(test)]
mod tests;

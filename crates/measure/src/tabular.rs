//! Answers as rows, for files (CSV, NDJSON, XLSX, Parquet) and terminals. The JSON of an answer has more: a
//! file has what fits rows of one kind.

mod record;

mod related;

pub(super) use record::{RECORD, hashtag_row, record};

use crate::sheets;
use crate::{
    BenchmarkView, CompareView, CreatorView, CreatorsView, HashtagRecord, HistoryView, LifecycleView,
    OutlookView, OverviewView, PointView, TrendFacts, TrendingView, VideoMeasuredView,
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

/// A column of rows: its name, its kind and its value in a row.
pub(super) type Field<T> = (&'static str, Kind, fn(&T) -> Value<'_>);

pub(super) fn columns_of<T>(fields: &[Field<T>]) -> Vec<Column> {
    fields.iter().map(|(name, kind, _)| Column::new(name, *kind)).collect()
}

/// Returns the values of a row, or of a part of one.
pub(super) fn values<'a, T>(fields: &[Field<T>], of: &'a T) -> Vec<Value<'a>> {
    fields.iter().map(|(_, _, value)| value(of)).collect()
}

/// Returns the values of a part of a row that may be absent.
fn maybe_values<'a, T>(fields: &[Field<T>], of: Option<&'a T>) -> Vec<Value<'a>> {
    of.map_or_else(|| vec![Value::Absent; fields.len()], |of| values(fields, of))
}

/// A row of a list.
pub(super) trait Row {
    /// Returns the columns, always the same.
    fn columns() -> Vec<Column>;

    /// Returns a value for each column.
    fn values(&self) -> Vec<Value<'_>>;
}

impl<T: Row> Tabular for Vec<T> {
    fn columns() -> Vec<Column> {
        T::columns()
    }

    fn rows(&self) -> Vec<Vec<Value<'_>>> {
        self.iter().map(Row::values).collect()
    }

    fn is_empty_list(&self) -> bool {
        self.is_empty()
    }
}

pub(super) fn columns(of: &[(&'static str, Kind)]) -> Vec<Column> {
    of.iter().map(|(name, kind)| Column::new(name, *kind)).collect()
}

pub(super) fn text<'a>(text: impl Into<Cow<'a, str>>) -> Value<'a> {
    Value::text(text)
}

fn id(id: Option<&String>) -> Value<'_> {
    id.map_or(Value::Absent, Value::id_of)
}

pub(super) fn maybe_text(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Absent, Value::text)
}

pub(super) fn count(count: Option<u64>) -> Value<'static> {
    count.map_or(Value::Absent, Value::count)
}

fn integer(integer: Option<i64>) -> Value<'static> {
    integer.map_or(Value::Absent, Value::Integer)
}

pub(super) fn real(real: Option<f64>) -> Value<'static> {
    real.map_or(Value::Absent, Value::Real)
}

fn time(time: Option<Timestamp>) -> Value<'static> {
    time.map_or(Value::Absent, Value::Time)
}

const TREND: [Field<TrendFacts>; 14] = [
    ("trend_observed_at", Kind::Time, |trend| time(Some(trend.observed_at))),
    ("gain", Kind::Integer, |trend| count(trend.gain)),
    ("span_ms", Kind::Integer, |trend| integer(trend.span_ms)),
    ("velocity", Kind::Real, |trend| real(trend.velocity)),
    ("growth", Kind::Real, |trend| real(trend.growth)),
    ("growth_pct_per_hour", Kind::Real, |trend| real(trend.growth_pct_per_hour)),
    ("log_growth", Kind::Real, |trend| real(trend.log_growth)),
    ("doubling_days", Kind::Real, |trend| real(trend.doubling_days)),
    ("acceleration", Kind::Real, |trend| real(trend.acceleration)),
    ("momentum", Kind::Real, |trend| real(trend.momentum)),
    ("zscore", Kind::Real, |trend| real(trend.zscore)),
    ("breakout", Kind::Flag, |trend| trend.breakout.map_or(Value::Absent, Value::Flag)),
    ("below_resolution", Kind::Flag, |trend| Value::Flag(trend.below_resolution)),
    ("repaired", Kind::Flag, |trend| Value::Flag(trend.repaired)),
];

const OUTLOOK: [Field<OutlookView>; 13] = [
    ("pace", Kind::Real, |outlook| real(outlook.pace.value)),
    ("pace_missing", Kind::Text, |outlook| maybe_text(outlook.pace.missing)),
    ("pace_percentile", Kind::Real, |outlook| real(outlook.pace.percentile)),
    ("probability_top_tenth", Kind::Real, |outlook| real(outlook.pace.probability_top_tenth)),
    ("surge", Kind::Real, |outlook| real(outlook.surge.value)),
    ("surge_missing", Kind::Text, |outlook| maybe_text(outlook.surge.missing)),
    ("probability_3x", Kind::Real, |outlook| real(outlook.surge.probability_3x)),
    ("probability_2x", Kind::Real, |outlook| real(outlook.surge.probability_2x)),
    ("forecast_until", Kind::Time, |outlook| time(outlook.forecast.as_ref().map(|band| band.until))),
    ("forecast_low", Kind::Integer, |outlook| count(outlook.forecast.as_ref().map(|band| band.low))),
    ("forecast_middle", Kind::Integer, |outlook| count(outlook.forecast.as_ref().map(|band| band.middle))),
    ("forecast_high", Kind::Integer, |outlook| count(outlook.forecast.as_ref().map(|band| band.high))),
    ("probabilities_learned_on", Kind::Text, |outlook| text(outlook.learned_on.as_str())),
];

impl Row for HashtagRecord {
    fn columns() -> Vec<Column> {
        columns(&RECORD)
    }

    fn values(&self) -> Vec<Value<'_>> {
        record(self).into()
    }
}

const DERIVED: [Field<OverviewView>; 4] = [
    ("views_per_video", Kind::Real, |one| real(one.views_per_video)),
    ("views_per_creator", Kind::Real, |one| real(one.views_per_creator)),
    ("readings", Kind::Integer, |one| Value::count(one.readings)),
    ("lifecycle", Kind::Text, |one| maybe_text(one.lifecycle.as_ref().map(|life| life.stage))),
];

const LIFECYCLE: [Field<LifecycleView>; 5] = [
    ("lifecycle_from", Kind::Time, |life| time(Some(life.from))),
    ("lifecycle_until", Kind::Time, |life| time(Some(life.until))),
    ("lifecycle_before_from", Kind::Time, |life| time(life.before_from)),
    ("lifecycle_change", Kind::Real, |life| real(life.change)),
    ("lifecycle_note", Kind::Text, |life| maybe_text(life.note)),
];

impl Tabular for OverviewView {
    fn columns() -> Vec<Column> {
        let of_trend =
            [columns_of(&TREND), columns_of(&DERIVED), columns_of(&OUTLOOK), columns_of(&LIFECYCLE)];
        [columns(&RECORD), of_trend.concat()].concat()
    }

    fn rows(&self) -> Vec<Vec<Value<'_>>> {
        let parts = [
            record(&self.record).into(),
            maybe_values(&TREND, self.trends.week.as_ref()),
            values(&DERIVED, self),
            maybe_values(&OUTLOOK, self.outlook.as_ref()),
            maybe_values(&LIFECYCLE, self.lifecycle.as_ref()),
        ];
        vec![parts.concat()]
    }
}

const SCORE: [Field<TrendingView>; 3] = [
    ("window", Kind::Text, |one| text(one.window)),
    ("emerging", Kind::Real, |one| real(one.emerging.as_ref().and_then(|placed| placed.score))),
    ("size_band", Kind::Text, |one| maybe_text(one.emerging.as_ref().map(|placed| placed.size_band))),
];

impl Row for TrendingView {
    fn columns() -> Vec<Column> {
        [columns(&RECORD), columns_of(&TREND), columns_of(&SCORE), columns_of(&OUTLOOK)].concat()
    }

    fn values(&self) -> Vec<Value<'_>> {
        let outlook = maybe_values(&OUTLOOK, self.outlook.as_ref());
        [record(&self.hashtag).into(), values(&TREND, &self.trend), values(&SCORE, self), outlook].concat()
    }
}

const HISTORY: [Field<HistoryView>; 3] = [
    ("hashtag_id", Kind::Id, |history| id(history.hashtag_id.as_ref())),
    ("hashtag", Kind::Text, |history| text(&history.hashtag)),
    ("metric", Kind::Text, |history| text(history.metric)),
];

const POINT: [Field<PointView>; 12] = [
    ("at", Kind::Time, |point| time(Some(point.at))),
    ("read_at", Kind::Time, |point| time(Some(point.read_at))),
    ("value", Kind::Integer, |point| count(point.value)),
    ("observed", Kind::Integer, |point| Value::count(point.observed)),
    ("rounded", Kind::Flag, |point| Value::Flag(point.rounded)),
    ("step", Kind::Integer, |point| Value::count(point.step)),
    ("source", Kind::Text, |point| text(point.source)),
    ("repair", Kind::Text, |point| maybe_text(point.repair)),
    ("gap_ms", Kind::Integer, |point| integer(point.gap_ms)),
    ("span_ms", Kind::Integer, |point| integer(point.span_ms)),
    ("below_resolution", Kind::Flag, |point| Value::Flag(point.below_resolution)),
    ("date", Kind::Text, |point| maybe_text(point.date.as_deref())),
];

impl Tabular for HistoryView {
    fn is_empty_list(&self) -> bool {
        self.points.is_empty()
    }

    fn columns() -> Vec<Column> {
        [columns_of(&HISTORY), columns_of(&POINT)].concat()
    }

    fn rows(&self) -> Vec<Vec<Value<'_>>> {
        self.points.iter().map(|point| [values(&HISTORY, self), values(&POINT, point)].concat()).collect()
    }

    fn others(&self) -> Result<Vec<(&'static str, Table<'_>)>, TableError> {
        sheets::of_history(self)
    }
}

const VIDEO: [Field<VideoMeasuredView>; 16] = [
    ("id", Kind::Id, |video| Value::id_of(&video.id)),
    ("title", Kind::Text, |video| text(&video.title)),
    ("created_at", Kind::Time, |video| time(video.created_at)),
    ("region", Kind::Text, |video| maybe_text(video.region.as_deref())),
    ("creator_id", Kind::Id, |video| id(video.creator_id.as_ref())),
    ("creator", Kind::Text, |video| maybe_text(video.creator.as_deref())),
    ("observed_at", Kind::Time, |video| time(video.observed_at)),
    ("plays", Kind::Integer, |video| count(video.plays)),
    ("likes", Kind::Integer, |video| count(video.likes)),
    ("comments", Kind::Integer, |video| count(video.comments)),
    ("shares", Kind::Integer, |video| count(video.shares)),
    ("saves", Kind::Integer, |video| count(video.saves)),
    ("engagement", Kind::Real, |video| real(video.engagement)),
    ("velocity", Kind::Real, |video| real(video.velocity)),
    ("rounded", Kind::Flag, |video| Value::Flag(video.rounded)),
    ("hashtags", Kind::Text, |video| text(video.hashtags.join(" "))),
];

/// Returns the row of a video.
pub(super) fn video_row(video: &VideoMeasuredView) -> [Value<'_>; VIDEO.len()] {
    VIDEO.map(|(_, _, value)| value(video))
}

impl Row for VideoMeasuredView {
    fn columns() -> Vec<Column> {
        columns_of(&VIDEO)
    }

    fn values(&self) -> Vec<Value<'_>> {
        video_row(self).into()
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
            row.extend([text(self.basis), time(self.observed_at), maybe_text(side)]);
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

const CREATOR: [Field<CreatorView>; 8] = [
    ("id", Kind::Id, |creator| id(creator.id.as_ref())),
    ("unique_id", Kind::Text, |creator| maybe_text(creator.unique_id.as_deref())),
    ("nickname", Kind::Text, |creator| maybe_text(creator.nickname.as_deref())),
    ("videos", Kind::Integer, |creator| Value::count(creator.videos)),
    ("plays", Kind::Integer, |creator| count(creator.plays)),
    ("plays_share", Kind::Real, |creator| real(creator.plays_share)),
    ("videos_share", Kind::Real, |creator| real(creator.videos_share)),
    ("by_handle", Kind::Flag, |creator| Value::Flag(creator.by_handle)),
];

const CREATORS: [Field<CreatorsView>; 2] = [
    ("basis", Kind::Text, |creators| text(creators.basis)),
    ("observed_at", Kind::Time, |creators| time(creators.observed_at)),
];

impl Tabular for CreatorsView {
    fn is_empty_list(&self) -> bool {
        self.creators.is_empty()
    }

    fn columns() -> Vec<Column> {
        [columns_of(&CREATOR), columns_of(&CREATORS)].concat()
    }

    fn rows(&self) -> Vec<Vec<Value<'_>>> {
        self.creators.iter().map(|one| [values(&CREATOR, one), values(&CREATORS, self)].concat()).collect()
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

//! Overview of a hashtag, and lists of hashtags by keyword.

use crate::Measure;
use crate::outlook::are_enough;
use crate::parameters::{HashtagSortName, KeywordText, MinimumNumber, Number, by, keyword, one_of};
use crate::series::HashtagSeries;
use crate::trending::{EmergingView, size_band};
use crate::trends::{CONCENTRATION_VIDEOS_MAX, number_of, trend_input};
use crate::{HashtagRecord, LIMIT_MAX, MeasureError, Measured, Meta, OutlookView, Place, TrendFacts};
use catalog::HashtagRef;
use clap::Args;
use domain::caveat::Caveat;
use domain::metrics::emerging::{Component, emerging};
use domain::metrics::lifecycle::{Contrast, Lifecycle, lifecycle};
use domain::metrics::{Outlook, TrendWindow, Weights, outlook, trend};
use domain::{Hashtag, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use store::trends::TrendSort;
use strum::{Display, IntoStaticStr, VariantArray};
use utoipa::{IntoParams, ToSchema};

/// Most matches of a keyword that are sorted by another order.
const CANDIDATES_MAX: u32 = 1_000;

/// A hashtag and the numbers derived from it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HashtagOverview)]
pub struct OverviewView {
    /// Its record.
    #[serde(flatten)]
    pub record: HashtagRecord,
    /// Views per video; `null` if one of them is unknown, or they are not on one basis.
    pub views_per_video: Option<f64>,
    /// Views per creator.
    pub views_per_creator: Option<f64>,
    /// Band of views that it is in.
    pub size_band: Option<&'static str>,
    /// Number of readings of its views.
    pub readings: u64,
    /// Trends by window: `24h`, `7d`, `30d`. `null` without two readings.
    pub trends: TrendsView,
    /// Stage of its life cycle; `null` if its series is too short.
    pub lifecycle: Option<LifecycleView>,
    /// Outlook for the 7 days after the newest reading; `null` without a reading of its views.
    pub outlook: Option<OutlookView>,
    /// Rank among all hashtags, by component; `null` if none has a trend.
    pub emerging: Option<EmergingView>,
}

/// Trends of a hashtag, by window.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = Trends)]
pub struct TrendsView {
    /// Over a day.
    #[serde(rename = "24h")]
    pub day: Option<TrendFacts>,
    /// Over a week.
    #[serde(rename = "7d")]
    pub week: Option<TrendFacts>,
    /// Over 30 days.
    #[serde(rename = "30d")]
    pub month: Option<TrendFacts>,
}

/// Life cycle stage of a hashtag.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Lifecycle)]
pub struct LifecycleView {
    /// `emerging`, `rising`, `peaking`, `plateau`, `declining`, `dormant` or `revived`.
    #[schema(example = "rising")]
    pub stage: &'static str,
    /// Start of the newest week: the stage is that of the time from here to `until`.
    pub from: Timestamp,
    /// End of that week: the time of the newest reading.
    pub until: Timestamp,
    /// Start of the weeks before `from`, four at most, that it is compared with; `null` if there is none.
    pub before_from: Option<Timestamp>,
    /// Views per day in the newest week.
    pub velocity: f64,
    /// Its change against the median of the weeks before, as a share of that; `null` without such weeks.
    #[schema(example = -0.25)]
    pub change: Option<f64>,
    /// Views per day at the peak.
    pub peak_velocity: f64,
    /// Time of the peak.
    pub peak_at: Timestamp,
    /// velocity / peak_velocity.
    pub share_of_peak: f64,
    /// Days after the peak until the velocity had halved; `null` while it has not.
    pub half_life_days: Option<f64>,
    /// Days since it was first seen.
    pub age_days: Option<f64>,
    /// Explains a stage that seems to contradict the pace or the surge: a stage compares the newest week of a
    /// hashtag with its own past, pace compares 7 to 28 days with other hashtags. `null` if they agree.
    pub note: Option<&'static str>,
}

impl LifecycleView {
    fn of(life: &Lifecycle, percentile: Option<f64>, outlook: Option<&Outlook>) -> Self {
        let is_breakout = outlook.and_then(Outlook::is_breakout);
        Self {
            stage: life.stage.name(),
            from: life.from,
            until: life.as_of,
            before_from: life.before_from,
            velocity: life.velocity,
            change: life.change,
            peak_velocity: life.peak_velocity,
            peak_at: life.peak_at,
            share_of_peak: life.share_of_peak,
            half_life_days: life.half_life_days,
            age_days: life.age_days,
            note: Contrast::of(life.stage, percentile, is_breakout).map(Contrast::text),
        }
    }
}

/// The order of a list of hashtags.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, Display, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum HashtagSort {
    /// The exact name first, then by match and reach.
    #[default]
    Match,
    /// Most views first.
    Views,
    /// Most creators first.
    Creators,
    /// Most views per day first.
    Velocity,
    /// Fastest growth first.
    Growth,
    /// Highest pace first.
    Emerging,
}

impl HashtagSort {
    /// Returns its name in requests.
    pub fn name(self) -> &'static str {
        self.into()
    }

    const fn trend(self) -> Option<TrendSort> {
        match self {
            Self::Velocity => Some(TrendSort::Velocity),
            Self::Growth => Some(TrendSort::Growth),
            Self::Emerging => Some(TrendSort::Emerging),
            Self::Match | Self::Views | Self::Creators => None,
        }
    }
}

/// Question: hashtags by keyword.
#[derive(Debug, Clone, PartialEq, Deserialize, IntoParams, Args)]
#[into_params(parameter_in = Query)]
pub struct HashtagsQuery {
    /// Keyword that the name contains; `#` and spaces are ignored.
    #[arg(value_name = "KEYWORD", value_parser = keyword)]
    #[serde(deserialize_with = "by::keyword")]
    #[param(inline, value_type = KeywordText, example = "cat")]
    pub query: String,
    /// Order of the rows: `match` puts the exact name first; the others order the first thousand matches.
    #[arg(long, default_value_t, value_parser = one_of::<HashtagSort>())]
    #[serde(default)]
    #[param(inline, value_type = HashtagSortName, required = false)]
    pub sort: HashtagSort,
    /// Only hashtags with at least this many views.
    #[arg(long, value_name = "N", default_value_t)]
    #[serde(default)]
    #[param(inline, value_type = MinimumNumber, required = false)]
    pub min_views: Number,
    /// Rows per page at most.
    #[arg(skip)]
    #[serde(skip)]
    #[param(ignore)]
    pub limit: u32,
    /// The row that the page follows.
    #[arg(skip)]
    #[serde(skip)]
    #[param(ignore)]
    pub after: Option<Place>,
}

impl HashtagsQuery {
    /// Returns the metadata of an answer with these hashtags.
    pub fn meta(&self, hashtags: &[Hashtag]) -> Meta {
        let newest = hashtags.iter().filter_map(Hashtag::reported_at).max();
        let mut meta = Meta { observed_at: newest, ..Meta::default() };
        meta.say_as_read(hashtags);
        if self.sort != HashtagSort::Match || self.min_views.get() > 0 {
            meta.say(Caveat::FirstCandidates);
        }
        meta
    }
}

impl Measure {
    /// Returns the hashtag that a text names.
    pub async fn measured_hashtag(&self, text: &str) -> Result<Hashtag, MeasureError> {
        HashtagRef::candidates(text).map_err(|why| MeasureError::Name(text.to_owned(), why))?;
        let found = self.inner.catalog.find(text).await?;
        self.known(found.ok_or_else(|| MeasureError::NotFound(text.to_owned()))?).await
    }

    /// Returns the overview of a hashtag.
    pub async fn overview(&self, hashtag: &Hashtag) -> Result<Measured<OverviewView>, MeasureError> {
        let series = self.series(hashtag.row).await?;
        // It is not computed for more videos, so they need not be read.
        let concentration = match hashtag.observed.videos > u64::from(CONCENTRATION_VIDEOS_MAX) {
            true => None,
            false => self.plays_concentration(hashtag).await?,
        };
        // What is known of all hashtags together is known of the present alone.
        let is_now = self.as_of().is_none();
        let has_trends = !is_now || self.has_trends().await?;
        let newest = if is_now { self.inner.store.trend_state().await?.newest_at } else { None };
        let outlook = outlook(&series.views, None)
            .map(|outlook| newest.map_or(outlook, |newest| outlook.seen_at(newest)));
        let input = trend_input(&series, concentration, outlook);
        let facts = |window| trend(&input, window, None).map(|trend| TrendFacts::of(&trend, series.sources));
        let week = trend(&input, TrendWindow::Week, None);
        let peers = match week {
            Some(_) if is_now => self.peers(TrendWindow::Week).await?,
            _ => None,
        };
        let placed = week.zip(peers).map(|(week, peers)| emerging(&week, &peers, &Weights::default()));
        let odds = self.odds().await?;
        let placed_views = week.map_or(0, |week| week.views);
        let percentile = placed.filter(are_enough).and_then(|it| it.part(Component::Pace).percentile);
        let data = OverviewView {
            record: HashtagRecord::of(hashtag),
            views_per_video: per(hashtag, |h| h.reported.videos, |h| h.observed.videos),
            views_per_creator: per(hashtag, |h| h.reported.creators, |h| h.observed.creators),
            size_band: size_band(hashtag),
            readings: series.readings,
            trends: TrendsView {
                day: facts(TrendWindow::Day),
                week: facts(TrendWindow::Week),
                month: facts(TrendWindow::Month),
            },
            lifecycle: lifecycle(&input, None)
                .map(|life| LifecycleView::of(&life, percentile, outlook.as_ref())),
            outlook: outlook.map(|outlook| OutlookView::of(&outlook, placed.as_ref(), &odds)),
            emerging: placed.map(|placed| EmergingView::of(&placed, TrendWindow::Week, placed_views, false)),
        };
        let mut meta = overview_meta(hashtag, &series);
        if outlook.is_some_and(|outlook| self.is_past(outlook.as_of)) {
            meta.say(Caveat::OutlookPast);
        }
        if !has_trends {
            meta.say(Caveat::TrendsPending);
        }
        if !is_now {
            meta.as_of = self.as_of();
            meta.say(Caveat::WithoutRanks);
        }
        Ok(Measured { data, meta, next: None })
    }

    /// Returns a page of the hashtags that match a keyword.
    pub async fn hashtags(
        &self,
        query: &HashtagsQuery,
    ) -> Result<Measured<Vec<HashtagRecord>>, MeasureError> {
        let (hashtags, next) = self.matching(query).await?;
        let data = hashtags.iter().map(HashtagRecord::of).collect();
        Ok(Measured { data, meta: query.meta(&hashtags), next })
    }

    /// Returns a page of the hashtags that match a keyword as they are stored, and the start of the next page.
    pub async fn matching(
        &self,
        query: &HashtagsQuery,
    ) -> Result<(Vec<Hashtag>, Option<Place>), MeasureError> {
        let limit = query.limit.clamp(1, LIMIT_MAX);
        match query.sort {
            HashtagSort::Match if query.min_views.get() == 0 => self.by_match(query, limit).await,
            _ => self.by_value(query, limit).await,
        }
    }

    async fn by_match(
        &self,
        query: &HashtagsQuery,
        limit: u32,
    ) -> Result<(Vec<Hashtag>, Option<Place>), MeasureError> {
        let offset = query.after.map_or(0, |place| place.number);
        let found = self
            .inner
            .catalog
            .search(&query.query, offset, limit)
            .await
            .map_err(|error| no_keyword(error, query))?;
        let next = found.has_more.then_some(Place { value: 0.0, number: found.next_offset });
        Ok((found.hashtags, next))
    }

    /// Sorts the first matches of the keyword by another order.
    async fn by_value(
        &self,
        query: &HashtagsQuery,
        limit: u32,
    ) -> Result<(Vec<Hashtag>, Option<Place>), MeasureError> {
        let found = self
            .inner
            .catalog
            .search(&query.query, 0, CANDIDATES_MAX)
            .await
            .map_err(|error| no_keyword(error, query))?;
        let mut hashtags = found.hashtags;
        hashtags.retain(|h| {
            query.min_views.get() == 0 || h.views().is_some_and(|v| v.value >= query.min_views.get())
        });
        if query.sort != HashtagSort::Match {
            let values = self.values_of(&hashtags, query.sort).await?;
            let value = |hashtag: &Hashtag| values.get(&hashtag.row).copied();
            hashtags.retain(|hashtag| value(hashtag).is_some());
            hashtags.sort_by(|a, b| {
                let of = |hashtag| value(hashtag).unwrap_or(f64::NEG_INFINITY);
                of(b).total_cmp(&of(a)).then_with(|| a.row.cmp(&b.row))
            });
        }
        let first = query.after.map_or(0, |place| usize::try_from(place.number).unwrap_or(usize::MAX));
        let reached = first.saturating_add(limit as usize);
        let has_more = hashtags.len() > reached;
        let page = hashtags.into_iter().skip(first).take(limit as usize).collect();
        Ok((page, has_more.then_some(Place { value: 0.0, number: reached as u64 })))
    }

    /// Returns the known values that hashtags are ordered by.
    async fn values_of(
        &self,
        hashtags: &[Hashtag],
        sort: HashtagSort,
    ) -> Result<HashMap<domain::HashtagRow, f64>, MeasureError> {
        let total = |hashtag: &Hashtag| match sort {
            HashtagSort::Creators => hashtag.creators(),
            _ => hashtag.views(),
        };
        let Some(trend) = sort.trend() else {
            let known = |h: &Hashtag| Some((h.row, super::creators::as_real(total(h)?.value)));
            return Ok(hashtags.iter().filter_map(known).collect());
        };
        if !self.has_trends().await? {
            return Err(MeasureError::TrendsPending);
        }
        let rows: Vec<_> = hashtags.iter().map(|hashtag| hashtag.row).collect();
        let column = trend.column();
        let trends = self.inner.store.trends_of(&rows).await?;
        let week = trends.iter().filter(|row| row.window == number_of(TrendWindow::Week));
        Ok(week.filter_map(|row| Some((row.hashtag, row.values[column]?))).collect())
    }
}

/// Returns views per another total, both on one basis: reported if possible.
fn per(
    hashtag: &Hashtag,
    reported: fn(&Hashtag) -> Option<domain::Count>,
    observed: fn(&Hashtag) -> u64,
) -> Option<f64> {
    use super::creators::share;
    match (hashtag.reported.views, reported(hashtag)) {
        (Some(views), Some(other)) => share(views.value(), other.value()),
        _ => share(hashtag.observed.views?, observed(hashtag)),
    }
}

fn overview_meta(hashtag: &Hashtag, series: &HashtagSeries) -> Meta {
    let mut meta =
        Meta::of(series.sources.union(hashtag.observed.sources), series.last_at.max(hashtag.reported_at()));
    meta.basis = hashtag.views().map(|views| views.basis.name());
    if hashtag.observed.videos > 0 {
        meta = meta.sampled(hashtag.observed.videos, hashtag);
    }
    if hashtag.views().is_some_and(|views| views.rounded) {
        meta.say(Caveat::Rounded);
    }
    meta.say_as_read([hashtag]);
    meta
}

fn no_keyword(error: catalog::CatalogError, query: &HashtagsQuery) -> MeasureError {
    match error {
        catalog::CatalogError::Name(why) => {
            MeasureError::parameter("query", format!("{:?} cannot be searched for: {why}", query.query))
        }
        error => error.into(),
    }
}

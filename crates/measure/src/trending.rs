//! Trending hashtags, read in order from the stored trends.

use crate::Measure;
use crate::outlook::{seen, shown_percentile};
use crate::parameters::{
    MinimumNumber, Number, OptionalTagText, TrendSortName, TrendWindowName, WeightsText, by, keyword, one_of,
};
use crate::trend_codec::SourcedTrend;
use crate::trends::{band_name, decoded, number_of, recent_since};
use crate::{
    DataPeriod, HashtagRecord, LIMIT_MAX, MeasureError, Measured, Meta, OutlookView, Place, TrendFacts,
};
use clap::Args;
use domain::caveat::Caveat;
use domain::metrics::emerging::{Component, Emerging, emerging};
use domain::metrics::outlook::READING_AGE_DAYS_MAX;
use domain::metrics::{TrendWindow, Weights};
use domain::{Hashtag, HashtagRow, Source, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use store::trends::{TrendRow, TrendSort, TrendsQuery};
use strum::VariantArray;
use utoipa::{IntoParams, ToSchema};

const MS_OF_A_DAY: i64 = 86_400_000;
/// Most candidates of a list that is sorted here: matches of a keyword, or the first hashtags by the default
/// weights.
const CANDIDATES_MAX: u32 = 1_000;

/// Question: the hashtags that grow most.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, IntoParams, Args)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct TrendingQuery {
    /// Window of time that ends at the newest reading.
    #[arg(long, default_value_t, value_parser = one_of::<TrendWindow>())]
    #[param(inline, value_type = TrendWindowName, required = false)]
    pub window: TrendWindow,
    /// Order of the rows, highest first. `emerging` is by pace, or by the score of `weights`.
    #[arg(long, default_value_t, value_parser = one_of::<TrendSort>())]
    #[param(inline, value_type = TrendSortName, required = false)]
    pub sort: TrendSort,
    /// Only hashtags with at least this many views.
    #[arg(long, value_name = "N", default_value_t)]
    #[param(inline, value_type = MinimumNumber, required = false)]
    pub min_views: Number,
    /// Only hashtags that match this keyword.
    #[arg(long, value_name = "TEXT", value_parser = keyword)]
    #[serde(deserialize_with = "by::keyword_if_given")]
    #[param(inline, value_type = OptionalTagText, required = false)]
    pub query: Option<String>,
    /// Rank by a score of weighted percentiles, such as `zscore=2,pace=1`; components that are not named have their
    /// default weight: pace 1, all others 0.
    #[arg(long, value_name = "COMPONENT=WEIGHT,...")]
    #[serde(deserialize_with = "by::text")]
    #[param(inline, value_type = WeightsText, example = "zscore=2,pace=1", required = false)]
    pub weights: Option<Weights>,
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

/// A trending hashtag.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Trending)]
pub struct TrendingView {
    /// Its record.
    #[serde(flatten)]
    pub hashtag: HashtagRecord,
    /// `24h`, `7d` or `30d`.
    #[schema(example = "7d")]
    pub window: &'static str,
    /// Its trend.
    pub trend: TrendFacts,
    /// Outlook for the 7 days after the newest reading.
    pub outlook: Option<OutlookView>,
    /// Rank among all hashtags, by component.
    pub emerging: Option<EmergingView>,
}

/// Rank of a hashtag among all, by component. Lists are ranked by pace unless weights are given.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = EmergingScore)]
pub struct EmergingView {
    /// Score by the given weights, 0 to 100; not a probability. `null` without weights: lists are ranked by
    /// pace then.
    #[schema(example = json!(null))]
    pub score: Option<f64>,
    /// The window of its components other than pace and novelty: `24h`, `7d` or `30d`, up to the newest reading.
    #[schema(example = "7d")]
    pub window: &'static str,
    /// Band of its views, by powers of ten.
    #[schema(example = "1M-10M")]
    pub size_band: &'static str,
    /// Number of hashtags it is compared with: all that have a trend.
    pub peers: u64,
    /// Its components.
    pub components: Vec<ComponentView>,
}

/// A component of the rank.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = EmergingComponent)]
pub struct ComponentView {
    /// `zscore`, `pace`, `breadth`, `novelty`, `saturation` or `concentration`.
    pub name: &'static str,
    /// Its value; `null` if it is unknown, and then it does not count.
    pub value: Option<f64>,
    /// Its rank among all hashtags with a trend, 0 to 1; `null` among fewer than 10.
    pub percentile: Option<f64>,
    /// Its weight.
    pub weight: f64,
    /// Its contribution to the score, negative if it lowers it; `null` without weights.
    pub contribution: Option<f64>,
}

impl EmergingView {
    /// Renders the rank of a hashtag with this many views; with a score only if weights were given.
    pub(super) fn of(placed: &Emerging, window: TrendWindow, views: u64, has_weights: bool) -> Self {
        let component = |part: &domain::metrics::Part| ComponentView {
            name: Component::name(part.component),
            value: part.value,
            percentile: shown_percentile(placed, part),
            weight: part.weight,
            contribution: part.contribution.filter(|_| has_weights),
        };
        Self {
            score: placed.score.filter(|_| has_weights),
            window: window.name(),
            size_band: band_name(views),
            peers: placed.peers,
            components: placed.parts.iter().map(component).collect(),
        }
    }
}

impl Measure {
    /// Returns a page of trending hashtags from the stored trends. To include readings that another process
    /// recorded just now, call [`Measure::follow_trends`] before.
    ///
    /// # Errors
    ///
    /// [`MeasureError::TrendsPending`] while there are no trends yet.
    pub async fn trending(&self, query: &TrendingQuery) -> Result<Measured<Vec<TrendingView>>, MeasureError> {
        if !self.has_trends().await? {
            return Err(MeasureError::TrendsPending);
        }
        let store = &self.inner.store;
        let newest = store.trend_state().await?.newest_at;
        let Some(newest) = newest else {
            return Ok(Measured { data: Vec::new(), meta: Meta::default().reported(), next: None });
        };
        // Older trends have no pace and no surge.
        let since = match query.sort {
            TrendSort::Emerging | TrendSort::Pace | TrendSort::Surge => fresh_since(newest),
            _ => recent_since(query.window, newest),
        };
        let limit = query.limit.clamp(1, LIMIT_MAX);
        let (rows, next) = match (&query.query, &query.weights) {
            (None, None) => self.in_order(query, since, limit).await?,
            _ => self.in_own_order(query, since, newest, limit).await?,
        };
        let (data, hashtags) = self.trending_views(&rows, query, newest).await?;
        let named = |name: &String| Source::VARIANTS.iter().copied().find(|source| source.name() == name);
        let sources = data.iter().flat_map(|row| &row.trend.source).filter_map(named).collect();
        let mut meta = Meta::of(sources, Some(newest)).reported();
        let age_ms = self.inner.clock.now().as_ms().saturating_sub(newest.as_ms());
        meta.stale = age_ms > query.window.ms();
        if self.is_past(newest) {
            meta.say(Caveat::OutlookPast);
        }
        if !data.is_empty() && (query.query.is_some() || query.weights.is_some()) {
            meta.say(Caveat::FirstCandidates);
        }
        meta.say_as_read(&hashtags);
        if data.iter().any(|row| row.trend.below_resolution) {
            meta.say(Caveat::BelowResolution);
        }
        if data.iter().any(|row| row.trend.repaired) {
            meta.say(Caveat::Repaired);
        }
        if data.is_empty() {
            let first = self.inner.store.trends_read_since(number_of(TrendWindow::Month)).await?;
            meta.available = first.map(|first| DataPeriod { first, last: newest }.into());
        }
        Ok(Measured { data, meta, next })
    }

    /// Reads a page in an order of the store.
    async fn in_order(
        &self,
        query: &TrendingQuery,
        since: Timestamp,
        limit: u32,
    ) -> Result<(Vec<TrendRow>, Option<Place>), MeasureError> {
        let after =
            query.after.and_then(|place| Some((place.value, HashtagRow(u32::try_from(place.number).ok()?))));
        let trends = TrendsQuery {
            window: number_of(query.window),
            sort: query.sort,
            views_min: query.min_views.get(),
            read_since: since,
            after,
            limit: limit + 1,
        };
        let rows = self.inner.store.trends(trends).await?;
        Ok(page(rows, query.sort, limit))
    }

    /// Sorts candidates: matches of a keyword, or the first hashtags by the default weights.
    async fn in_own_order(
        &self,
        query: &TrendingQuery,
        since: Timestamp,
        newest: Timestamp,
        limit: u32,
    ) -> Result<(Vec<TrendRow>, Option<Place>), MeasureError> {
        let mut rows = self.candidates(query, since).await?;
        rows.retain(|row| row.views >= query.min_views.get() && row.read_at >= since);
        if let Some(weights) = &query.weights
            && let Some(peers) = self.peers(query.window).await?
        {
            for row in &mut rows {
                row.values[0] = emerging(&seen(decoded(row)?.trend, Some(newest)), &peers, weights).score;
            }
        }
        let column = query.sort.column();
        rows.retain(|row| row.values[column].is_some());
        let key = |row: &TrendRow| (row.values[column].unwrap_or(f64::NEG_INFINITY), row.hashtag);
        rows.sort_by(|a, b| key(b).0.total_cmp(&key(a).0).then(key(a).1.cmp(&key(b).1)));
        if let Some(place) = query.after {
            let is_behind = |row: &TrendRow| {
                let (value, hashtag) = key(row);
                value < place.value || (value <= place.value && u64::from(hashtag.0) > place.number)
            };
            rows.retain(is_behind);
        }
        rows.truncate(limit as usize + 1);
        Ok(page(rows, query.sort, limit))
    }

    async fn candidates(
        &self,
        query: &TrendingQuery,
        since: Timestamp,
    ) -> Result<Vec<TrendRow>, MeasureError> {
        let store = &self.inner.store;
        if let Some(keyword) = &query.query {
            let found = self.inner.catalog.search(keyword, 0, CANDIDATES_MAX).await?;
            let rows: Vec<HashtagRow> = found.hashtags.iter().map(|hashtag| hashtag.row).collect();
            let mut trends = store.trends_of(&rows).await?;
            trends.retain(|row| row.window == number_of(query.window));
            return Ok(trends);
        }
        let first = TrendsQuery {
            window: number_of(query.window),
            sort: query.sort,
            views_min: query.min_views.get(),
            read_since: since,
            after: None,
            limit: CANDIDATES_MAX,
        };
        Ok(store.trends(first).await?)
    }

    /// Returns true if the week of an outlook began too long ago: its reading is old.
    pub(super) fn is_past(&self, as_of: Timestamp) -> bool {
        let age_ms = self.now().as_ms().saturating_sub(as_of.as_ms());
        age_ms > READING_AGE_DAYS_MAX * MS_OF_A_DAY
    }

    async fn trending_views(
        &self,
        rows: &[TrendRow],
        query: &TrendingQuery,
        newest: Timestamp,
    ) -> Result<(Vec<TrendingView>, Vec<Hashtag>), MeasureError> {
        let numbers: Vec<HashtagRow> = rows.iter().map(|row| row.hashtag).collect();
        let hashtags = self.inner.store.hashtags(&numbers).await?;
        let by_row: HashMap<HashtagRow, &Hashtag> = hashtags.iter().map(|h| (h.row, h)).collect();
        let peers = self.peers(query.window).await?;
        let (weights, odds) = (query.weights.unwrap_or_default(), self.odds().await?);
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(hashtag) = by_row.get(&row.hashtag) else { continue };
            let SourcedTrend { trend, sources } = decoded(row)?;
            let trend = seen(trend, Some(newest));
            let placed = peers.as_ref().map(|peers| emerging(&trend, peers, &weights));
            views.push(TrendingView {
                hashtag: HashtagRecord::of(hashtag),
                window: query.window.name(),
                trend: TrendFacts::of(&trend, sources),
                outlook: trend.outlook.map(|outlook| OutlookView::of(&outlook, placed.as_ref(), &odds)),
                emerging: placed
                    .map(|it| EmergingView::of(&it, query.window, trend.views, query.weights.is_some())),
            });
        }
        Ok((views, hashtags))
    }
}

/// Returns the time since which a hashtag must have been read to have a pace, given the newest reading of all.
fn fresh_since(newest: Timestamp) -> Timestamp {
    Timestamp::from_ms(newest.as_ms().saturating_sub(READING_AGE_DAYS_MAX * MS_OF_A_DAY))
}

/// Cuts a page from rows, of which one more than shown was read to detect a next page.
fn page(mut rows: Vec<TrendRow>, sort: TrendSort, limit: u32) -> (Vec<TrendRow>, Option<Place>) {
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let place = |row: &TrendRow| {
        let value = row.values[sort.column()]?;
        Some(Place { value, number: row.hashtag.0.into() })
    };
    let next = rows.last().filter(|_| has_more).and_then(place);
    (rows, next)
}

/// Returns the name of a hashtag's size band.
pub(super) fn size_band(hashtag: &Hashtag) -> Option<&'static str> {
    hashtag.views().map(|views| band_name(views.value))
}

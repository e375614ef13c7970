//! Hashtags related to one: those that occur with it more often than by chance.

use crate::Measure;
use crate::creators::{as_real, put_first, share};
use crate::parameters::{TimeText, by};
use crate::sample::{Sample, is_since, place};
use crate::view::assigned_id;
use crate::{LIMIT_MAX, MeasureError, Measured, Meta, TotalView};
use clap::Args;
use domain::caveat::Caveat;
use domain::metrics::related::{Association, PairCounts, association, is_generic, relatedness};
use domain::metrics::structural_break::{Beside, beside_by_side};
use domain::metrics::{SideCounts, Sides};
use domain::{Hashtag, HashtagRow, Moment};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};

/// Most hashtags that are scored: those that occur with it most often.
const CANDIDATES_MAX: usize = 2_000;
/// Videos that must have both: fewer may be chance.
const BOTH_MIN: u64 = 2;
/// Number of the hashtag's videos below which one video with both is enough.
const FEW_VIDEOS: u64 = 20;

/// Question: the hashtags that occur together with one.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, IntoParams, Args)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct RelatedQuery {
    /// Only videos posted from then on: a day, a moment, or a length of time back from now such as `30d` or `6mo`.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    #[serde(deserialize_with = "by::text")]
    #[param(inline, value_type = TimeText, example = "90d", required = false)]
    pub since: Option<Moment>,
    /// True to list hashtags that go with everything too (fyp, foryou, viral ...).
    #[arg(
        long = "with-generic",
        help = "List hashtags that go with everything too (fyp, foryou, viral ...)"
    )]
    #[param(default = false, required = false)]
    pub generic: bool,
    /// Most rows.
    #[arg(skip)]
    #[serde(skip)]
    #[param(ignore)]
    pub limit: u32,
}

/// A related hashtag.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Related)]
pub struct RelatedView {
    /// TikTok's id; `null` while unknown.
    pub id: Option<String>,
    /// The id in its place while TikTok's is unknown; every endpoint accepts it, also afterwards. `null` once
    /// TikTok's is known.
    #[schema(example = json!(null))]
    pub assigned_id: Option<String>,
    /// Its name.
    #[schema(example = "kitten")]
    pub name: String,
    /// Its lifetime views.
    pub views: TotalView,
    /// Videos that have both.
    pub both: u64,
    /// Stored videos that have this one.
    pub videos: u64,
    /// Share of the other hashtag's videos that have this one.
    pub probability: f64,
    /// Ratio of its frequency there to its frequency in all stored videos.
    pub lift: f64,
    /// Normalised pointwise mutual information, -1 to 1.
    pub npmi: f64,
    /// Share of all stored videos that have both.
    pub support: f64,
    /// Order of the list: npmi, weighted by support.
    pub relatedness: f64,
    /// True if it goes with everything (fyp, foryou ...).
    pub generic: bool,
    /// Counts before and after TikTok limited posts to five hashtags; `null` unless the other hashtag has 30
    /// videos on each side.
    pub sides: Option<RelatedSidesView>,
}

/// Co-occurrence of two hashtags before August 2025, and since September 2025.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = RelatedSides)]
pub struct RelatedSidesView {
    /// Posts from before August 2025.
    pub before: RelatedSideView,
    /// Posts from September 2025 on.
    pub after: RelatedSideView,
}

/// Co-occurrence of two hashtags on one side. Without lift and NPMI, which compare with all stored videos:
/// these are not counted by side.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = RelatedSide)]
pub struct RelatedSideView {
    /// Videos that have both.
    pub both: u64,
    /// Videos of the other hashtag.
    pub videos: u64,
    /// Share of the other hashtag's videos that have this one.
    pub probability: Option<f64>,
}

impl From<Sides<Beside>> for RelatedSidesView {
    fn from(sides: Sides<Beside>) -> Self {
        let view = |side: Beside| RelatedSideView {
            both: side.both,
            videos: side.of,
            probability: side.probability(),
        };
        Self { before: view(sides.before), after: view(sides.after) }
    }
}

impl Measure {
    /// Returns the hashtags related to one, the closest first.
    pub async fn related(
        &self,
        hashtag: &Hashtag,
        query: RelatedQuery,
    ) -> Result<Measured<Vec<RelatedView>>, MeasureError> {
        let since = query.since.map(|since| since.begin(self.now()));
        let sample = self.sample(hashtag, |video| is_since(video, since)).await?;
        let both_min = if sample.len() < FEW_VIDEOS { 1 } else { BOTH_MIN };
        let candidates = candidates(&sample, hashtag.row, both_min);
        let rows: Vec<HashtagRow> = candidates.iter().map(|(row, _)| *row).collect();
        let hashtags = self.inner.store.hashtags(&rows).await?;
        let all = self.inner.store.catalog_size().await?.videos;
        let both: HashMap<HashtagRow, u64> = candidates.into_iter().collect();
        let score = |other: &Hashtag| {
            let both = *both.get(&other.row)?;
            scored(hashtag, other, both, sample.len(), all)
        };
        let mut related: Vec<RelatedView> = hashtags.iter().filter_map(score).collect();
        related.retain(|other| query.generic || !other.generic);
        related.sort_by(|a, b| b.relatedness.total_cmp(&a.relatedness).then_with(|| a.name.cmp(&b.name)));
        related.truncate(query.limit.clamp(1, LIMIT_MAX) as usize);
        let counts = sample.sides();
        let rows: HashMap<&str, HashtagRow> =
            hashtags.iter().map(|other| (other.tag.name(), other.row)).collect();
        let sides = beside_each(&sample, &counts, related.iter().filter_map(|other| rows.get(&*other.name)));
        for other in &mut related {
            let both = rows.get(&*other.name).and_then(|row| sides.get(row)).copied();
            other.sides = both.and_then(|both| beside_by_side(both, &counts)).map(RelatedSidesView::from);
        }
        let mut meta = Meta::of_sample(&sample, hashtag);
        meta.say_sides(&counts);
        if query.since.is_some() {
            meta.say(Caveat::AllTimeBase);
        }
        let as_read = |other: &'_ RelatedView| Some((other.name.clone(), other.views.as_read.clone()?));
        let as_read: Vec<_> = related.iter().filter_map(as_read).collect();
        meta.say_not_as_read(as_read.iter().map(|(name, read)| (name.as_str(), "views", read)));
        meta.available = self.available_posts(hashtag, related.is_empty()).await?;
        Ok(Measured { data: related, meta, next: None })
    }
}

/// Returns the hashtags that occur with one most often, and the number of their common videos.
fn candidates(sample: &Sample, of: HashtagRow, both_min: u64) -> Vec<(HashtagRow, u64)> {
    let mut beside: Vec<HashtagRow> =
        sample.iter().flat_map(|video| sample.tags(video)).copied().filter(|tag| *tag != of).collect();
    beside.sort_unstable();
    let counted = beside.chunk_by(|one, other| one == other).map(|same| (same[0], same.len() as u64));
    let mut found: Vec<(HashtagRow, u64)> = counted.filter(|(_, both)| *both >= both_min).collect();
    put_first(&mut found, CANDIDATES_MAX, |(a, a_both), (b, b_both)| (b_both, a).cmp(&(a_both, b)));
    found.truncate(CANDIDATES_MAX);
    found
}

/// Counts the videos of each side on which some hashtags occur with one; empty if posts of both sides are not
/// pooled.
fn beside_each<'r>(
    sample: &Sample,
    counts: &SideCounts,
    rows: impl Iterator<Item = &'r HashtagRow>,
) -> HashMap<HashtagRow, Sides<u64>> {
    if !counts.is_pooled() {
        return HashMap::new();
    }
    let mut beside: HashMap<HashtagRow, Sides<u64>> = rows.map(|row| (*row, Sides::default())).collect();
    for video in sample.iter() {
        let Some(side) = place(video).side() else { continue };
        for tag in sample.tags(video) {
            if let Some(both) = beside.get_mut(tag) {
                *both.of_mut(side) += 1;
            }
        }
    }
    beside
}

/// Scores a hashtag that `both` of the `seen` sampled videos have too. `all` is the number of stored videos.
fn scored(hashtag: &Hashtag, other: &Hashtag, both: u64, seen: u64, all: u64) -> Option<RelatedView> {
    let videos = other.observed.videos;
    // The shares in the sample are assumed for all videos of the hashtag.
    let a = hashtag.observed.videos.max(seen);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a number of videos is one itself"
    )]
    let scaled = if seen == a { both } else { (as_real(both) * as_real(a) / as_real(seen)).round() as u64 };
    let pair = PairCounts { both: scaled.min(videos).max(1), a, b: videos, all: all.max(a).max(videos) };
    let association: Association = association(pair)?;
    let of_all = share(videos, all).unwrap_or_default();
    Some(RelatedView {
        id: other.id.map(|id| id.to_string()),
        assigned_id: assigned_id(other),
        name: other.tag.name().to_owned(),
        views: TotalView::views_of(other),
        both,
        videos,
        probability: association.probability,
        lift: association.lift,
        npmi: association.npmi,
        support: association.support,
        relatedness: relatedness(&association, both),
        generic: is_generic(other.tag.key().as_str(), of_all),
        sides: None,
    })
}

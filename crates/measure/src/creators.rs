//! Creators of a hashtag, by videos and plays, and the concentration of plays.

use crate::Measure;
use crate::parameters::{TimeText, by};
use crate::sample::is_since;
use crate::view::assigned_id;
use crate::{MeasureError, Measured, Meta, Place};
use clap::Args;
use domain::caveat::Caveat;
use domain::count::checked_sum;
use domain::metrics::concentration::{Concentration, concentration};
use domain::{Basis, Creator, Hashtag, Moment, Timestamp, fragment};
use serde::{Deserialize, Serialize};
use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;
use store::samples::SampledVideo;
use store::videos::VideoRow;
use utoipa::{IntoParams, ToSchema};

/// Videos of a creator that are searched for a name missing in the first one, the newest first.
const NAMING_VIDEOS_MAX: u32 = 10;

/// Question: the creators of a hashtag.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, IntoParams, Args)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct CreatorsQuery {
    /// Only videos posted from then on: a day, a moment, or a length of time back from now such as `30d` or `6mo`.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    #[serde(deserialize_with = "by::text")]
    #[param(inline, value_type = TimeText, example = "90d", required = false)]
    pub since: Option<Moment>,
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

/// Creators of a hashtag.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Creators)]
pub struct CreatorsView {
    /// Name of the hashtag.
    #[schema(example = "cat")]
    pub hashtag: String,
    /// TikTok's id; `null` while unknown.
    pub hashtag_id: Option<String>,
    /// The id in its place while TikTok's is unknown; every endpoint accepts it, also afterwards. `null` once
    /// TikTok's is known.
    #[schema(example = json!(null))]
    pub assigned_id: Option<String>,
    /// `observed`: computed from stored videos.
    pub basis: &'static str,
    /// Time of the newest reading of these videos; `null` where unknown.
    pub observed_at: Option<Timestamp>,
    /// Creators of the videos in the sample.
    pub creators_count: u64,
    /// Creators among them that are known by handle alone.
    pub creators_by_handle: u64,
    /// Concentration of plays on creators whose plays are known; `null` with fewer than 10 of them.
    pub concentration: Option<ConcentrationView>,
    /// Most plays first.
    pub creators: Vec<CreatorView>,
}

/// Concentration of a total on its parts.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Concentration)]
pub struct ConcentrationView {
    /// Gini coefficient: 0 when all have the same, towards 1 when one has all.
    pub gini: f64,
    /// Share of the largest.
    pub top1_share: f64,
    /// Share of the largest tenth.
    pub top_decile_share: f64,
    /// Herfindahl-Hirschman index: the sum of the squares of the shares, 0 to 1.
    pub hhi: f64,
    /// Number of parts.
    pub count: u64,
}

impl From<Concentration> for ConcentrationView {
    fn from(c: Concentration) -> Self {
        Self { gini: c.gini, top1_share: c.top1, top_decile_share: c.top_decile, hhi: c.hhi, count: c.count }
    }
}

/// A creator under a hashtag.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Creator)]
pub struct CreatorView {
    /// TikTok's user id; `null` for a creator known by handle alone.
    pub id: Option<String>,
    /// True if the creator is known by handle alone: no source has a user id, or sources have two for the same
    /// handle.
    pub by_handle: bool,
    /// Handle without `@`, if known.
    pub unique_id: Option<String>,
    /// Display name, if known.
    pub nickname: Option<String>,
    /// Videos under the hashtag.
    pub videos: u64,
    /// Sum of their reported plays; `null` if none is reported, or the sum is above 2^53.
    pub plays: Option<u64>,
    /// Share of all plays; `null` if they are unknown.
    pub plays_share: Option<f64>,
    /// Share of all videos.
    pub videos_share: Option<f64>,
}

/// Counts of a creator.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tally {
    pub(super) author: Creator,
    pub(super) videos: u64,
    /// Sum of the known plays, which may exceed the largest count.
    pub(super) plays: Option<u128>,
    /// One of the videos, which names its author.
    pub(super) video: VideoRow,
}

/// Counts videos by creator, in the order of their ids.
pub(super) fn tally<'v>(videos: impl Iterator<Item = &'v SampledVideo>) -> Vec<Tally> {
    let tally_of = |video: &SampledVideo| {
        let plays = video.plays().map(u128::from);
        Some(Tally { author: video.author()?, videos: 1, plays, video: video.row() })
    };
    let mut creators: Vec<Tally> = videos.filter_map(tally_of).collect();
    creators.sort_unstable_by_key(|tally| (tally.author, tally.video));
    creators.dedup_by(|next, sum| {
        let is_same = next.author == sum.author;
        if is_same {
            sum.videos += 1;
            sum.plays = match (sum.plays, next.plays) {
                (Some(one), Some(other)) => Some(one + other),
                (one, other) => one.or(other),
            };
        }
        is_same
    });
    creators
}

impl Measure {
    /// Returns the creators of a hashtag.
    pub async fn creators(
        &self,
        hashtag: &Hashtag,
        query: CreatorsQuery,
    ) -> Result<Measured<CreatorsView>, MeasureError> {
        let since = query.since.map(|since| since.begin(self.now()));
        let sample = self.sample(hashtag, |video| is_since(video, since)).await?;
        let mut creators = tally(sample.iter());
        let mut plays: Vec<f64> = creators.iter().filter_map(|tally| tally.plays).map(as_real).collect();
        let all_plays: u128 = creators.iter().filter_map(|tally| tally.plays).sum();
        let spread = concentration(&mut plays);
        let by_handle = creators.iter().filter(|tally| tally.author.is_by_handle()).count() as u64;
        let first = query.after.map_or(0, |place| usize::try_from(place.number).unwrap_or(usize::MAX));
        // Most plays first, equals by id.
        put_first(&mut creators, first.saturating_add(query.limit as usize), |a, b| {
            (b.plays, a.author).cmp(&(a.plays, b.author))
        });
        let rest = creators.get(first..).unwrap_or_default();
        let shown = rest.get(..query.limit as usize).unwrap_or(rest);
        let views = self.creator_views(shown, sample.iter(), all_plays, sample.len()).await?;
        let reached = first + shown.len();
        let next = (reached < creators.len())
            .then_some(Place { value: 0.0, number: u64::try_from(reached).unwrap_or(u64::MAX) });
        let data = CreatorsView {
            hashtag: hashtag.tag.name().to_owned(),
            hashtag_id: hashtag.id.map(|id| id.to_string()),
            assigned_id: assigned_id(hashtag),
            basis: Basis::Observed.name(),
            observed_at: sample.observed_at(),
            creators_count: creators.len() as u64,
            creators_by_handle: by_handle,
            concentration: spread.map(ConcentrationView::from),
            creators: views,
        };
        let mut meta = Meta::of_sample(&sample, hashtag);
        if data.concentration.is_none() && data.creators_count > 0 {
            meta.say(Caveat::TooFewValues);
        }
        meta.available = self.available_posts(hashtag, data.creators.is_empty()).await?;
        Ok(Measured { data, meta, next })
    }

    /// Renders creators, named by their videos, with their shares of all plays and videos.
    pub(super) async fn creator_views<'v>(
        &self,
        shown: &[Tally],
        videos: impl Iterator<Item = &'v SampledVideo>,
        all_plays: u128,
        all_videos: u64,
    ) -> Result<Vec<CreatorView>, MeasureError> {
        let rows: Vec<VideoRow> = shown.iter().map(|tally| tally.video).collect();
        let packed = self.inner.store.packed(&rows).await?;
        let view = |(tally, packed): (&Tally, Vec<u8>)| CreatorView {
            plays_share: tally.plays.and_then(|plays| share(plays, all_plays)),
            videos_share: share(tally.videos, all_videos),
            ..named(tally, &packed)
        };
        let mut views: Vec<CreatorView> = shown.iter().zip(packed).map(view).collect();
        self.find_names(shown, &mut views, videos).await?;
        Ok(views)
    }

    /// Adds the names of creators whose first video has no nickname from their other videos: the first source
    /// may have had the handle alone.
    async fn find_names<'v>(
        &self,
        shown: &[Tally],
        views: &mut [CreatorView],
        videos: impl Iterator<Item = &'v SampledVideo>,
    ) -> Result<(), MeasureError> {
        let all = shown.iter().zip(&*views).enumerate();
        let unnamed = all.filter(|(_, (tally, view))| view.nickname.is_none() && tally.videos > 1);
        let unnamed: HashMap<Creator, usize> =
            unnamed.map(|(place, (tally, _))| (tally.author, place)).collect();
        if unnamed.is_empty() {
            return Ok(());
        }
        let other = |video: &SampledVideo| Some((*unnamed.get(&video.author()?)?, video.row()));
        let mut others: Vec<(usize, VideoRow)> = videos.filter_map(other).collect();
        others.sort_unstable_by_key(|(place, row)| (*place, Reverse(*row)));
        let mut taken = vec![0; views.len()];
        others.retain(|(place, _)| {
            taken[*place] += 1;
            taken[*place] <= NAMING_VIDEOS_MAX
        });
        let rows: Vec<VideoRow> = others.iter().map(|(_, row)| *row).collect();
        let packed = self.inner.store.packed(&rows).await?;
        for ((place, _), packed) in others.iter().zip(&packed) {
            let found = named(&shown[*place], packed);
            let view = &mut views[*place];
            view.nickname = view.nickname.take().or(found.nickname);
            view.unique_id = view.unique_id.take().or(found.unique_id);
        }
        Ok(())
    }
}

/// Sorts the first `count` values, and leaves the others in any order.
pub(super) fn put_first<T>(values: &mut [T], count: usize, order: impl Fn(&T, &T) -> Ordering) {
    if count > 0 && count < values.len() {
        values.select_nth_unstable_by(count - 1, &order);
    }
    let count = count.min(values.len());
    values[..count].sort_unstable_by(order);
}

/// Returns a creator as one of the videos names it.
fn named(tally: &Tally, packed: &[u8]) -> CreatorView {
    let author = fragment::details(packed).map(|details| details.author);
    let known = |text: Option<String>| text.filter(|text| !text.is_empty());
    CreatorView {
        id: tally.author.id().map(|id| id.to_string()),
        by_handle: tally.author.is_by_handle(),
        unique_id: known(author.as_ref().map(|author| author.unique_id.clone())),
        nickname: known(author.map(|author| author.nickname)),
        videos: tally.videos,
        plays: tally.plays.and_then(checked_sum),
        plays_share: None,
        videos_share: None,
    }
}

/// Returns part / whole; `None` if the whole is 0.
pub(super) fn share(part: impl Into<u128>, whole: impl Into<u128>) -> Option<f64> {
    let (part, whole) = (part.into(), whole.into());
    (whole > 0).then(|| as_real(part) / as_real(whole))
}

#[expect(clippy::cast_precision_loss, reason = "shares are no exact numbers")]
pub(super) fn as_real(number: impl Into<u128>) -> f64 {
    number.into() as f64
}

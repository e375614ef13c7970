//! Shared parts of answers: a hashtag's record, totals, and the metadata of a measurement.

pub use charts::grouped;

use crate::DataPeriod;
use crate::sample::Sample;
use domain::caveat::{Caveat, caveat_texts};
use domain::hashtag::{AsRead, Observed, Total};
use domain::metrics::{Coverage, SideCounts};
use domain::{Basis, CaveatSet, Count, Hashtag, Source, SourceSet, Timestamp, UtcDay};
use serde::Serialize;
use utoipa::ToSchema;

/// Size of a sample below which results are only indicative.
pub(super) const SAMPLE_VIDEOS_MIN: u64 = 30;

/// Most totals that the caveat on newest readings names; the others are counted.
const NAMED_MAX: usize = 20;

/// Metadata of a measurement.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = MeasurementMeta)]
pub struct Meta {
    /// Time of the newest reading that it is computed from; `null` where unknown.
    #[schema(example = "2026-11-25T08:00:00Z")]
    pub observed_at: Option<Timestamp>,
    /// Moment as of which it is answered, from what had come in by then; `null` for the present.
    #[schema(example = json!(null))]
    pub as_of: Option<Timestamp>,
    /// Sources of these readings.
    #[schema(example = json!(["series"]))]
    pub source: Vec<&'static str>,
    /// `reported` (stated by TikTok), `observed` (added up from stored videos) or `null` if it is neither.
    pub basis: Option<&'static str>,
    /// True if it is older than requested.
    pub stale: bool,
    /// The videos that it is computed from; `null` if there are none.
    pub sample: Option<SampleView>,
    /// For an answer without a row: the period that has data. `null` if there is no data, and for answers with
    /// rows.
    pub available: Option<AvailableView>,
    /// Its limitations.
    pub caveats: Vec<CaveatView>,
}

/// Period of the stored data: of the readings of a count, or of the posting times of stored videos.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Available)]
pub struct AvailableView {
    /// The first.
    #[schema(example = "2024-03-01T00:00:00Z")]
    pub from: Timestamp,
    /// The last.
    #[schema(example = "2024-05-31T23:59:59Z")]
    pub to: Timestamp,
}

impl From<DataPeriod> for AvailableView {
    fn from(period: DataPeriod) -> Self {
        Self { from: period.first, to: period.last }
    }
}

/// A limitation of a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Caveat)]
pub struct CaveatView {
    /// Code, for programs.
    #[schema(example = "partial_sample")]
    pub code: &'static str,
    /// Text, for people.
    pub text: String,
}

impl From<Caveat> for CaveatView {
    fn from(caveat: Caveat) -> Self {
        Self { code: caveat.name(), text: caveat.text().to_owned() }
    }
}

impl From<(Caveat, String)> for CaveatView {
    fn from((caveat, text): (Caveat, String)) -> Self {
        Self { code: caveat.name(), text }
    }
}

/// The videos that a measurement is computed from.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Sample)]
pub struct SampleView {
    /// Number of videos.
    pub videos: u64,
    /// Number of stored videos of the hashtag.
    pub held_videos: u64,
    /// Number of all its videos, as reported; `null` if unknown.
    pub reported_videos: Option<u64>,
    /// videos / reported_videos; `null` if unknown.
    pub coverage: Option<f64>,
}

impl SampleView {
    /// `3 of the 12 videos stored, out of 185 reported`
    fn named(&self) -> String {
        let (videos, all) = (grouped(self.videos), grouped(self.held_videos));
        let noun = if self.held_videos == 1 { "video" } else { "videos" };
        let stored = match self.videos == self.held_videos {
            true => format!("the {all} {noun} stored"),
            false => format!("{videos} of the {all} {noun} stored"),
        };
        match self.reported_videos {
            Some(reported) => format!("{stored}, out of {} reported", grouped(reported)),
            None => format!("{stored}, out of an unknown number"),
        }
    }
}

/// A total with its basis and precision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Total)]
pub struct TotalView {
    /// Value; `null` if unknown.
    pub value: Option<u64>,
    /// `reported` or `observed`; `null` with a `null` value.
    pub basis: Option<&'static str>,
    /// True if it was rounded for display.
    pub rounded: bool,
    /// The step it was rounded to; 1 if it is exact.
    pub step: u64,
    /// Time of the reading; of an observed total, that of the newest reading of the stored videos. `null` if
    /// unknown.
    #[schema(example = "2026-11-25T08:00:00Z")]
    pub read_at: Option<Timestamp>,
    /// The newest reading, if `value` differs: `value` is the last one of the repaired series, as in the
    /// history, the gains and the charts.
    pub as_read: Option<AsReadView>,
}

/// The newest reading of a total that differs from the repaired value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AsRead)]
pub struct AsReadView {
    /// Value as read.
    #[schema(example = 343_500)]
    pub value: u64,
    /// Time of this reading.
    pub at: Timestamp,
    /// Time of the reading that counts.
    pub counted_at: Timestamp,
}

impl From<AsRead> for AsReadView {
    fn from(as_read: AsRead) -> Self {
        Self { value: as_read.count.value(), at: as_read.at, counted_at: as_read.counted_at }
    }
}

impl AsReadView {
    /// Formats it for people: `343,500 on 2022-07-13`.
    pub fn shown(&self) -> String {
        format!("{} on {}", grouped(self.value), UtcDay::of(self.at))
    }
}

/// Describes the newest readings that do not count, by name of the hashtag; `None` if all count.
fn not_as_read<'a>(
    totals: impl IntoIterator<Item = (&'a str, &'static str, &'a AsReadView)>,
) -> Option<String> {
    let named: Vec<String> = totals
        .into_iter()
        .map(|(name, what, read)| format!("{what} of #{name} read as {}", read.shown()))
        .collect();
    let more = named.len().saturating_sub(NAMED_MAX);
    let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
    let listed = named.get(..named.len().min(NAMED_MAX))?.join("; ");
    (!named.is_empty()).then(|| {
        format!(
            "The newest reading does not count if it is an unconfirmed jump, contradicted by other readings, or off its \
             rounding step: {listed}{rest}."
        )
    })
}

impl TotalView {
    fn of(
        hashtag: &Hashtag,
        total: Option<Total>,
        reported: Option<Count>,
        reported_at: Option<Timestamp>,
        as_read: Option<AsRead>,
    ) -> Self {
        let read_at = total.and_then(|total| match total.basis {
            Basis::Reported => reported_at,
            Basis::Observed => hashtag.observed.read_at,
        });
        Self {
            read_at,
            value: total.map(|total| total.value),
            basis: total.map(|total| total.basis.name()),
            rounded: total.is_some_and(|total| total.rounded),
            step: reported.map_or(1, Count::resolution),
            as_read: as_read.map(AsReadView::from),
        }
    }

    /// Returns the views of a hashtag.
    pub(super) fn views_of(hashtag: &Hashtag) -> Self {
        let [views, _, _] = Self::all_of(hashtag);
        views
    }

    /// Returns the views, creators and videos of a hashtag.
    pub(super) fn all_of(hashtag: &Hashtag) -> [Self; 3] {
        let (reported, at, as_read) = (&hashtag.reported, hashtag.counted_times(), &hashtag.as_read);
        [
            Self::of(hashtag, hashtag.views(), reported.views, at.views, as_read.views),
            Self::of(hashtag, hashtag.creators(), reported.creators, at.creators, as_read.creators),
            Self::of(hashtag, hashtag.videos(), reported.videos, at.videos, as_read.videos),
        ]
    }
}

/// Sums over the stored videos of a hashtag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ObservedSums)]
pub struct ObservedView {
    /// Stored videos.
    pub videos: u64,
    /// Sum of their known plays; `null` if it is above 2^53.
    pub views: Option<u64>,
    /// Distinct creators among them; `null` if none is known.
    pub creators: Option<u64>,
    /// Creators among these that are known by handle alone: no source has a user id.
    pub creators_by_handle: u64,
    /// Time of the newest reading of any of them; `null` if unknown.
    pub read_at: Option<Timestamp>,
}

impl ObservedView {
    pub(super) fn of(sums: &Observed) -> Self {
        Self {
            videos: sums.videos,
            views: sums.views,
            creators: Some(sums.creators).filter(|creators| *creators > 0),
            creators_by_handle: sums.by_handle,
            read_at: sums.read_at,
        }
    }
}

/// Returns the assigned id of a hashtag while TikTok's is unknown.
pub(super) fn assigned_id(hashtag: &Hashtag) -> Option<String> {
    hashtag.id.is_none().then(|| hashtag.public_id().to_string())
}

/// A hashtag's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Hashtag)]
pub struct HashtagRecord {
    /// TikTok's id; `null` while unknown.
    #[schema(example = "7551")]
    pub id: Option<String>,
    /// The id in its place while TikTok's is unknown; every endpoint accepts it, also afterwards. `null` once
    /// TikTok's is known.
    #[schema(example = json!(null))]
    pub assigned_id: Option<String>,
    /// Name as first spelled.
    #[schema(example = "cat")]
    pub name: String,
    /// Lifetime views: impressions, not people.
    pub views: TotalView,
    /// Creators who used it.
    pub creators: TotalView,
    /// Posts under it.
    pub videos: TotalView,
    /// Time of the newest reading of a reported total.
    pub reported_at: Option<Timestamp>,
    /// Sums over the stored videos.
    pub observed: ObservedView,
    /// Description, if known.
    pub description: Option<String>,
    /// True if it is tied to a paid campaign; `null` if unknown.
    pub is_commerce: Option<bool>,
}

impl HashtagRecord {
    /// Renders the record of a hashtag.
    pub fn of(hashtag: &Hashtag) -> Self {
        let [views, creators, videos] = TotalView::all_of(hashtag);
        Self {
            id: hashtag.id.map(|id| id.to_string()),
            assigned_id: assigned_id(hashtag),
            name: hashtag.tag.name().to_owned(),
            views,
            creators,
            videos,
            reported_at: hashtag.reported_at(),
            observed: ObservedView::of(&hashtag.observed),
            description: hashtag.details.description.clone(),
            is_commerce: hashtag.details.is_commerce,
        }
    }
}

impl Meta {
    /// Creates the metadata of readings from these sources, the newest at this time.
    pub(super) fn of(sources: SourceSet, observed_at: Option<Timestamp>) -> Self {
        Self { observed_at, source: sources.iter().map(Source::name).collect(), ..Self::default() }
    }

    pub(super) fn reported(self) -> Self {
        Self { basis: Some(Basis::Reported.name()), ..self }
    }

    pub(super) fn observed(self) -> Self {
        Self { basis: Some(Basis::Observed.name()), ..self }
    }

    /// Creates the metadata of a sample of a hashtag's videos.
    pub(super) fn of_sample(sample: &Sample, hashtag: &Hashtag) -> Self {
        let mut meta = Self::of(hashtag.observed.sources, sample.observed_at())
            .observed()
            .sampled(sample.len(), hashtag);
        sample.part_caveat().into_iter().for_each(|caveat| meta.say(caveat));
        meta
    }

    /// Adds a sample of this many videos of a hashtag, with its caveats.
    pub(super) fn sampled(self, videos: u64, hashtag: &Hashtag) -> Self {
        let reported = hashtag.reported.videos;
        let sample = SampleView {
            videos,
            held_videos: hashtag.observed.videos,
            reported_videos: reported.map(Count::value),
            coverage: Coverage::new(videos, reported).map(|coverage| coverage.share()),
        };
        let is_partial = sample.coverage.is_none_or(|coverage| coverage < 1.0);
        let of = sample.named();
        let mut meta = Self { sample: Some(sample), ..self };
        meta.say_of_readings(hashtag.observed.caveats);
        if hashtag.observed.by_handle > 0 {
            meta.say(Caveat::CreatorsByHandle);
        }
        if is_partial {
            let text = format!("Based on {of}: missing videos may differ.");
            meta.say_so(Caveat::PartialSample, text);
        }
        if videos < SAMPLE_VIDEOS_MIN {
            let text = format!("Based on {of}, fewer than {SAMPLE_VIDEOS_MIN}: only indicative.");
            meta.say_so(Caveat::SmallSample, text);
        }
        meta
    }

    /// Adds the caveat on totals whose newest reading does not count.
    pub(super) fn say_as_read<'h>(&mut self, hashtags: impl IntoIterator<Item = &'h Hashtag>) {
        let of = |hashtag: &'h Hashtag| {
            let name = hashtag.tag.name();
            let read = &hashtag.as_read;
            let all = [("views", read.views), ("creators", read.creators), ("videos", read.videos)];
            all.into_iter().filter_map(move |(what, read)| Some((name, what, AsReadView::from(read?))))
        };
        let totals: Vec<_> = hashtags.into_iter().flat_map(of).collect();
        self.say_not_as_read(totals.iter().map(|(name, what, read)| (*name, *what, read)));
    }

    /// Adds the caveat on these totals, whose newest reading does not count.
    pub(super) fn say_not_as_read<'a>(
        &mut self,
        totals: impl IntoIterator<Item = (&'a str, &'static str, &'a AsReadView)>,
    ) {
        if let Some(text) = not_as_read(totals) {
            self.say_so(Caveat::NotAsRead, text);
        }
    }

    /// Adds the caveats of the readings that it is computed from.
    pub(super) fn say_of_readings(&mut self, readings: CaveatSet) {
        caveat_texts(readings).into_iter().for_each(|(caveat, text)| self.say_so(caveat, text));
    }

    /// Adds the caveat that posts from before and after the limit of five hashtags are pooled, if they are.
    pub(super) fn say_sides(&mut self, counts: &SideCounts) {
        if !counts.is_pooled() {
            return;
        }
        let SideCounts { on, between, .. } = counts;
        let text = format!(
            "Posts from before and after TikTok limited them to five hashtags are pooled: {} from before August 2025, {} of \
             that month and {} since. Numbers that depend on the hashtags per post are not comparable across that date; \
             `sides` has both sides separately where they have enough.",
            grouped(on.before),
            grouped(*between),
            grouped(on.after)
        );
        self.say_so(Caveat::StructuralBreak, text);
    }

    /// Adds a caveat, once.
    pub(super) fn say(&mut self, caveat: Caveat) {
        self.say_so(caveat, caveat.text().to_owned());
    }

    /// Adds a caveat with a text of its own, once.
    fn say_so(&mut self, caveat: Caveat, text: String) {
        let view = CaveatView { code: caveat.name(), text };
        if !self.caveats.contains(&view) {
            self.caveats.push(view);
        }
    }
}

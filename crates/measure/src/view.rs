//! What several answers share: a hashtag's record, totals, and what is to be known of a measurement.

use crate::Held;
use crate::sample::Sample;
use domain::caveat::{Caveat, caveat_texts};
use domain::hashtag::{AsRead, Observed, Total};
use domain::metrics::{Coverage, SideCounts};
use domain::{Basis, CaveatSet, Count, Hashtag, Source, SourceSet, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// Samples below this are too small to say much.
const SAMPLE_VIDEOS_MIN: u64 = 30;

/// Totals named at most where the newest reading does not count; the others are counted.
const NAMED_MAX: usize = 20;

/// What is to be known of a measurement.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = MeasurementMeta)]
pub struct Meta {
    /// When the newest of what it is made from was read; `null` where no source told.
    #[schema(example = "2026-11-25T08:00:00Z")]
    pub observed_at: Option<String>,
    /// By which ways that came.
    #[schema(example = json!(["series"]))]
    pub source: Vec<&'static str>,
    /// `reported` (told by TikTok), `observed` (added up from videos that are held) or `null` where it is neither.
    pub basis: Option<&'static str>,
    /// Whether it is older than it was wanted.
    pub stale: bool,
    /// Of which videos it is made; `null` where it is made of none.
    pub sample: Option<SampleView>,
    /// Of an answer without a row: from when to when there is something. `null` where there is nothing at all, and of answers
    /// with rows.
    pub available: Option<AvailableView>,
    /// What limits it.
    pub caveats: Vec<CaveatView>,
}

/// From when to when something is stored of what was requested: the readings of a count, or the times at which the stored
/// videos were posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Available)]
pub struct AvailableView {
    /// The first.
    #[schema(example = "2024-03-01T00:00:00Z")]
    pub from: String,
    /// The last.
    #[schema(example = "2024-05-31T23:59:59Z")]
    pub to: String,
}

impl From<Held> for AvailableView {
    fn from(held: Held) -> Self {
        Self { from: held.first.to_rfc3339(), to: held.last.to_rfc3339() }
    }
}

/// Something that limits what a number means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Caveat)]
pub struct CaveatView {
    /// For programs.
    #[schema(example = "partial_sample")]
    pub code: &'static str,
    /// For people.
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

/// The videos a measurement is made of.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Sample)]
pub struct SampleView {
    /// How many.
    pub videos: u64,
    /// Of so many that are held under the hashtag.
    pub held_videos: u64,
    /// Of so many that there are, as a source told; `null` where none did.
    pub reported_videos: Option<u64>,
    /// videos / reported_videos; `null` where that is not known.
    pub coverage: Option<f64>,
}

impl SampleView {
    /// `3 of the 12 videos stored, out of 185 reported`
    fn named(&self) -> String {
        let (videos, held) = (grouped(self.videos), grouped(self.held_videos));
        let noun = if self.held_videos == 1 { "video" } else { "videos" };
        let stored = match self.videos == self.held_videos {
            true => format!("the {held} {noun} stored"),
            false => format!("{videos} of the {held} {noun} stored"),
        };
        match self.reported_videos {
            Some(reported) => format!("{stored}, out of {} reported", grouped(reported)),
            None => format!("{stored}, out of an unknown number"),
        }
    }
}

/// A total: its value, and what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Total)]
pub struct TotalView {
    /// `null` while nothing is known of it.
    pub value: Option<u64>,
    /// `reported` or `observed`; `null` beside a `null` value.
    pub basis: Option<&'static str>,
    /// Whether it was rounded for display.
    pub rounded: bool,
    /// The step it was rounded to; 1 when it is exact.
    pub step: u64,
    /// When it was read: of an observed total, the newest reading of the stored videos. `null` where no source gave a time.
    #[schema(example = "2026-11-25T08:00:00Z")]
    pub read_at: Option<String>,
    /// The newest reading, where it is not the one that counts: `value` is the last reading that the repair of the series
    /// keeps, as in the history, the gains and the charts.
    pub as_read: Option<AsReadView>,
}

/// The newest reading of a total, where another one counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AsRead)]
pub struct AsReadView {
    /// As it was read.
    #[schema(example = 343_500)]
    pub value: u64,
    /// When.
    pub at: String,
    /// When the reading that counts was taken.
    pub counted_at: String,
}

impl From<AsRead> for AsReadView {
    fn from(as_read: AsRead) -> Self {
        Self {
            value: as_read.count.value(),
            at: as_read.at.to_rfc3339(),
            counted_at: as_read.counted_at.to_rfc3339(),
        }
    }
}

impl AsReadView {
    /// For people: `343,500 on 2022-07-13`.
    pub fn shown(&self) -> String {
        let day: String = self.at.chars().take(10).collect();
        format!("{} on {day}", grouped(self.value))
    }
}

/// Names the newest readings that do not count, of these hashtags by name; `None` where all count.
pub fn not_as_read<'a>(
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
            "The newest reading is not the number that counts where it is a jump that no second reading confirms, \
             contradicted by others, or off its step of display: {listed}{rest}."
        )
    })
}

/// A whole number in groups of three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

impl TotalView {
    fn of(
        hashtag: &Hashtag,
        total: Option<Total>,
        told: Option<Count>,
        told_at: Option<Timestamp>,
        as_read: Option<AsRead>,
    ) -> Self {
        let read_at = total.and_then(|total| match total.basis {
            Basis::Reported => told_at,
            Basis::Observed => hashtag.observed.read_at,
        });
        Self {
            read_at: read_at.map(Timestamp::to_rfc3339),
            value: total.map(|total| total.value),
            basis: total.map(|total| total.basis.name()),
            rounded: total.is_some_and(|total| total.rounded),
            step: told.map_or(1, Count::resolution),
            as_read: as_read.map(AsReadView::from),
        }
    }

    /// The views of a hashtag.
    pub(super) fn views_of(hashtag: &Hashtag) -> Self {
        let [views, _, _] = Self::all_of(hashtag);
        views
    }

    /// The views, creators and videos of a hashtag.
    pub(super) fn all_of(hashtag: &Hashtag) -> [Self; 3] {
        let (told, at, as_read) = (&hashtag.reported, hashtag.counted_times(), &hashtag.as_read);
        [
            Self::of(hashtag, hashtag.views(), told.views, at.views, as_read.views),
            Self::of(hashtag, hashtag.creators(), told.creators, at.creators, as_read.creators),
            Self::of(hashtag, hashtag.videos(), told.videos, at.videos, as_read.videos),
        ]
    }
}

/// Sums over the videos that are held under a hashtag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ObservedSums)]
pub struct ObservedView {
    /// Videos held.
    pub videos: u64,
    /// Sum of their plays, where known; `null` when it is above 2^53.
    pub views: Option<u64>,
    /// Distinct creators among them; `null` where none is known.
    pub creators: Option<u64>,
    /// Of these, creators known by handle alone: no source gave a user id.
    pub creators_by_handle: u64,
    /// The newest reading of any of them; `null` where no source gave a time.
    pub read_at: Option<String>,
}

impl ObservedView {
    pub(super) fn of(sums: &Observed) -> Self {
        Self {
            videos: sums.videos,
            views: sums.views,
            creators: Some(sums.creators).filter(|creators| *creators > 0),
            creators_by_handle: sums.by_handle,
            read_at: sums.read_at.map(Timestamp::to_rfc3339),
        }
    }
}

/// The id that takes the place of TikTok's while that is not known.
pub(super) fn assigned_id(hashtag: &Hashtag) -> Option<String> {
    hashtag.id.is_none().then(|| hashtag.public_id().to_string())
}

/// A hashtag's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Hashtag)]
pub struct HashtagRecord {
    /// TikTok's id; `null` while it is not known.
    #[schema(example = "7551")]
    pub id: Option<String>,
    /// The id that takes its place while TikTok's is not known: every endpoint accepts it, also afterwards. `null` once
    /// TikTok's is known.
    #[schema(example = json!(null))]
    pub assigned_id: Option<String>,
    /// As it was first spelt.
    #[schema(example = "cat")]
    pub name: String,
    /// Lifetime views: impressions, not people.
    pub views: TotalView,
    /// Creators who used it.
    pub creators: TotalView,
    /// Posts under it.
    pub videos: TotalView,
    /// When the newest reported total was read.
    pub reported_at: Option<String>,
    /// Sums over the videos that are held.
    pub observed: ObservedView,
    /// Its description, where told.
    pub description: Option<String>,
    /// Whether it is tied to a paid campaign, where told.
    pub is_commerce: Option<bool>,
}

impl HashtagRecord {
    /// Of a hashtag.
    pub fn of(hashtag: &Hashtag) -> Self {
        let [views, creators, videos] = TotalView::all_of(hashtag);
        Self {
            id: hashtag.id.map(|id| id.to_string()),
            assigned_id: assigned_id(hashtag),
            name: hashtag.tag.name().to_owned(),
            views,
            creators,
            videos,
            reported_at: hashtag.reported_at().map(Timestamp::to_rfc3339),
            observed: ObservedView::of(&hashtag.observed),
            description: hashtag.details.description.clone(),
            is_commerce: hashtag.details.is_commerce,
        }
    }
}

impl Meta {
    /// Made of readings of these sources, the newest of this time.
    pub(super) fn of(sources: SourceSet, observed_at: Option<Timestamp>) -> Self {
        Self {
            observed_at: observed_at.map(Timestamp::to_rfc3339),
            source: sources.iter().map(Source::name).collect(),
            ..Self::default()
        }
    }

    pub(super) fn reported(self) -> Self {
        Self { basis: Some(Basis::Reported.name()), ..self }
    }

    pub(super) fn observed(self) -> Self {
        Self { basis: Some(Basis::Observed.name()), ..self }
    }

    /// Made of a sample of a hashtag's videos.
    pub(super) fn of_sample(sample: &Sample, hashtag: &Hashtag) -> Self {
        let mut meta = Self::of(hashtag.observed.sources, sample.observed_at())
            .observed()
            .sampled(sample.len(), hashtag);
        sample.part_caveat().into_iter().for_each(|caveat| meta.say(caveat));
        meta
    }

    /// Made of so many videos of a hashtag.
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
            let text = format!("What is made of videos is of {of}: what is missing may differ.");
            meta.say_so(Caveat::PartialSample, text);
        }
        if videos < SAMPLE_VIDEOS_MIN {
            let text = format!(
                "What is made of videos is of {of}, fewer than {SAMPLE_VIDEOS_MIN}: chance decides much."
            );
            meta.say_so(Caveat::SmallSample, text);
        }
        meta
    }

    /// Names the totals whose newest reading is not the one that counts.
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

    /// The same of totals that are at hand.
    pub(super) fn say_not_as_read<'a>(
        &mut self,
        totals: impl IntoIterator<Item = (&'a str, &'static str, &'a AsReadView)>,
    ) {
        if let Some(text) = not_as_read(totals) {
            self.say_so(Caveat::NotAsRead, text);
        }
    }

    /// Says what was noted of the readings that it is made of.
    pub(super) fn say_of_readings(&mut self, readings: CaveatSet) {
        caveat_texts(readings).into_iter().for_each(|(caveat, text)| self.say_so(caveat, text));
    }

    /// Says that posts from before and after the limit of five hashtags are pooled, where they are.
    pub(super) fn say_sides(&mut self, counts: &SideCounts) {
        if !counts.is_pooled() {
            return;
        }
        let SideCounts { on, between, .. } = counts;
        let text = format!(
            "Posts from before and after TikTok limited them to five hashtags are pooled: {} from before August 2025, {} of \
             that month and {} since. What depends on how many hashtags a post has is not comparable across that date; \
             `sides` has each apart where both have enough.",
            grouped(on.before),
            grouped(*between),
            grouped(on.after)
        );
        self.say_so(Caveat::StructuralBreak, text);
    }

    /// Says something of it, once.
    pub(super) fn say(&mut self, caveat: Caveat) {
        self.say_so(caveat, caveat.text().to_owned());
    }

    /// The same in other words.
    fn say_so(&mut self, caveat: Caveat, text: String) {
        let told = CaveatView { code: caveat.name(), text };
        if !self.caveats.contains(&told) {
            self.caveats.push(told);
        }
    }
}

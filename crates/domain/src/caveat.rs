//! Caveats: limitations of a number that follow from its source (TikTok's Research API above all) or from the way it
//! was measured. Answers list them beside the number.

use crate::{CaveatSet, Source, Timestamp, UtcDay, Window};
use strum::{EnumMessage, FromRepr, IntoStaticStr, VariantArray};

const DAY_MS: i64 = 86_400_000;
/// Longest delay until the Research API returns a new video.
const INDEX_LAG_MS: i64 = 2 * DAY_MS;
/// Longest delay until the counts of a video are up to date.
const COUNTS_LAG_MS: i64 = 10 * DAY_MS;
/// 2024-07-01: counts read before this day were far too low.
const COUNTS_MENDED_MS: i64 = 1_719_792_000_000;
/// 2026-02-26: from then on the API returns all public videos, also those that the For You feed omits.
pub(crate) const ALL_PUBLIC_MS: i64 = 1_772_064_000_000;
/// 2026-09-10: the documentation excluded Canada until then.
pub(crate) const CANADA_MS: i64 = 1_788_998_400_000;

/// A limitation of a number. The comment of each is its text in answers; the database stores its discriminant, which never
/// changes.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    EnumMessage,
    FromRepr,
    IntoStaticStr,
    VariantArray,
)]
#[repr(u8)]
#[strum(serialize_all = "snake_case")]
pub enum Caveat {
    /// New videos take up to 48 hours to appear: the last two days are incomplete.
    IndexLag = 1,
    /// Counts lag by up to 10 days: those of young videos are provisional.
    CountsLag = 2,
    /// Only public videos of creators aged 18 and over are included.
    AdultsOnly = 3,
    /// Only videos that still existed when fetched are included: fetching the same days later returns fewer.
    SurvivorsOnly = 4,
    /// These counts were read before TikTok fixed them in July 2024 and may be far too low.
    #[strum(serialize = "counts_too_low_before_july_2024")]
    CountsTooLow = 5,
    /// Since 26 February 2026 the Research API also returns videos that the For You feed omits: not comparable with earlier readings.
    #[strum(serialize = "all_public_since_2026_02_26")]
    AllPublic = 6,
    /// Videos from Canada may be missing: the documentation excluded them until September 2026.
    CanadaMissing = 7,
    /// Some counts are rounded; the rounding step is shown with each.
    Rounded = 8,
    /// Some implausible readings were corrected; `repair=false` (command line: `--no-repair`) shows the originals.
    Repaired = 9,
    /// The series has gaps; growth over a gap names the real time between its readings.
    Gaps = 10,
    /// Small sample (under 30 videos): indicative only.
    SmallSample = 11,
    /// Partial sample: videos not collected may differ.
    PartialSample = 12,
    /// Some gains are smaller than the rounding step of the count.
    BelowResolution = 13,
    /// Only the first 1,000 matches were ranked.
    FirstCandidates = 14,
    /// The hashtag's videos of the requested period are compared with the all-time use of other hashtags.
    AllTimeBase = 15,
    /// Shares of videos, creators and engagement are of the stored videos, which may cover some hashtags better than others.
    ObservedShares = 16,
    /// The series is longer than the limit; use a larger step or a shorter period.
    SeriesCut = 17,
    /// A random part of the creators was sampled, with all of their videos: shares and percentiles hold for all, counts and lists cover the sample.
    CreatorsPart = 18,
    /// Only the most-played videos were ranked.
    MostPlayed = 19,
    /// The newest reading of a total does not count: it is an unconfirmed jump, or other readings contradict it; `as_read` has it.
    NotAsRead = 20,
    /// Percentiles, ranks and concentration need at least 10 values.
    TooFewValues = 21,
    /// Engagement is unknown for videos without reported plays, likes, comments, shares or saves.
    EngagementPart = 22,
    /// The plays of the stored videos add up to more than 9,007,199,254,740,992 (2^53), so their sum is unknown.
    SumTooLarge = 23,
    /// Some creators are known by handle only: one who changed it counts twice, and two who used the same one in turn count once.
    CreatorsByHandle = 24,
    /// The newest reading is more than 2 days old: pace, surge and the band describe the 7 days after it.
    OutlookPast = 25,
    /// Trends are being computed for the first time: the comparison with other hashtags is not known yet.
    TrendsPending = 26,
    /// Some videos are under the hashtag because their caption names it: their source has no list of hashtags.
    TagsOfCaptions = 27,
    /// Posts from before and after TikTok limited them to five hashtags (about August 2025) are pooled; numbers that depend on how many hashtags a post has are not comparable across that date.
    StructuralBreak = 28,
    /// Readings from before and after a change of the Research API are pooled or compared: it returns other videos since 26 February 2026 (all public ones) and about 10 September 2026 (Canada).
    PipelineChanged = 29,
    // Stored to detect `PipelineChanged`.
    /// Read before 26 February 2026, when the Research API omitted videos that the For You feed omits.
    #[strum(serialize = "feed_only_before_2026_02_26")]
    FeedOnly = 30,
    // Stored to detect `PipelineChanged`.
    /// Read since 10 September 2026, when the documentation no longer excluded videos from Canada.
    #[strum(serialize = "canada_since_2026_09_10")]
    CanadaLetIn = 31,
    /// Ranks and percentiles among all hashtags are known for the present alone, and are left out as of a moment.
    WithoutRanks = 32,
}

impl Caveat {
    /// Returns its code in answers.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns a sentence for people.
    pub fn text(self) -> &'static str {
        self.get_documentation().expect("`missing_docs` refuses a variant without it")
    }

    /// Returns the stored number.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Parses a stored number.
    pub const fn from_number(number: u8) -> Option<Self> {
        Self::from_repr(number)
    }
}

/// Returns the caveats of a window's videos that were read at `read_at`.
pub fn caveats_of(window: Window, read_at: Timestamp) -> Vec<Caveat> {
    let read_ms = read_at.as_ms();
    let age_ms = read_ms.saturating_sub(window.last().ends_at().as_ms());
    let applies = |caveat: &Caveat| match caveat {
        Caveat::IndexLag => age_ms < INDEX_LAG_MS,
        Caveat::CountsLag => age_ms < COUNTS_LAG_MS,
        Caveat::AdultsOnly | Caveat::SurvivorsOnly => true,
        Caveat::CountsTooLow => read_ms < COUNTS_MENDED_MS,
        Caveat::AllPublic => read_ms >= ALL_PUBLIC_MS,
        Caveat::FeedOnly => read_ms < ALL_PUBLIC_MS,
        Caveat::CanadaMissing => read_ms < CANADA_MS,
        Caveat::CanadaLetIn => read_ms >= CANADA_MS,
        // The others come from measurements, not from the Research API.
        _ => false,
    };
    Caveat::VARIANTS.iter().copied().filter(applies).collect()
}

/// Returns the state of the Research API at `read_at`: which videos it returned, whatever their day of posting.
pub fn pipeline_of(read_at: Timestamp) -> CaveatSet {
    let read_ms = read_at.as_ms();
    let all_public = if read_ms < ALL_PUBLIC_MS { Caveat::FeedOnly } else { Caveat::AllPublic };
    let canada = if read_ms < CANADA_MS { Caveat::CanadaMissing } else { Caveat::CanadaLetIn };
    [all_public, canada].into_iter().collect()
}

/// Lists the changes of the Research API that `readings` span: some are from before, some from after.
fn crossed(readings: CaveatSet) -> impl Iterator<Item = &'static str> {
    let changes = [
        (
            Caveat::FeedOnly,
            Caveat::AllPublic,
            "26 February 2026 (since then all public videos, also those that the For You feed leaves out)",
        ),
        (
            Caveat::CanadaMissing,
            Caveat::CanadaLetIn,
            "about 10 September 2026 (since then the documentation no longer excludes Canada)",
        ),
    ];
    let is_crossed = move |(before, after, _): &(Caveat, Caveat, _)| {
        readings.contains(*before) && readings.contains(*after)
    };
    changes.into_iter().filter(is_crossed).map(|(_, _, change)| change)
}

/// Returns the caveats of combined readings with their sentences: those of each reading, and
/// [`Caveat::PipelineChanged`] if the readings span a change of the API.
pub fn caveat_texts(readings: CaveatSet) -> Vec<(Caveat, String)> {
    let is_note = |caveat: &Caveat| matches!(caveat, Caveat::FeedOnly | Caveat::CanadaLetIn);
    let mut said: Vec<(Caveat, String)> = readings
        .iter()
        .filter(|caveat| !is_note(caveat))
        .map(|caveat| (caveat, caveat.text().to_owned()))
        .collect();
    let changes: Vec<&str> = crossed(readings).collect();
    if !changes.is_empty() {
        let text = format!(
            "Readings by the Research API from before and after it changed are pooled or compared: on {}. Numbers across \
             a change are not comparable.",
            changes.join(", and on ")
        );
        said.push((Caveat::PipelineChanged, text));
    }
    said
}

/// Returns the caveats that one reading of a video adds to a sum: none unless it comes from the Research API. Without
/// a posting or reading time, only those that apply to every such reading.
pub fn caveats_of_reading(source: Source, create_time: Option<i64>, read_at: Option<Timestamp>) -> CaveatSet {
    if source != Source::ResearchApi {
        return CaveatSet::default();
    }
    let posted = create_time.and_then(|seconds| seconds.checked_mul(1000)).map(Timestamp::from_ms);
    let window = posted.map(UtcDay::of).and_then(|day| Window::new(day, day).ok());
    match (window, read_at) {
        (Some(window), Some(read_at)) => caveats_of(window, read_at).into_iter().collect(),
        (None, Some(read_at)) => always().union(pipeline_of(read_at)),
        _ => always(),
    }
}

/// Returns the caveats of all data from the Research API.
fn always() -> CaveatSet {
    [Caveat::AdultsOnly, Caveat::SurvivorsOnly].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    fn names(last: &str, read: &str) -> Vec<&'static str> {
        let day = UtcDay::of(at(last));
        let window = Window::new(day, day).expect("a window");
        let set = caveats_of(window, at(read)).into_iter().collect();
        caveat_texts(set).into_iter().map(|(caveat, _)| caveat.name()).collect()
    }

    #[test]
    fn numbers_and_names_are_each_used_once() {
        for (position, caveat) in Caveat::VARIANTS.iter().copied().enumerate() {
            assert_eq!(usize::from(caveat.number()), position + 1);
            assert_eq!(Caveat::from_number(caveat.number()), Some(caveat));
            assert_eq!(Caveat::VARIANTS.iter().filter(|other| other.name() == caveat.name()).count(), 1);
            assert!(caveat.text().ends_with('.'));
        }
        assert_eq!(Caveat::from_number(0), None);
    }

    #[test]
    fn readings_of_the_research_api_alone_have_caveats() {
        let read = at("2026-09-18T00:00:00Z");
        let posted = Some(at("2026-09-15T08:00:00Z").as_ms() / 1000);
        let names = |source, posted, read| {
            caveat_texts(caveats_of_reading(source, posted, read))
                .into_iter()
                .map(|(it, _)| it.name())
                .collect::<Vec<_>>()
        };
        assert!(names(Source::Apify, posted, Some(read)).is_empty());
        let always = ["adults_only", "survivors_only"];
        assert_eq!(
            names(Source::ResearchApi, posted, Some(read)),
            ["counts_lag", always[0], always[1], "all_public_since_2026_02_26"]
        );
        assert_eq!(
            names(Source::ResearchApi, None, Some(read)),
            [always[0], always[1], "all_public_since_2026_02_26"]
        );
        assert_eq!(names(Source::ResearchApi, posted, None), always);
        assert_eq!(names(Source::ResearchApi, Some(i64::MAX), None), always);
    }

    #[test]
    fn readings_across_a_change_of_the_research_api_say_so_whatever_the_day_of_posting() {
        let set = |reads: &[&str]| {
            let posted = Some(at("2025-01-01").as_ms() / 1000);
            let of = |read: &&str| caveats_of_reading(Source::ResearchApi, posted, Some(at(read)));
            reads.iter().map(of).fold(CaveatSet::default(), CaveatSet::union)
        };
        let changed = |reads: &[&str]| {
            let found =
                caveat_texts(set(reads)).into_iter().find(|(caveat, _)| *caveat == Caveat::PipelineChanged);
            found.map(|(_, text)| (text.contains("26 February 2026"), text.contains("10 September 2026")))
        };
        assert_eq!(changed(&[]), None);
        assert_eq!(changed(&["2025-06-01", "2026-02-25T23:59:59Z"]), None);
        assert_eq!(changed(&["2026-02-26", "2026-09-09T23:59:59Z"]), None);
        assert_eq!(changed(&["2026-09-10", "2026-11-01"]), None);
        assert_eq!(changed(&["2026-02-25T23:59:59Z", "2026-02-26"]), Some((true, false)));
        assert_eq!(changed(&["2026-09-09", "2026-09-10"]), Some((false, true)));
        assert_eq!(changed(&["2025-06-01", "2026-11-01"]), Some((true, true)));
        let series = pipeline_of(at("2026-01-01")).union(pipeline_of(at("2026-03-01")));
        assert!(caveat_texts(series).iter().any(|(caveat, _)| *caveat == Caveat::PipelineChanged));
    }

    #[test]
    fn what_applies_hangs_on_the_days_and_on_when_they_were_read() {
        let always = ["adults_only", "survivors_only"];
        let later = "all_public_since_2026_02_26";
        assert_eq!(names("2026-09-01", "2026-09-20"), [always[0], always[1], later]);
        assert_eq!(
            names("2026-09-15", "2026-09-17T23:59:59Z"),
            ["index_lag", "counts_lag", always[0], always[1], later]
        );
        assert_eq!(names("2026-09-15", "2026-09-18"), ["counts_lag", always[0], always[1], later]);
        assert_eq!(
            names("2024-01-01", "2024-06-30T23:59:59Z"),
            [always[0], always[1], "counts_too_low_before_july_2024", "canada_missing"]
        );
        assert_eq!(names("2024-01-01", "2024-07-01"), [always[0], always[1], "canada_missing"]);
        assert_eq!(names("2024-01-01", "2026-02-26"), [always[0], always[1], later, "canada_missing"]);
    }
}

//! Dated events of the platform that shift numbers without any change of the hashtags: they explain a step in a curve,
//! and no alert fires because of one.

use crate::caveat::{ALL_PUBLIC_MS, CANADA_MS};
use crate::metrics::structural_break::BREAK;
use crate::{Caveat, Source, Timestamp};
use strum::IntoStaticStr;

/// 2026-06-01 and 2026-07-01: in between the longest window of the Creative Center changed.
const CREATIVE_CENTER: (Timestamp, Timestamp) =
    (Timestamp::from_ms(1_780_272_000_000), Timestamp::from_ms(1_782_864_000_000));

/// A number that an event can shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Shifted {
    /// Growth of the views of a hashtag.
    Views,
    /// Growth of the creators of a hashtag.
    Creators,
    /// Growth of the videos of a hashtag.
    Videos,
    /// Relations, overlap and shares, which depend on the hashtags that a post has.
    CoOccurrence,
    /// Percentiles of plays and engagement.
    Benchmarks,
    /// Sums over a window of the Creative Center.
    WindowSums,
}

impl Shifted {
    /// Returns the name in answers, such as `views` or `co_occurrence`.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// An event of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Annotation {
    /// Name in answers.
    pub name: &'static str,
    /// First moment at which it may have happened.
    pub from: Timestamp,
    /// Moment by which it had happened: that of `from` where the moment is known.
    pub until: Timestamp,
    /// A sentence for people.
    pub text: &'static str,
    /// Source of the statement.
    pub source: &'static str,
    /// Numbers that it can shift.
    pub shifts: &'static [Shifted],
    /// Source of the readings that it can shift; `None` for every source.
    pub readings_of: Option<Source>,
    /// Caveat of numbers that pool readings from before and after.
    pub caveat: Option<Caveat>,
}

/// Source of the statements on the Research API.
const RESEARCH_API: &str =
    "documentation of TikTok's Research API: its changelog and the codebook for videos";

/// All events, oldest first.
pub static ANNOTATIONS: [Annotation; 4] = [
    Annotation {
        name: "five_hashtags",
        from: BREAK.0,
        until: BREAK.1,
        text: "TikTok limited posts to five hashtags in August 2025: since then a post counts under fewer hashtags.",
        source: "measured on a mobile feed: docs/metrics.md, Five hashtags a post",
        shifts: &[
            Shifted::Views,
            Shifted::Creators,
            Shifted::Videos,
            Shifted::CoOccurrence,
            Shifted::Benchmarks,
        ],
        readings_of: None,
        caveat: Some(Caveat::StructuralBreak),
    },
    Annotation {
        name: "research_api_all_public",
        from: Timestamp::from_ms(ALL_PUBLIC_MS),
        until: Timestamp::from_ms(ALL_PUBLIC_MS),
        text: "The Research API returns all public videos since 26 February 2026, also those that the For You feed omits.",
        source: RESEARCH_API,
        shifts: &[Shifted::Views, Shifted::Creators, Shifted::Videos, Shifted::Benchmarks],
        readings_of: Some(Source::ResearchApi),
        caveat: Some(Caveat::AllPublic),
    },
    Annotation {
        name: "creative_center_windows",
        from: CREATIVE_CENTER.0,
        until: CREATIVE_CENTER.1,
        text: "The longest window of TikTok's Creative Center is 90 days since June 2026; before, it was 120 days.",
        source: "the windows that the web Creative Center offers",
        shifts: &[Shifted::WindowSums],
        readings_of: Some(Source::CreativeCenter),
        caveat: None,
    },
    Annotation {
        name: "research_api_canada",
        from: Timestamp::from_ms(CANADA_MS),
        until: Timestamp::from_ms(CANADA_MS),
        text: "The documentation of the Research API no longer excludes videos from Canada since about 10 September 2026.",
        source: RESEARCH_API,
        shifts: &[Shifted::Views, Shifted::Creators, Shifted::Videos, Shifted::Benchmarks],
        readings_of: Some(Source::ResearchApi),
        caveat: Some(Caveat::CanadaMissing),
    },
];

impl Annotation {
    /// Returns true if it can shift a number, given the sources of the readings that the number is made of.
    pub fn can_shift(&self, number: Shifted, mut sources: impl Iterator<Item = Source>) -> bool {
        self.shifts.contains(&number)
            && self.readings_of.is_none_or(|affected| sources.any(|source| source == affected))
    }

    /// Returns true if growth from one moment to another spans it, or a part of it.
    pub fn is_within(&self, from: Timestamp, to: Timestamp) -> bool {
        from < self.until && self.from <= to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    #[test]
    fn events_are_dated_named_once_and_in_order() {
        assert!(ANNOTATIONS.is_sorted_by_key(|event| event.from));
        for event in &ANNOTATIONS {
            assert_eq!(ANNOTATIONS.iter().filter(|other| other.name == event.name).count(), 1);
            assert!(event.from <= event.until && !event.shifts.is_empty(), "{}", event.name);
            assert!(event.text.ends_with('.') && !event.source.is_empty(), "{}", event.name);
        }
        let dates: Vec<String> = ANNOTATIONS.iter().map(|event| event.from.to_rfc3339()).collect();
        assert_eq!(
            dates,
            ["2025-08-01T00:00:00Z", "2026-02-26T00:00:00Z", "2026-06-01T00:00:00Z", "2026-09-10T00:00:00Z"]
        );
        assert_eq!(CREATIVE_CENTER.1, at("2026-07-01"));
    }

    #[test]
    fn growth_spans_an_event_only_from_before_it_to_after_it() {
        let [five, public, ..] = ANNOTATIONS;
        assert!(five.is_within(at("2025-07-20"), at("2025-08-02")));
        assert!(five.is_within(at("2025-08-31"), at("2025-09-07")));
        assert!(!five.is_within(at("2025-09-01"), at("2025-09-08")));
        assert!(!five.is_within(at("2025-07-20"), at("2025-07-31")));
        assert!(public.is_within(at("2026-02-25"), at("2026-02-26")));
        assert!(!public.is_within(at("2026-02-26"), at("2026-03-01")));
    }

    #[test]
    fn an_event_of_a_source_shifts_its_readings_alone() {
        let [five, public, windows, _] = ANNOTATIONS;
        let web = [Source::Series];
        let both = [Source::Series, Source::ResearchApi];
        assert!(five.can_shift(Shifted::Views, web.into_iter()));
        assert!(!public.can_shift(Shifted::Views, web.into_iter()));
        assert!(public.can_shift(Shifted::Views, both.into_iter()));
        assert!(!windows.can_shift(Shifted::Views, [Source::CreativeCenter].into_iter()));
    }
}

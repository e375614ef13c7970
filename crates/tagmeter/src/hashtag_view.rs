//! A hashtag on the command line: its record as over HTTP, details beside it, and both as lines.

use crate::measured::total;
use crate::output::{self, counted, grouped};
use domain::caveat::caveat_texts;
use domain::{Hashtag, Source, Timestamp};
use measure::{CaveatView, HashtagRecord, ObservedView, TotalView};
use serde::Serialize;
use store::windows::Window;

/// Sums over windows that are shown to people; `--json` has more.
const WINDOWS_SHOWN_MAX: usize = 3;

/// A hashtag as JSON: its record and details.
#[derive(Debug, Serialize)]
pub(crate) struct HashtagView {
    #[serde(flatten)]
    pub(crate) record: HashtagRecord,
    #[serde(flatten)]
    details: DetailsView,
}

impl From<&Hashtag> for HashtagView {
    fn from(hashtag: &Hashtag) -> Self {
        Self { record: HashtagRecord::of(hashtag), details: DetailsView::of(hashtag) }
    }
}

/// Details of a hashtag that its record lacks.
#[derive(Debug, Serialize)]
pub(crate) struct DetailsView {
    pub(crate) meta: ObservedMeta,
    is_pgcshow: Option<bool>,
    is_challenge: Option<bool>,
    is_strong_music: Option<bool>,
    #[serde(rename = "type")]
    kind: Option<i64>,
    cover: Option<String>,
}

/// Sources and caveats of the observed totals.
#[derive(Debug, Serialize)]
pub(crate) struct ObservedMeta {
    /// Sources of the stored videos.
    source: Vec<&'static str>,
    caveats: Vec<CaveatView>,
}

impl DetailsView {
    pub(crate) fn of(hashtag: &Hashtag) -> Self {
        let (details, observed) = (&hashtag.details, &hashtag.observed);
        Self {
            meta: ObservedMeta {
                source: observed.sources.iter().map(Source::name).collect(),
                caveats: caveat_texts(observed.caveats).into_iter().map(CaveatView::from).collect(),
            },
            is_pgcshow: details.is_pgcshow,
            is_challenge: details.is_challenge,
            is_strong_music: details.is_strong_music,
            kind: details.kind,
            cover: details.cover.clone(),
        }
    }
}

/// A sum over a window of time as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct WindowView {
    observed_at: Timestamp,
    source: &'static str,
    /// `null` if unknown.
    country: Option<String>,
    /// Length of the window; `null` if unknown.
    window_days: Option<u32>,
    views: Option<u64>,
    posts: Option<u64>,
    rank: Option<u64>,
    industry: Option<String>,
}

impl From<Window> for WindowView {
    fn from(window: Window) -> Self {
        let known = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            observed_at: window.observed_at,
            source: window.source.name(),
            country: known(window.country),
            window_days: window.window_days,
            views: window.views,
            posts: window.posts,
            rank: window.rank,
            industry: known(window.industry),
        }
    }
}

impl WindowView {
    /// Formats it on one line.
    fn shown(&self) -> String {
        let count = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), grouped);
        let days = self.window_days.map_or_else(|| "a window".to_owned(), |days| counted(days.into(), "day"));
        let rank = self.rank.map(|rank| format!(", rank {rank}")).unwrap_or_default();
        let country = self.country.as_ref().map(|country| format!(" in {country}")).unwrap_or_default();
        let (views, posts, at) = (count(self.views), count(self.posts), self.observed_at.to_rfc3339());
        format!("{views} views and {posts} posts within {days}{country}{rank} ({}, {at})", self.source)
    }
}

/// Formats a hashtag, a line for each known fact, with the number of its stored readings.
pub(crate) fn lines(
    record: &HashtagRecord,
    meta: &ObservedMeta,
    readings: u64,
    windows: &[WindowView],
) -> String {
    let line = |name: &str, value: String| vec![name.to_owned(), value];
    let mut rows = vec![
        line("hashtag", format!("#{}", record.name)),
        line("id", shown_id(record)),
        line("views", total_read(&record.views)),
        line("creators", total_read(&record.creators)),
        line("videos", total_read(&record.videos)),
    ];
    if let Some(description) = record.description.as_ref().filter(|text| !text.is_empty()) {
        rows.push(line("about", output::shortened(description, 80)));
    }
    rows.push(line("stored", format!("{}; {}", stored(&record.observed), counted(readings, "reading"))));
    // Caveats limit the stored videos, not the reported totals above.
    let of = counted(record.observed.videos, "stored video");
    rows.extend(meta.caveats.iter().map(|caveat| line("caveat", format!("of the {of}: {}", caveat.text))));
    rows.extend(windows.iter().take(WINDOWS_SHOWN_MAX).map(|window| line("window", window.shown())));
    output::table(&[], rows)
}

/// Formats a total with its basis and reading time, and the newest reading if another one counts.
fn total_read(of: &TotalView) -> String {
    let Some(basis) = of.basis else { return "not known".to_owned() };
    let at = of.read_at.as_ref().map(|at| format!(" {at}")).unwrap_or_default();
    let newest = of.as_read.as_ref().map_or_else(String::new, |read| {
        format!("; the newest reading, {} (UTC), does not count", read.shown())
    });
    format!("{} {basis}{at}{newest}", total(of))
}

/// Returns TikTok's id, or the assigned one marked as such.
fn shown_id(record: &HashtagRecord) -> String {
    let assigned = || record.assigned_id.as_ref().map(|id| format!("{id} (assigned; TikTok's is unknown)"));
    record.id.clone().or_else(assigned).unwrap_or_default()
}

fn stored(observed: &ObservedView) -> String {
    if observed.videos == 0 {
        return "no videos".to_owned();
    }
    let by_handle = match observed.creators_by_handle {
        0 => String::new(),
        number => format!(" ({} by handle alone)", grouped(number)),
    };
    let of = observed.creators.map(|creators| format!(" of {}{by_handle}", counted(creators, "creator")));
    format!(
        "{}{} with {} views",
        counted(observed.videos, "video"),
        of.unwrap_or_default(),
        observed.views.map_or_else(|| "unknown".to_owned(), grouped)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::observation::{HashtagCounts, HashtagDetails};
    use domain::{
        Caveat, Count, HashtagRow, Tag,
        hashtag::{Observed, ReportedTimes},
    };

    fn lines(hashtag: &Hashtag, windows: &[WindowView]) -> String {
        super::lines(&HashtagRecord::of(hashtag), &DetailsView::of(hashtag).meta, 3, windows)
    }

    fn hashtag() -> Hashtag {
        Hashtag {
            row: HashtagRow(1),
            id: None,
            assigned_id: None,
            tag: Tag::new("Cat").expect("a tag"),
            reported: HashtagCounts { views: Count::rounded(503_200_000), ..HashtagCounts::default() },
            as_read: domain::hashtag::AsReadCounts::default(),
            reported_times: ReportedTimes::default(),
            observed: Observed { videos: 2, views: Some(1500), creators: 1, ..Observed::default() },
            details: HashtagDetails::default(),
            changed: 1,
        }
    }

    #[test]
    fn sums_within_a_window_have_lines_of_their_own() {
        let window = Window {
            observed_at: Timestamp::from_ms(1_758_737_490_000),
            source: Source::CreativeCenter,
            country: "Malaysia".to_owned(),
            window_days: Some(7),
            views: Some(84_150_986),
            posts: None,
            rank: Some(1),
            industry: String::new(),
        };
        let window = WindowView::from(window);
        let json = serde_json::to_value(&window).expect("JSON");
        assert_eq!(json["posts"], serde_json::Value::Null);
        let lines = lines(&hashtag(), &[window]);
        assert!(
            lines.ends_with(
                "window    84,150,986 views and - posts within 7 days in Malaysia, rank 1 \
             (creative-center, 2025-09-24T18:11:30Z)"
            ),
            "{lines}"
        );
    }

    #[test]
    fn what_limits_a_total_goes_with_it() {
        let mut hashtag = hashtag();
        hashtag.observed.sources.insert(Source::ResearchApi);
        hashtag.observed.caveats.insert(Caveat::AdultsOnly);
        let lines = lines(&hashtag, &[]);
        assert!(
            lines.contains(&format!("caveat    of the 2 stored videos: {}", Caveat::AdultsOnly.text())),
            "{lines}"
        );
        let json = serde_json::to_value(HashtagView::from(&hashtag)).expect("JSON");
        assert_eq!(json["meta"]["source"], serde_json::json!(["research-api"]));
        assert_eq!(json["meta"]["caveats"][0]["code"], "adults_only");
    }

    #[test]
    fn totals_say_where_they_are_from() {
        assert_eq!(
            lines(&hashtag(), &[]),
            "hashtag   #Cat\nid        9160040168169110541 (assigned; TikTok's is unknown)\nviews     ~503,200,000 reported\ncreators  1 observed\n\
             videos    2 observed\nstored    2 videos of 1 creator with 1,500 views; 3 readings"
        );
        let json = serde_json::to_value(HashtagView::from(&hashtag())).expect("JSON");
        assert_eq!(
            json["views"],
            serde_json::json!({"value": 503_200_000, "basis": "reported", "rounded": true, "step": 100_000, "read_at": null, "as_read": null})
        );
        assert_eq!(
            json["videos"],
            serde_json::json!({"value": 2, "basis": "observed", "rounded": false, "step": 1, "read_at": null, "as_read": null})
        );
        assert_eq!(json["assigned_id"], "9160040168169110541");
        assert_eq!((&json["id"], &json["reported_at"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    }
}

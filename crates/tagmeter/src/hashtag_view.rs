//! The view of a hashtag on the command line: each total with its basis, reported or observed, and rounded ones
//! marked.

use crate::output::{self, counted, grouped};
use domain::caveat::caveat_texts;
use domain::hashtag::{AsRead, Total};
use domain::{Basis, Hashtag, Source, Timestamp};
use measure::{AsReadView, CaveatView};
use serde::Serialize;
use store::windows::Window;

/// Sums over windows that are shown to people; `--json` has more.
const WINDOWS_SHOWN_MAX: usize = 3;

/// A hashtag as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct HashtagView {
    /// TikTok's id; `null` if unknown.
    pub(crate) id: Option<String>,
    /// Assigned id, which every command and endpoint accepts; `null` if TikTok's is known.
    assigned_id: Option<String>,
    pub(crate) name: String,
    description: Option<String>,
    pub(crate) views: TotalView,
    pub(crate) creators: TotalView,
    pub(crate) videos: TotalView,
    /// Time of the newest reported total; `null` if there is none with a time.
    reported_at: Option<String>,
    observed: ObservedView,
    pub(crate) meta: MetaView,
    /// Number of stored readings, if they were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshots: Option<u64>,
    /// Sums within windows of time, by country, newest first; never part of the totals above.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    windows: Vec<WindowView>,
    is_pgcshow: Option<bool>,
    is_commerce: Option<bool>,
    is_challenge: Option<bool>,
    is_strong_music: Option<bool>,
    #[serde(rename = "type")]
    kind: Option<i64>,
    cover: Option<String>,
}

/// A sum over a window of time as JSON.
#[derive(Debug, Serialize)]
struct WindowView {
    observed_at: String,
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
            observed_at: window.observed_at.to_rfc3339(),
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
        let (views, posts, at) = (count(self.views), count(self.posts), &self.observed_at);
        format!("{views} views and {posts} posts within {days}{country}{rank} ({}, {at})", self.source)
    }
}

/// A total as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct TotalView {
    /// `null` if unknown.
    value: Option<u64>,
    /// `reported` or `observed`; `null` for a `null` value.
    basis: Option<&'static str>,
    rounded: bool,
    /// Reading time; of an observed total, that of the newest reading of the stored videos.
    read_at: Option<String>,
    /// The newest reading, if it is not the one that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_read: Option<AsReadView>,
    #[serde(skip)]
    shown: String,
}

/// Sources and caveats of the observed totals.
#[derive(Debug, Serialize)]
pub(crate) struct MetaView {
    /// Sources of the stored videos.
    source: Vec<&'static str>,
    pub(crate) caveats: Vec<CaveatView>,
}

/// Sums over the stored videos.
#[derive(Debug, Serialize)]
struct ObservedView {
    videos: u64,
    /// `null` if the sum is above 2^53.
    views: Option<u64>,
    /// `null` if no creator of a stored video is known.
    creators: Option<u64>,
    /// Creators known by handle alone, among these.
    creators_by_handle: u64,
    /// Time of the newest reading of any of them; `null` if none has a time.
    read_at: Option<String>,
}

impl TotalView {
    fn new(
        total: Option<Total>,
        reported_at: Option<Timestamp>,
        observed_at: Option<Timestamp>,
        as_read: Option<AsRead>,
    ) -> Self {
        let read_at = total.and_then(|total| match total.basis {
            Basis::Reported => reported_at,
            Basis::Observed => observed_at,
        });
        Self {
            read_at: read_at.map(Timestamp::to_rfc3339),
            value: total.map(|t| t.value),
            basis: total.map(|t| t.basis.name()),
            rounded: total.is_some_and(|t| t.rounded),
            as_read: as_read.map(AsReadView::from),
            shown: total.map_or_else(|| "-".to_owned(), output::total),
        }
    }

    /// Formats the number.
    pub(crate) fn shown(&self) -> String {
        self.shown.clone()
    }

    /// Formats the newest reading, if another one counts.
    fn newest(&self) -> String {
        self.as_read.as_ref().map_or_else(String::new, |read| {
            format!("; the newest reading, {} (UTC), does not count", read.shown())
        })
    }

    /// `reported` or `observed`.
    pub(crate) fn basis(&self) -> String {
        self.basis.unwrap_or_default().to_owned()
    }
}

impl HashtagView {
    pub(crate) fn new(hashtag: &Hashtag) -> Self {
        let details = hashtag.details.clone();
        let (at, observed_at) = (hashtag.counted_times(), hashtag.observed.read_at);
        Self {
            id: hashtag.id.map(|id| id.to_string()),
            assigned_id: hashtag.id.is_none().then(|| hashtag.public_id().to_string()),
            name: hashtag.tag.name().to_owned(),
            description: details.description,
            views: TotalView::new(hashtag.views(), at.views, observed_at, hashtag.as_read.views),
            creators: TotalView::new(hashtag.creators(), at.creators, observed_at, hashtag.as_read.creators),
            videos: TotalView::new(hashtag.videos(), at.videos, observed_at, hashtag.as_read.videos),
            reported_at: hashtag.reported_at().map(Timestamp::to_rfc3339),
            observed: ObservedView {
                videos: hashtag.observed.videos,
                views: hashtag.observed.views,
                creators: Some(hashtag.observed.creators).filter(|creators| *creators > 0),
                creators_by_handle: hashtag.observed.by_handle,
                read_at: hashtag.observed.read_at.map(Timestamp::to_rfc3339),
            },
            meta: MetaView {
                source: hashtag.observed.sources.iter().map(Source::name).collect(),
                caveats: caveat_texts(hashtag.observed.caveats).into_iter().map(CaveatView::from).collect(),
            },
            snapshots: None,
            windows: Vec::new(),
            is_pgcshow: details.is_pgcshow,
            is_commerce: details.is_commerce,
            is_challenge: details.is_challenge,
            is_strong_music: details.is_strong_music,
            kind: details.kind,
            cover: details.cover,
        }
    }

    /// Returns the newest readings that do not count, with the names of the hashtag and the total.
    pub(crate) fn not_as_read(&self) -> impl Iterator<Item = (&str, &'static str, &AsReadView)> {
        let totals = [("views", &self.views), ("creators", &self.creators), ("videos", &self.videos)];
        totals
            .into_iter()
            .filter_map(|(what, total)| Some((self.name.as_str(), what, total.as_read.as_ref()?)))
    }

    /// Adds the number of stored readings.
    pub(crate) fn with_snapshots(self, number: u64) -> Self {
        Self { snapshots: Some(number), ..self }
    }

    /// Adds sums within windows of time.
    pub(crate) fn with_windows(self, windows: Vec<Window>) -> Self {
        Self { windows: windows.into_iter().map(WindowView::from).collect(), ..self }
    }

    /// Formats the hashtag, a line for each known fact.
    pub(crate) fn lines(&self) -> String {
        let line = |name: &str, value: String| vec![name.to_owned(), value];
        let total = |name: &str, total: &TotalView| match total.basis {
            Some(basis) => {
                let at = total.read_at.as_ref().map(|at| format!(" {at}")).unwrap_or_default();
                line(name, format!("{} {basis}{at}{}", total.shown, total.newest()))
            }
            None => line(name, "not known".to_owned()),
        };
        let mut rows = vec![
            line("hashtag", format!("#{}", self.name)),
            line("id", self.shown_id()),
            total("views", &self.views),
            total("creators", &self.creators),
            total("videos", &self.videos),
        ];
        if let Some(description) = self.description.as_ref().filter(|text| !text.is_empty()) {
            rows.push(line("about", output::shortened(description, 80)));
        }
        rows.push(line("stored", self.stored()));
        // Caveats limit the stored videos, not the reported totals above.
        let of = counted(self.observed.videos, "stored video");
        rows.extend(
            self.meta.caveats.iter().map(|caveat| line("caveat", format!("of the {of}: {}", caveat.text))),
        );
        rows.extend(self.windows.iter().take(WINDOWS_SHOWN_MAX).map(|window| line("window", window.shown())));
        output::table(&[], rows)
    }

    /// Returns TikTok's id, else the assigned one.
    pub(crate) fn any_id(&self) -> String {
        self.id.clone().or_else(|| self.assigned_id.clone()).unwrap_or_default()
    }

    /// Returns TikTok's id, or the assigned one marked as such.
    fn shown_id(&self) -> String {
        let assigned = || self.assigned_id.as_ref().map(|id| format!("{id} (assigned; TikTok's is unknown)"));
        self.id.clone().or_else(assigned).unwrap_or_default()
    }

    fn stored(&self) -> String {
        let ObservedView { videos, views, creators, creators_by_handle, .. } = self.observed;
        let videos = match videos {
            0 => "no videos".to_owned(),
            _ => {
                let by_handle = match creators_by_handle {
                    0 => String::new(),
                    number => format!(" ({} by handle alone)", grouped(number)),
                };
                let of = creators.map(|creators| format!(" of {}{by_handle}", counted(creators, "creator")));
                format!(
                    "{}{} with {} views",
                    counted(videos, "video"),
                    of.unwrap_or_default(),
                    views.map_or_else(|| "unknown".to_owned(), grouped)
                )
            }
        };
        match self.snapshots {
            Some(number) => format!("{videos}; {}", counted(number, "reading")),
            None => videos,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Caveat;
    use domain::observation::{HashtagCounts, HashtagDetails};
    use domain::{
        Count, HashtagRow, Tag,
        hashtag::{Observed, ReportedTimes},
    };

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
        let view = HashtagView::new(&hashtag()).with_windows(vec![window]);
        assert!(
            view.lines().ends_with(
                "window    84,150,986 views and - posts within 7 days in Malaysia, rank 1 \
             (creative-center, 2025-09-24T18:11:30Z)"
            ),
            "{}",
            view.lines()
        );
        let json = serde_json::to_value(&view).expect("JSON");
        assert_eq!(json["meta"]["caveats"], serde_json::json!([]));
        assert_eq!(json["windows"][0]["posts"], serde_json::Value::Null);
        assert_eq!(json["views"]["value"], 503_200_000);
    }

    #[test]
    fn what_limits_a_total_goes_with_it() {
        let mut hashtag = hashtag();
        hashtag.observed.sources.insert(Source::ResearchApi);
        hashtag.observed.caveats.insert(Caveat::AdultsOnly);
        let view = HashtagView::new(&hashtag);
        assert!(
            view.lines()
                .contains(&format!("caveat    of the 2 stored videos: {}", Caveat::AdultsOnly.text())),
            "{}",
            view.lines()
        );
        let json = serde_json::to_value(&view).expect("JSON");
        assert_eq!(json["meta"]["source"], serde_json::json!(["research-api"]));
        assert_eq!(json["meta"]["caveats"][0]["code"], "adults_only");
    }

    #[test]
    fn totals_say_where_they_are_from() {
        let view = HashtagView::new(&hashtag()).with_snapshots(3);
        assert_eq!(
            view.lines(),
            "hashtag   #Cat\nid        9160040168169110541 (assigned; TikTok's is unknown)\nviews     ~503,200,000 reported\ncreators  1 observed\n\
             videos    2 observed\nstored    2 videos of 1 creator with 1,500 views; 3 readings"
        );
        let json = serde_json::to_value(HashtagView::new(&hashtag())).expect("JSON");
        assert_eq!(
            json["views"],
            serde_json::json!({"value": 503_200_000, "basis": "reported", "rounded": true, "read_at": null})
        );
        assert_eq!(
            json["videos"],
            serde_json::json!({"value": 2, "basis": "observed", "rounded": false, "read_at": null})
        );
        assert_eq!(json["assigned_id"], "9160040168169110541");
        assert_eq!((&json["id"], &json["reported_at"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    }
}

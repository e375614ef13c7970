//! A hashtag as the command line shows it: every total says whether it was reported or observed, and a rounded one
//! says so too.

use crate::output::{self, counted, grouped};
use domain::Hashtag;
use domain::hashtag::Total;
use serde::Serialize;

/// A hashtag as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct HashtagView {
    /// TikTok's id; `null` while it is not known.
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    description: Option<String>,
    pub(crate) views: TotalView,
    pub(crate) creators: TotalView,
    pub(crate) videos: TotalView,
    /// When the newest reported total was read; `null` where no source told.
    reported_at: Option<String>,
    observed: ObservedView,
    /// Readings kept of it, where they were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshots: Option<u64>,
    is_pgcshow: Option<bool>,
    is_commerce: Option<bool>,
    is_challenge: Option<bool>,
    is_strong_music: Option<bool>,
    #[serde(rename = "type")]
    kind: Option<i64>,
    cover: Option<String>,
}

/// A total as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct TotalView {
    /// `null` while nothing is known of it.
    value: Option<u64>,
    /// `reported` or `observed`; `null` beside a `null` value.
    basis: Option<&'static str>,
    rounded: bool,
    #[serde(skip)]
    shown: String,
}

/// Sums over the videos that are held.
#[derive(Debug, Serialize)]
struct ObservedView {
    videos: u64,
    views: u64,
    creators: u64,
}

impl From<Option<Total>> for TotalView {
    fn from(total: Option<Total>) -> Self {
        Self {
            value: total.map(|t| t.value),
            basis: total.map(|t| t.basis.name()),
            rounded: total.is_some_and(|t| t.rounded),
            shown: total.map_or_else(|| "-".to_owned(), output::total),
        }
    }
}

impl TotalView {
    /// The number for people.
    pub(crate) fn shown(&self) -> String {
        self.shown.clone()
    }

    /// `reported` or `observed`.
    pub(crate) fn basis(&self) -> String {
        self.basis.unwrap_or_default().to_owned()
    }
}

impl HashtagView {
    pub(crate) fn new(hashtag: &Hashtag) -> Self {
        let details = hashtag.details.clone();
        Self {
            id: hashtag.id.map(|id| id.to_string()),
            name: hashtag.tag.name().to_owned(),
            description: details.description,
            views: hashtag.views().into(),
            creators: hashtag.creators().into(),
            videos: hashtag.videos().into(),
            reported_at: hashtag.reported_at.map(domain::Timestamp::to_rfc3339),
            observed: ObservedView {
                videos: hashtag.observed.videos,
                views: hashtag.observed.views,
                creators: hashtag.observed.creators,
            },
            snapshots: None,
            is_pgcshow: details.is_pgcshow,
            is_commerce: details.is_commerce,
            is_challenge: details.is_challenge,
            is_strong_music: details.is_strong_music,
            kind: details.kind,
            cover: details.cover,
        }
    }

    /// With the number of readings that are kept of it.
    pub(crate) fn with_snapshots(self, number: u64) -> Self {
        Self { snapshots: Some(number), ..self }
    }

    /// A hashtag for people, a line for each thing that is known.
    pub(crate) fn lines(&self) -> String {
        let line = |name: &str, value: String| vec![name.to_owned(), value];
        let total = |name: &str, total: &TotalView| match total.basis {
            Some(basis) => line(name, format!("{} {basis}", total.shown)),
            None => line(name, "not known".to_owned()),
        };
        let mut rows = vec![
            line("hashtag", format!("#{}", self.name)),
            line("id", self.id.clone().unwrap_or_else(|| "not known".to_owned())),
            total("views", &self.views),
            total("creators", &self.creators),
            total("videos", &self.videos),
        ];
        if let Some(at) = &self.reported_at {
            rows.push(line("read at", at.clone()));
        }
        if let Some(description) = self.description.as_ref().filter(|text| !text.is_empty()) {
            rows.push(line("about", output::shortened(description, 80)));
        }
        rows.push(line("held", self.held()));
        output::table(&[], rows)
    }

    fn held(&self) -> String {
        let ObservedView { videos, views, creators } = self.observed;
        let videos = match videos {
            0 => "no videos".to_owned(),
            _ => {
                let (videos, creators) = (counted(videos, "video"), counted(creators, "creator"));
                format!("{videos} of {creators} with {} views", grouped(views))
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
    use domain::observation::{HashtagCounts, HashtagDetails};
    use domain::{Count, HashtagRow, Tag, hashtag::Observed};

    fn hashtag() -> Hashtag {
        Hashtag {
            row: HashtagRow(1),
            id: None,
            tag: Tag::new("Cat").expect("a tag"),
            reported: HashtagCounts { views: Count::rounded(503_200_000), ..HashtagCounts::default() },
            reported_at: None,
            observed: Observed { videos: 2, views: 1500, creators: 1 },
            details: HashtagDetails::default(),
            changed: 1,
        }
    }

    #[test]
    fn totals_say_where_they_are_from() {
        let view = HashtagView::new(&hashtag()).with_snapshots(3);
        assert_eq!(
            view.lines(),
            "hashtag   #Cat\nid        not known\nviews     ~503,200,000 reported\ncreators  1 observed\n\
             videos    2 observed\nheld      2 videos of 1 creator with 1,500 views; 3 readings"
        );
        let json = serde_json::to_value(HashtagView::new(&hashtag())).expect("JSON");
        assert_eq!(
            json["views"],
            serde_json::json!({"value": 503_200_000, "basis": "reported", "rounded": true})
        );
        assert_eq!(json["videos"], serde_json::json!({"value": 2, "basis": "observed", "rounded": false}));
        assert_eq!((&json["id"], &json["reported_at"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    }
}

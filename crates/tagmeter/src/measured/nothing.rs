//! What is said where an answer is empty: from when to when there is something.

use crate::exit::Failure;
use crate::output::grouped;
use domain::Hashtag;
use measure::{HistoryMetric, Measure, Meta, TrendingQuery};

/// No reading of a count in the time that was requested.
pub(crate) async fn nothing_read(
    measure: &Measure,
    hashtag: &Hashtag,
    metric: HistoryMetric,
) -> Result<String, Failure> {
    let (metric_name, name) = (metric.name(), hashtag.tag.name());
    Ok(match measure.readings_period(hashtag, metric).await? {
        Some(held) => format!("No {metric_name} of #{name} in this time; readings are {held}."),
        None => format!("No {metric_name} of #{name}: no source reported them with a time."),
    })
}

/// No hashtag that moves, of those that a keyword and a least number of views leave.
pub(crate) async fn nothing_moves(
    measure: &Measure,
    query: &TrendingQuery,
    meta: &Meta,
) -> Result<String, Failure> {
    let size = match query.min_views.get() {
        0 => String::new(),
        least => format!(" of {} views or more", grouped(least)),
    };
    let matching = match &query.query {
        Some(keyword) if measure.catalog().search(keyword, 0, 1).await?.hashtags.is_empty() => {
            return Ok(format!("No hashtag matches {keyword:?}."));
        }
        Some(keyword) => format!(" that matches {keyword:?}"),
        None => String::new(),
    };
    let nothing = format!("No hashtag{size}{matching} moves and was read at least twice lately");
    let day = |time: &str| time.get(..10).unwrap_or(time).to_owned();
    Ok(match &meta.available {
        Some(held) => {
            format!("{nothing}; hashtags were last read from {} to {}.", day(&held.from), day(&held.to))
        }
        None => format!("{nothing}."),
    })
}

/// Nothing that is made of videos (`what`), in the time that was requested if one was (`is_limited`).
pub(crate) async fn nothing_posted(
    measure: &Measure,
    hashtag: &Hashtag,
    what: &str,
    is_limited: bool,
) -> Result<String, Failure> {
    let name = hashtag.tag.name();
    Ok(match measure.posts_period(hashtag).await? {
        Some(_) if !is_limited => {
            format!("No {what} are known under #{name}: too little is told of its videos.")
        }
        Some(held) => format!("No {what} under #{name} in this time; the videos held were posted {held}."),
        None if hashtag.observed.videos > 0 => {
            format!("No {what} under #{name}: when its videos were posted is not known.")
        }
        None => format!("No {what} under #{name}: none of its videos are held."),
    })
}

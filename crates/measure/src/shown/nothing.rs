//! Messages for empty answers: the period for which there is data.

use crate::MeasureError;
use crate::{HistoryMetric, Measure, Meta, TrendingQuery};
use charts::grouped;
use domain::{Hashtag, UtcDay};

/// Returns the message for a count without readings in the requested period.
pub async fn nothing_read(
    measure: &Measure,
    hashtag: &Hashtag,
    metric: HistoryMetric,
) -> Result<String, MeasureError> {
    let (metric_name, name) = (metric.name(), hashtag.tag.name());
    Ok(match measure.readings_period(hashtag, metric).await? {
        Some(period) => format!("No {metric_name} of #{name} in this period; readings are {period}."),
        None => match measure.as_of() {
            Some(as_of) => format!("No {metric_name} of #{name} had come in by {}.", as_of.to_rfc3339()),
            None => format!("No {metric_name} of #{name}: no source reported them with a time."),
        },
    })
}

/// Returns the message for no trending hashtag that matches the keyword and the minimum number of views.
pub async fn nothing_moves(
    measure: &Measure,
    query: &TrendingQuery,
    meta: &Meta,
) -> Result<String, MeasureError> {
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
    let nothing = format!("No hashtag{size}{matching} has a trend from two recent readings");
    Ok(match &meta.available {
        Some(stored) => {
            let (first, last) = (UtcDay::of(stored.from), UtcDay::of(stored.to));
            format!("{nothing}; hashtags were last read from {first} to {last}.")
        }
        None => format!("{nothing}."),
    })
}

/// Returns the message for no `what`, which videos have, in the requested period if there is one
/// (`is_limited`).
pub async fn nothing_posted(
    measure: &Measure,
    hashtag: &Hashtag,
    what: &str,
    is_limited: bool,
) -> Result<String, MeasureError> {
    let name = hashtag.tag.name();
    Ok(match measure.posts_period(hashtag).await? {
        Some(_) if !is_limited => {
            format!("No {what} are known under #{name}: its videos lack the data.")
        }
        Some(stored) => {
            format!("No {what} under #{name} in this period; the stored videos were posted {stored}.")
        }
        None if hashtag.observed.videos > 0 => {
            format!("No {what} under #{name}: the posting times of its videos are unknown.")
        }
        None => format!("No {what} under #{name}: none of its videos are stored."),
    })
}

//! RSS 2.0 of a feed: an item for each past period with a reading, each gap and each event, with guids that stay.

use crate::app::App;
use crate::errors::ErrorCode;
use crate::problem::Problem;
use bytes::Bytes;
use domain::Timestamp;
use domain::metrics::{Buckets, Step};
use measure::grouped;
use rss::{Channel, Guid, Item};
use serde_json::Value;
use std::borrow::Cow;
use std::time::{Duration, SystemTime};
use store::feeds::Feed;

/// Most items of a feed: the newest.
const ITEMS_MAX: usize = 100;
/// Minutes after which a reader should look again.
const TTL_MINUTES: &str = "15";
const MEDIA_TYPE: &str = "application/rss+xml; charset=utf-8";

/// An item before it is written.
struct Entry {
    guid: String,
    title: String,
    text: String,
    at: Timestamp,
}

/// Makes RSS of an answer in JSON.
pub(crate) fn render(app: &App, feed: &Feed, json: &[u8]) -> Result<(Cow<'static, str>, Bytes), Problem> {
    let answer: Value = serde_json::from_slice(json).map_err(Problem::internal)?;
    let Some(mut entries) = entries(&answer["data"], app.clock.now()) else {
        let detail = "this question has no events. RSS is of histories, comparisons, series of trackers and events of \
                      alerts; other feeds are .csv, .xlsx or .json";
        return Err(Problem::new(ErrorCode::NotAcceptable, detail));
    };
    entries.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.guid.cmp(&b.guid)));
    entries.truncate(ITEMS_MAX);
    let mut channel = Channel::default();
    channel.set_title(feed.name.as_str());
    // The question, and not the link, which is a secret.
    channel.set_link(app.options.public_url.link("/"));
    channel.set_description(format!("{} by Tagmeter, from stored data, in UTC", feed.question));
    channel.set_generator("Tagmeter".to_owned());
    channel.set_ttl(TTL_MINUTES.to_owned());
    channel.set_items(entries.into_iter().map(item).collect::<Vec<_>>());
    let body = channel.write_to(Vec::new()).map_err(Problem::internal)?;
    Ok((MEDIA_TYPE.into(), body.into()))
}

fn item(entry: Entry) -> Item {
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(entry.at.as_ms().max(0).unsigned_abs());
    let mut item = Item::default();
    item.set_title(readable(&entry.title));
    item.set_description(readable(&entry.text));
    item.set_guid(Guid { value: entry.guid, permalink: false });
    item.set_pub_date(httpdate::fmt_http_date(at));
    item
}

/// Removes characters that XML cannot have.
fn readable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect()
}

/// Returns the entries of an answer; `None` of one without events.
fn entries(data: &Value, now: Timestamp) -> Option<Vec<Entry>> {
    if let Some(events) = data["events"].as_array() {
        return Some(events.iter().filter_map(of_event).collect());
    }
    if let Some(series) = data["series"].as_array() {
        return Some(series.iter().flat_map(|one| of_series(one, now)).collect());
    }
    if let Some(hashtags) = data["hashtags"].as_array() {
        let histories = hashtags.iter().filter(|one| one["series"]["points"].is_array());
        return Some(histories.flat_map(|one| of_history(&one["series"], now)).collect());
    }
    data["points"].is_array().then(|| of_history(data, now))
}

fn moment(value: &Value) -> Option<Timestamp> {
    Timestamp::parse(value.as_str()?)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Returns the day of a time.
fn day(at: Timestamp) -> String {
    at.to_rfc3339().chars().take(10).collect()
}

/// Returns how exact a number is.
fn rounding(step: u64) -> String {
    if step > 1 { format!("rounded to {}", grouped(step)) } else { "exact".to_owned() }
}

fn of_event(event: &Value) -> Option<Entry> {
    let (at, data) = (moment(&event["at"])?, &event["data"]);
    let title = data["title"].as_str().unwrap_or_else(|| text(&event["type"]));
    let parts = ["sentence", "number", "basis", "reason"];
    let labels = ["", "Number: ", "Basis: ", ""];
    let parts = parts.iter().zip(labels).filter_map(|(name, label)| {
        let part = data[*name].as_str().filter(|part| !part.is_empty())?;
        Some(format!("{label}{}.", part.trim_end_matches('.')))
    });
    let text = parts.collect::<Vec<_>>().join(" ");
    Some(Entry { guid: text_id(event), title: title.to_owned(), text, at })
}

fn text_id(event: &Value) -> String {
    text(&event["id"]).to_owned()
}

/// Returns an entry for each period of a history that is over, and for each gap before one.
fn of_history(history: &Value, now: Timestamp) -> Vec<Entry> {
    let (name, metric) = (text(&history["hashtag"]), text(&history["metric"]));
    let (step, mode) = (text(&history["step"]), text(&history["mode"]));
    let by = Buckets {
        step: step.parse().unwrap_or(Step::Raw),
        zone: text(&history["tz"]).parse().unwrap_or_default(),
    };
    let guid =
        |kind: &str, at: Timestamp| format!("tagmeter:{kind}:{name}:{metric}:{step}:{mode}:{}", at.as_ms());
    let mut entries = Vec::new();
    for point in history["points"].as_array().into_iter().flatten() {
        let (Some(at), Some(read_at)) = (moment(&point["at"]), moment(&point["read_at"])) else { continue };
        // Its last reading may still come.
        if by.next(at).is_some_and(|next| next > now) {
            continue;
        }
        let basis = format!(
            "As reported, {}; read {} from {}.",
            rounding(point["step"].as_u64().unwrap_or(1)),
            read_at.to_rfc3339(),
            text(&point["source"])
        );
        let on = match (point["date"].as_str(), step) {
            (Some(date), "week") => format!(" in the week of {date}"),
            (Some(date), _) => format!(" on {date}"),
            (None, _) => String::new(),
        };
        let repair =
            point["repair"].as_str().map(|repair| format!(" Repaired: {repair}.")).unwrap_or_default();
        let title = match point["value"].as_u64() {
            Some(value) if mode == "gain" => format!("#{name} gained {} {metric}{on}", grouped(value)),
            Some(value) => format!("#{name} has {} {metric}{on}", grouped(value)),
            None => format!("#{name}: {metric} unknown{on}"),
        };
        if let Some(gap) = point["gap_ms"].as_i64() {
            let from = Timestamp::from_ms(read_at.as_ms() - gap);
            let text = format!(
                "No reading from {} to {}; nothing is filled in.",
                from.to_rfc3339(),
                read_at.to_rfc3339()
            );
            entries.push(Entry {
                guid: guid("gap", at),
                title: format!("#{name}: a gap in its readings"),
                text,
                at: read_at,
            });
        }
        entries.push(Entry { guid: guid("point", at), title, text: format!("{basis}{repair}"), at: read_at });
    }
    entries
}

/// Returns an entry for the last reading of each past day of a tracker's series, and for each gap.
fn of_series(series: &Value, now: Timestamp) -> Vec<Entry> {
    let name = text(&series["hashtag"]);
    let readings: Vec<(Timestamp, &Value)> = series["readings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|reading| Some((moment(&reading["at"])?, reading)))
        .collect();
    let today = day(now);
    let mut entries = Vec::new();
    for (place, (at, reading)) in readings.iter().enumerate() {
        let is_last = readings.get(place + 1).is_none_or(|(next, _)| day(*next) != day(*at));
        if !is_last || day(*at) == today {
            continue;
        }
        let views = reading["views"].as_u64();
        let title = match views {
            Some(views) => format!("#{name} has {} views", grouped(views)),
            None => format!("#{name}: views unknown"),
        };
        let step = views.map(|_| format!(", {}", rounding(reading["views_step"].as_u64().unwrap_or(1))));
        let late =
            if reading["late"].as_bool() == Some(true) { " The first reading after a gap." } else { "" };
        let text = format!(
            "As reported{}; read {} from {}.{late}",
            step.unwrap_or_default(),
            at.to_rfc3339(),
            text(&reading["source"])
        );
        entries.push(Entry { guid: format!("tagmeter:reading:{name}:{}", day(*at)), title, text, at: *at });
    }
    for gap in series["gaps"].as_array().into_iter().flatten() {
        let (Some(from), Some(until)) = (moment(&gap["from"]), moment(&gap["until"])) else { continue };
        let reason = text(&gap["reason"]);
        let text = format!(
            "No reading from {} to {} ({reason}); nothing is filled in.",
            from.to_rfc3339(),
            until.to_rfc3339()
        );
        // A gap that grows stays one item.
        let guid = format!("tagmeter:gap:{name}:{}", from.as_ms());
        entries.push(Entry { guid, title: format!("#{name}: a gap in its readings"), text, at: from });
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_local_day_is_an_item_once_it_is_over() {
        let at = |text| Timestamp::parse(text).expect("a time");
        // The day of 25 hours in Berlin ends at 23:00 UTC of the 25th.
        let history = json!({
            "hashtag": "cat", "metric": "views", "step": "day", "mode": "total", "tz": "Europe/Berlin",
            "points": [{"at": "2026-10-24T22:00:00Z", "read_at": "2026-10-25T20:00:00Z", "value": 5, "step": 1,
                "source": "series", "gap_ms": null, "repair": null, "date": "2026-10-25"}],
        });
        assert_eq!(of_history(&history, at("2026-10-25T22:30:00Z")).len(), 0);
        let over = of_history(&history, at("2026-10-25T23:00:00Z"));
        assert_eq!((over.len(), over[0].title.as_str()), (1, "#cat has 5 views on 2026-10-25"));
    }
}

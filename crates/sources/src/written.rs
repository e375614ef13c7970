//! Parses details as people and programs write them into cells: times, durations, handles.

use crate::json::number;
use domain::{Timestamp, VideoId};

/// Longest plausible duration of a video, in seconds: a day.
const DURATION_MAX: u64 = 86_400;

/// Seconds between two neighbouring time zones.
const ZONE_STEP: i64 = 900;

/// Largest time zone offset, in seconds.
const ZONE_MAX: i64 = 14 * 3600;

/// Tolerance, in seconds, between the posting time and that in the id, apart from the time zone.
const ZONE_SLACK: i64 = 120;

/// Numbers from this one on are days (`20240805`), not seconds.
const FIRST_DAY: i64 = 20_140_101;
const LAST_DAY: i64 = 20_991_231;

/// Position of the day in dates like `01/03/2024`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    DayFirst,
    MonthFirst,
}

impl Order {
    /// Detects the order in a column of dates: a number above 12 is a day. `None` if no cell decides, or
    /// they disagree.
    pub(crate) fn of<'c>(cells: impl Iterator<Item = &'c str>) -> Option<Self> {
        let (mut has_day_first, mut has_month_first) = (false, false);
        for [first, second, _] in cells.filter_map(|cell| parts_of_date(date_of(cell.trim()).0, '/')) {
            has_day_first |= first > 12;
            has_month_first |= second > 12;
        }
        match (has_day_first, has_month_first) {
            (true, false) => Some(Self::DayFirst),
            (false, true) => Some(Self::MonthFirst),
            _ => None,
        }
    }
}

/// Parses a posting time.
pub(crate) fn time(text: &str, order: Option<Order>) -> Option<Timestamp> {
    parse(text, order, Timestamp::from_source)
}

/// Parses a reading time. Future times are returned, so that they can be rejected as such.
pub(crate) fn time_of_reading(text: &str, order: Option<Order>) -> Option<Timestamp> {
    parse(text, order, Timestamp::of_reading)
}

fn parse(text: &str, order: Option<Order>, of_number: fn(i64) -> Option<Timestamp>) -> Option<Timestamp> {
    let text = text.trim().trim_matches(['"', '\'']).trim();
    if let Some(number) = whole_number(text) {
        if (FIRST_DAY..=LAST_DAY).contains(&number) {
            return Timestamp::parse(&format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..8]));
        }
        return of_number(number);
    }
    // A column of floats: `1.764e+09`.
    if text.contains(['e', 'E'])
        && let Some(number) = number::from_text(text)
    {
        return of_number(i64::try_from(number).ok()?);
    }
    let known = Timestamp::parse(text).or_else(|| httpdate_of(text));
    known.or_else(|| {
        let (date, clock) = date_of(text);
        let [year, month, day] = iso_date(date, order)?;
        let clock = match clock {
            "" => String::new(),
            clock => format!("T{}", full_clock(clock)?),
        };
        Timestamp::parse(&format!("{year:04}-{month:02}-{day:02}{clock}"))
    })
}

/// Returns true for a date and time without a zone, which may be local.
pub(crate) fn is_of_no_zone(text: &str) -> bool {
    let text = text.trim().trim_matches(['"', '\'']);
    let (date, clock) = date_of(text);
    let is_date = date.contains(['-', '/', '.']) && whole_number(date).is_none();
    let upper = clock.to_ascii_uppercase();
    is_date
        && clock.contains(':')
        && !upper.contains(['+', '-'])
        && !upper.ends_with('Z')
        && !upper.contains("UTC")
        && !upper.contains("GMT")
}

/// Parses digits, also with the zero fraction of a float.
fn whole_number(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    whole.parse().ok()
}

fn httpdate_of(text: &str) -> Option<Timestamp> {
    let at = httpdate::parse_http_date(text).ok()?;
    let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    Timestamp::from_source(i64::try_from(since.as_secs()).ok()?)
}

/// Splits a text into date and time of day.
fn date_of(text: &str) -> (&str, &str) {
    let (date, clock) = text.split_once([' ', 'T', ',']).unwrap_or((text, ""));
    (date, clock.trim_start_matches([',', ' ']))
}

fn parts_of_date(date: &str, mark: char) -> Option<[u32; 3]> {
    let mut parts = date.split(mark).map(|part| part.parse::<u32>().ok());
    let all = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(all)
}

/// Parses `2024/03/01`, `2024.03.01`, `1.3.2024`, and `01/03/2024` if the order is known.
fn iso_date(date: &str, order: Option<Order>) -> Option<[u32; 3]> {
    for mark in ['-', '/', '.'] {
        let Some([first, second, third]) = parts_of_date(date, mark) else { continue };
        if first > 31 {
            return Some([first, second, third]);
        }
        if third < 1000 {
            return None;
        }
        // With full stops, or with a day above 12, there is only one interpretation.
        let order = match mark {
            '.' => Some(Order::DayFirst),
            _ if first > 12 => Some(Order::DayFirst),
            _ if second > 12 => Some(Order::MonthFirst),
            _ => order,
        };
        return match order? {
            Order::DayFirst => Some([third, second, first]),
            Order::MonthFirst => Some([third, first, second]),
        };
    }
    None
}

/// Converts `16:00`, `16:00:00 UTC`, `4:00 PM`, `16:00:00+0000` to RFC 3339.
fn full_clock(clock: &str) -> Option<String> {
    let upper = clock.to_ascii_uppercase();
    let (upper, zone) = match upper.trim_end() {
        text if text.ends_with("UTC") || text.ends_with("GMT") => {
            (text[..text.len() - 3].trim_end().to_owned(), "Z".to_owned())
        }
        text => match text.rfind(['+', '-']) {
            Some(at) => (text[..at].trim_end().to_owned(), zone_of(&text[at..])?),
            None => match text.strip_suffix('Z') {
                Some(text) => (text.to_owned(), "Z".to_owned()),
                None => (text.to_owned(), String::new()),
            },
        },
    };
    let (clock, half) = match upper
        .strip_suffix("AM")
        .map(|clock| (clock, 0))
        .or(upper.strip_suffix("PM").map(|clock| (clock, 12)))
    {
        Some((clock, half)) => (clock.trim_end(), Some(half)),
        None => (upper.as_str(), None),
    };
    let mut parts = clock.splitn(3, ':');
    let hour: u32 = parts.next()?.trim().parse().ok()?;
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    let minute: u32 = parts.next()?.parse().ok()?;
    let second = parts.next().unwrap_or("00");
    Some(format!("{hour:02}:{minute:02}:{second}{zone}"))
}

/// Converts `+0000` and `+00:00`.
fn zone_of(text: &str) -> Option<String> {
    let (sign, digits) = text.split_at_checked(1)?;
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    match digits.len() {
        2 => Some(format!("{sign}{digits}:00")),
        4 => Some(format!("{sign}{}:{}", &digits[..2], &digits[2..])),
        _ => None,
    }
}

/// Parses `31`, `31.0`, `00:31`, `1:02:03`, `31s`, `2m 5s`, `PT2M5S` into seconds.
pub(crate) fn duration(text: &str) -> Option<u64> {
    let text = text.trim();
    let seconds = match text.contains(':') {
        true => clock_seconds(text)?,
        false => match text.parse::<f64>() {
            Ok(seconds) => floored(seconds)?,
            Err(_) => unit_seconds(text)?,
        },
    };
    (seconds <= DURATION_MAX).then_some(seconds)
}

fn clock_seconds(text: &str) -> Option<u64> {
    // The timedelta of pandas.
    let text = text.strip_prefix("0 days ").unwrap_or(text);
    let (whole, _) = text.split_once('.').unwrap_or((text, ""));
    let parts: Vec<u64> = whole.split(':').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    match parts[..] {
        [minutes, seconds] if seconds < 60 => Some(minutes.checked_mul(60)? + seconds),
        [hours, minutes, seconds] if minutes < 60 && seconds < 60 => {
            Some(hours.checked_mul(3600)? + minutes * 60 + seconds)
        }
        _ => None,
    }
}

fn unit_seconds(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let mut rest = lower.strip_prefix("pt").unwrap_or(&lower).trim();
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = rest[end..].trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        total += number
            * match &rest[..end] {
                "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
                "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
                "h" | "hour" | "hours" => 3600.0,
                _ => return None,
            };
        rest = rest[end..].trim_start();
    }
    floored(total)
}

fn floored(seconds: f64) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small number that is not negative"
    )]
    (0.0..1e9).contains(&seconds).then_some(seconds as u64)
}

/// Returns the second of a video's creation: the upper half of its id.
pub(crate) fn second_of(id: VideoId) -> Option<i64> {
    let seconds = i64::try_from(id.get() >> 32).ok()?;
    Timestamp::from_source(seconds).map(|_| seconds)
}

/// Returns the time zone, in seconds, that explains a difference of `ahead` seconds. `None` if they are
/// equal or no zone does.
pub(crate) fn zone(ahead: i64) -> Option<i64> {
    let zone = (ahead + ZONE_STEP / 2).div_euclid(ZONE_STEP) * ZONE_STEP;
    (zone != 0 && zone.abs() <= ZONE_MAX && (ahead - zone).abs() <= ZONE_SLACK).then_some(zone)
}

/// Formats `7 h ahead of`, `5 h 30 min behind`.
pub(crate) fn zone_shown(zone: i64) -> String {
    let (hours, minutes) = (zone.abs() / 3600, zone.abs() / 60 % 60);
    let side = if zone > 0 { "ahead of" } else { "behind" };
    match (hours, minutes) {
        (_, 0) => format!("{hours} h {side}"),
        (0, _) => format!("{minutes} min {side}"),
        _ => format!("{hours} h {minutes} min {side}"),
    }
}

/// Returns the handle in a link to a video or a profile.
pub(crate) fn handle_in_link(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("tiktok.com/@")?;
    let handle = after.split(['/', '?', '#']).next().unwrap_or_default();
    (!handle.is_empty()).then_some(handle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_read_as_programs_write_them() {
        for (text, want) in [
            ("2025-11-24T16:00:00.000Z", "2025-11-24T16:00:00Z"),
            ("\"2025-11-24T16:00:00Z\"", "2025-11-24T16:00:00Z"),
            ("2025-11-24 16:00:00", "2025-11-24T16:00:00Z"),
            ("2025-11-24 16:00", "2025-11-24T16:00:00Z"),
            ("2025-11-24 16:00:00 UTC", "2025-11-24T16:00:00Z"),
            ("2025-11-24 16:00:00+00:00", "2025-11-24T16:00:00Z"),
            ("2025-11-24T18:00:00+0200", "2025-11-24T16:00:00Z"),
            ("2025/11/24 16:00:00", "2025-11-24T16:00:00Z"),
            ("2025-11-24", "2025-11-24T00:00:00Z"),
            ("20251124", "2025-11-24T00:00:00Z"),
            ("24.11.2025 16:00", "2025-11-24T16:00:00Z"),
            ("1.3.2025", "2025-03-01T00:00:00Z"),
            ("24/11/2025, 16:00:00", "2025-11-24T16:00:00Z"),
            ("11/24/2025 4:00 PM", "2025-11-24T16:00:00Z"),
            ("11/24/2025 12:05:00 AM", "2025-11-24T00:05:00Z"),
            ("Mon, 24 Nov 2025 16:00:00 GMT", "2025-11-24T16:00:00Z"),
            ("1764000000", "2025-11-24T16:00:00Z"),
            ("1764000000.0", "2025-11-24T16:00:00Z"),
            ("1764000000000", "2025-11-24T16:00:00Z"),
            ("1.764e+09", "2025-11-24T16:00:00Z"),
            ("1.764e+12", "2025-11-24T16:00:00Z"),
        ] {
            assert_eq!(time(text, None).map(Timestamp::to_rfc3339).as_deref(), Some(want), "{text}");
        }
        for text in [
            "",
            "01/03/2024",
            "01/03/24",
            "yesterday",
            "45985.66",
            "2025-13-01",
            "25/25/2025",
            "0",
            "16:00",
            "1.3.24",
        ] {
            assert_eq!(time(text, None), None, "{text}");
        }
        let order = Order::of(["01/03/2024", "24/03/2024 12:00"].into_iter());
        assert_eq!(order, Some(Order::DayFirst));
        assert_eq!(
            time("01/03/2024", order).map(Timestamp::to_rfc3339).as_deref(),
            Some("2024-03-01T00:00:00Z")
        );
        assert_eq!(Order::of(["01/24/2024"].into_iter()), Some(Order::MonthFirst));
        assert_eq!(Order::of(["01/24/2024", "24/01/2024", "x"].into_iter()), None);
    }

    #[test]
    fn durations_are_read_as_programs_write_them() {
        for (text, want) in [
            ("31", 31),
            ("31.0", 31),
            ("31.9", 31),
            ("00:31", 31),
            ("1:02:03", 3723),
            ("0 days 00:00:31", 31),
            ("00:00:31.500", 31),
            ("31s", 31),
            ("31 sec", 31),
            ("2m 5s", 125),
            ("PT2M5S", 125),
            ("0", 0),
        ] {
            assert_eq!(duration(text), Some(want), "{text}");
        }
        for text in ["", "long", "-5", "00:61", "1:2:3:4", "31 x", "nan", "inf", "100000", "::"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_zone_is_whole_quarter_hours() {
        assert_eq!(zone(7 * 3600 + 4), Some(25_200));
        assert_eq!(zone(-19_800 - 30), Some(-19_800));
        for ahead in [0, 60, 450, 86_400] {
            assert_eq!(zone(ahead), None, "{ahead}");
        }
        assert_eq!(
            (zone_shown(25_200), zone_shown(-19_800)),
            ("7 h ahead of".into(), "5 h 30 min behind".into())
        );
        let id = VideoId::try_from(7_476_450_316_014_498_872).expect("an id");
        assert_eq!(second_of(id), Some(1_740_746_739));
        assert_eq!(second_of(VideoId::try_from(5).expect("an id")), None);
    }

    #[test]
    fn only_a_time_without_a_zone_may_be_local() {
        for text in
            ["2025-11-24 16:00:00", "24.11.2025 16:00", "2025-11-24T16:00:00.000", "11/24/2025 4:00 PM"]
        {
            assert!(is_of_no_zone(text), "{text}");
        }
        for text in [
            "2025-11-24T16:00:00Z",
            "2025-11-24 16:00 UTC",
            "2025-11-24T16:00:00+01:00",
            "1764000000",
            "2025-11-24",
            "1764000000.0",
        ] {
            assert!(!is_of_no_zone(text), "{text}");
        }
    }

    #[test]
    fn a_link_has_the_handle() {
        assert_eq!(handle_in_link("https://www.tiktok.com/@a.b/video/5?x=1"), Some("a.b"));
        assert_eq!(handle_in_link("https://www.tiktok.com/@a.b?lang=en"), Some("a.b"));
        assert_eq!(handle_in_link("https://www.tiktok.com/@/video/5"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String, near in "[0-9:./ +TZpmPM-]{0,24}") {
            for text in [text, near] {
                let _ = (time(&text, Some(Order::DayFirst)), duration(&text), Order::of([text.as_str()].into_iter()));
            }
        }
    }
}

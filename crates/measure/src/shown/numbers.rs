//! Formats numbers: grouped, `~` before rounded ones, `-` for unknown ones.

use crate::{TotalView, TrendFacts};
use charts::grouped;
use domain::metrics::TrendWindow;
use domain::{Timestamp, UtcDay, Zone};

/// Placeholder of an unknown value.
const UNKNOWN: &str = "-";

const MS_OF_AN_HOUR: i64 = 3_600_000;
const HOURS_OF_A_DAY: i64 = 24;

/// Formats a known value, or returns `-`.
pub fn maybe<T>(value: Option<T>, shown: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), shown)
}

/// `~16,400,000`
pub fn about(number: u64, is_rounded: bool) -> String {
    format!("{}{}", if is_rounded { "~" } else { "" }, grouped(number))
}

/// Formats a total: `~16,400,000`.
pub fn total(total: &TotalView) -> String {
    maybe(total.value, |value| about(value, total.rounded))
}

/// Returns the basis of a total and its reading day: `reported 2026-11-25`; with the newest reading if that is
/// not the one that counts: `reported 2026-11-24 (read as 343,500 on 2026-11-25)`.
pub fn basis(total: &TotalView) -> String {
    let newest =
        total.as_read.as_ref().map(|read| format!(" (read as {})", read.shown())).unwrap_or_default();
    maybe(total.basis, |basis| match total.read_at.map(UtcDay::of) {
        Some(day) => format!("{basis} {day}{newest}"),
        None => format!("{basis}, no date{newest}"),
    })
}

/// Returns the basis of numbers computed from stored videos: `observed, newest reading 2026-11-25`.
pub fn observed(read_at: Option<Timestamp>) -> String {
    match read_at.map(UtcDay::of) {
        Some(day) => format!("observed, newest reading {day}"),
        None => "observed, readings have no date".to_owned(),
    }
}

/// Formats a number with a fraction: whole from 100 on, else to about three digits. `12,345`, `-7.31`,
/// `0.0456`.
pub fn real(number: f64) -> String {
    let size = number.abs();
    if size >= 99.95 {
        let sign = if number < 0.0 { "-" } else { "" };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is rounded, and not negative"
        )]
        return format!("{sign}{}", grouped(size.round() as u64));
    }
    let decimals = match size {
        10.0.. => 1,
        1.0.. => 2,
        0.0 => 0,
        _ => 4,
    };
    format!("{number:.decimals$}")
}

/// Formats a ratio: two significant digits below 1 (`0.29`), else as [`real`].
pub fn ratio(ratio: f64) -> String {
    let decimals = match ratio.abs() {
        0.1..1.0 => 2,
        0.01..0.1 => 3,
        _ => return real(ratio),
    };
    format!("{ratio:.decimals$}")
}

/// Formats a share or a growth in per cent: `12.3 %`.
pub fn per_cent(share: f64) -> String {
    let hundredfold = share * 100.0;
    let decimals = if hundredfold.abs() >= 99.95 {
        0
    } else if hundredfold.abs() >= 0.1 {
        1
    } else {
        3
    };
    if hundredfold == 0.0 { "0 %".to_owned() } else { format!("{hundredfold:.decimals$} %") }
}

/// Formats a change in per cent: `+12.3 %`, `-45.0 %`.
pub fn signed_per_cent(change: f64) -> String {
    format!("{}{}", if change > 0.0 { "+" } else { "" }, per_cent(change))
}

/// Formats a share that may be unknown.
pub fn share(share: Option<f64>) -> String {
    maybe(share, per_cent)
}

/// `12 (34.3 %)`
pub fn counted_share(number: u64, share: Option<f64>) -> String {
    share.map_or_else(|| grouped(number), |share| format!("{} ({})", grouped(number), per_cent(share)))
}

/// Formats a length of time: `3d 4h`, `4h`, `25min`.
pub fn span(ms: i64) -> String {
    let hours = ms / MS_OF_AN_HOUR;
    match (hours / HOURS_OF_A_DAY, hours % HOURS_OF_A_DAY) {
        (0, 0) => format!("{}min", ms / 60_000),
        (0, hours) => format!("{hours}h"),
        (days, 0) => format!("{days}d"),
        (days, hours) => format!("{days}d {hours}h"),
    }
}

/// Returns the time that a gain really spans, if it differs from the window by more than a tenth: `26.8h`.
pub fn over(trend: &TrendFacts, window: TrendWindow) -> Option<String> {
    let span_ms = trend.span_ms?;
    is_far_from(span_ms, window.ms()).then(|| precise_span(span_ms))
}

/// Formats growth within a window, with the time it really spans if that differs: `12.3 % over 26.8h`.
pub fn growth_over(trend: Option<&TrendFacts>, window: TrendWindow) -> String {
    let Some((trend, growth)) = trend.and_then(|trend| Some((trend, trend.growth?))) else {
        return UNKNOWN.to_owned();
    };
    let over = over(trend, window).map(|span| format!(" over {span}")).unwrap_or_default();
    format!("{}{over}", per_cent(growth))
}

/// Returns true if a span differs from its nominal length by more than a tenth.
pub fn is_far_from(span_ms: i64, nominal_ms: i64) -> bool {
    (span_ms - nominal_ms).abs() > nominal_ms / 10
}

/// `26.8h`, `8.1d`: in hours below three days.
fn precise_span(ms: i64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a decimal of an hour is shown")]
    let hours = ms as f64 / MS_OF_AN_HOUR as f64;
    if hours < 72.0 { format!("{hours:.1}h") } else { format!("{:.1}d", hours / 24.0) }
}

/// `#cat`
pub fn tag(name: &str) -> String {
    format!("#{name}")
}

/// Formats an RFC 3339 time; days and weeks have the day alone.
pub fn when(at: Timestamp, step: &str, zone: &Zone) -> String {
    let is_day = step == "day" || step == "week";
    if is_day { zone.date(at).to_string() } else { zone.rfc3339(at) }
}

/// Shortens a text to so many characters.
pub fn shortened(text: &str, characters_max: usize) -> String {
    match text.char_indices().nth(characters_max) {
        Some((end, _)) => format!("{}...", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// `1 video`, `2 videos`, `1,015 videos`.
pub fn counted(number: u64, noun: &str) -> String {
    counted_as(number, (noun, &format!("{noun}s")))
}

/// Formats a number with a noun or its plural.
pub fn counted_as(number: u64, (one, many): (&str, &str)) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_fine_as_they_are_large() {
        let shown = [0.0, 0.04561, 1.2345, -7.314, 45.67, 99.96, -1_234.4, 1e9].map(real);
        assert_eq!(shown, ["0", "0.0456", "1.23", "-7.31", "45.7", "100", "-1,234", "1,000,000,000"]);
        let shown = [0.2864, 0.04561, 0.9, 1.0, 3.456].map(ratio);
        assert_eq!(shown, ["0.29", "0.046", "0.90", "1.00", "3.46"]);
        let shown = [0.0, 0.000_045, 0.012_34, 0.5, 1.0, 12.345, -0.02].map(per_cent);
        assert_eq!(shown, ["0 %", "0.005 %", "1.2 %", "50.0 %", "100 %", "1234 %", "-2.0 %"]);
    }

    #[test]
    fn what_is_rounded_or_not_known_says_so() {
        assert_eq!(about(16_400_000, true), "~16,400,000");
        assert_eq!((total(&TotalView::default()), basis(&TotalView::default())), ("-".into(), "-".into()));
        let reported = TotalView { basis: Some("reported"), ..TotalView::default() };
        assert_eq!(basis(&reported), "reported, no date");
        let read_at = Timestamp::parse("2023-05-04T06:00:00Z");
        assert_eq!(basis(&TotalView { read_at, ..reported }), "reported 2023-05-04");
        assert_eq!(share(None), "-");
        assert_eq!(counted_share(1200, Some(0.5)), "1,200 (50.0 %)");
    }

    #[test]
    fn lengths_of_time_are_short() {
        let shown = [1_500_000, 4 * MS_OF_AN_HOUR, 24 * MS_OF_AN_HOUR, 76 * MS_OF_AN_HOUR + 1].map(span);
        assert_eq!(shown, ["25min", "4h", "1d", "3d 4h"]);
        let at = |text| Timestamp::parse(text).expect("a time");
        assert_eq!(when(at("2026-11-25T00:00:00Z"), "week", &Zone::UTC), "2026-11-25");
        assert_eq!(when(at("2026-11-25T08:00:00Z"), "hour", &Zone::UTC), "2026-11-25T08:00:00Z");
    }
}

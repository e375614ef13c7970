//! Parses `Retry-After`: seconds, a date, or nonsense.

use crate::Timestamp;

/// Longest wait, in milliseconds: more is a mistake of the server.
pub const WAIT_MS_MAX: u64 = 24 * 3600 * 1000;

/// Returns the milliseconds to wait from `now`, at most a day; `None` if the text is neither.
pub fn wait_ms(text: &str, now: Timestamp) -> Option<u64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return seconds_ms(seconds);
    }
    let at = httpdate::parse_http_date(text).ok()?;
    let since_1970 = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    let at_ms = i64::try_from(since_1970.as_millis()).ok()?;
    // A time in the past means: immediately.
    Some(u64::try_from(at_ms.saturating_sub(now.as_ms())).unwrap_or(0).min(WAIT_MS_MAX))
}

fn seconds_ms(seconds: f64) -> Option<u64> {
    if !seconds.is_finite() || seconds < 0.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within 0 and a day")]
    let ms = (seconds * 1000.0).min(WAIT_MS_MAX as f64).ceil() as u64;
    Some(ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

    #[test]
    fn sense_is_taken_and_nonsense_is_none() {
        let cases = [
            ("0", Some(0)),
            ("3", Some(3000)),
            (" 2.5 ", Some(2500)),
            ("1e308", Some(WAIT_MS_MAX)),
            ("999999999999999999999", Some(WAIT_MS_MAX)),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("-inf", None),
            ("", None),
            ("soon", None),
            ("Fri, 15 Jan 2027 08:00:10 GMT", Some(10_000)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(WAIT_MS_MAX)),
            ("Fri, 99 Jan 2027 08:00:10 GMT", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(wait_ms(text, NOW), wanted, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_the_wait_is_at_most_a_day(text in ".*", now: i64) {
            prop_assert!(wait_ms(&text, Timestamp::from_ms(now)).is_none_or(|ms| ms <= WAIT_MS_MAX));
        }
    }
}

//! Lengths of time as settings write them: `1h`, `90s`, `2d`, `0`.

/// Units, from the largest to the smallest.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
/// Longest length: a hundred years is a mistake.
const MS_MAX: u64 = 36_525 * 86_400_000;

/// What is said of a text that is none.
pub(super) const WANTED: &str = "a length of time, such as 30s, 15m, 1h, 7d or 0";

/// Milliseconds of a text.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    if number == 0 && unit.is_empty() {
        return Some(0);
    }
    let unit_ms = UNITS.iter().find(|(name, _)| *name == unit.trim())?.1;
    number.checked_mul(unit_ms).filter(|ms| *ms <= MS_MAX)
}

/// The shortest text of so many milliseconds.
pub(super) fn text(ms: u64) -> String {
    let unit = UNITS.iter().find(|(_, unit_ms)| ms > 0 && ms.is_multiple_of(*unit_ms));
    unit.map_or_else(|| "0".to_owned(), |(name, unit_ms)| format!("{}{name}", ms / unit_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_written_back() {
        for (written, ms) in
            [("1h", 3_600_000), ("90s", 90_000), ("2d", 172_800_000), ("15m", 900_000), ("7ms", 7), ("0", 0)]
        {
            assert_eq!(parse(written), Some(ms), "{written}");
            assert_eq!(text(ms), written);
        }
        assert_eq!(parse(" 1 h "), Some(3_600_000));
        assert_eq!(text(86_400_000), "1d");
        for wrong in ["", "h", "1", "-1h", "1.5h", "1w", "99999999999999999999h", "40000d"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}

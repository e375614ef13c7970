//! Formats numbers for people: 1.2K, 1.2M, 3.4B.

/// Suffixes and the values from which they apply.
const LETTERS: [(f64, &str); 4] = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")];

/// Most significant digits.
const DIGITS: i32 = 3;

/// Below this, and from 1000 T on, powers of ten are clearer.
const SMALL: f64 = 0.001;

/// A number in three digits: `0`, `0.25`, `999`, `1.2K`, `12.3M`, `3.4B`; what is no number is `–`.
///
/// ```
/// assert_eq!(charts::human(1_234_567.0), "1.23M");
/// assert_eq!(charts::human(999_950.0), "1M");
/// ```
pub fn human(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let rounded = rounded(value);
    let (unit, letter) = letter_of(rounded);
    let scaled = rounded.abs() / unit;
    if rounded != 0.0 && (rounded.abs() < SMALL || scaled >= 1000.0 && unit > 1.0) {
        return minus(&format!("{rounded:e}"));
    }
    let decimals = (DIGITS - 1 - digits_before_the_point(scaled)).max(0).unsigned_abs() as usize;
    minus(&format!("{}{letter}", without_zeros(&format!("{:.decimals$}", rounded / unit))))
}

/// Formats a whole number with thousands separators: `15,100,000`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    String::from_utf8_lossy(&groups.join(&b',')).into_owned()
}

/// Formats the labels of an axis: each with its own suffix, all with the decimals that their distance needs.
pub(crate) fn labels(values: &[f64], distance: f64) -> Vec<String> {
    values.iter().map(|value| label(*value, distance)).collect()
}

fn label(value: f64, distance: f64) -> String {
    // A value that should be 0 may be off by rounding.
    if value.abs() < distance / 1000.0 {
        return "0".to_owned();
    }
    let (unit, letter) = letter_of(value * (1.0 + 1e-9));
    if value.abs() / unit >= 9999.5 || (value.abs() < SMALL && distance < SMALL) {
        return minus(&format!(
            "{}e{}",
            without_zeros(&format!("{:.2}", value / ten_to(value))),
            power(value)
        ));
    }
    let decimals = (0..9).find(|decimals| {
        let scaled = distance / unit * 10_f64.powi(*decimals);
        (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1.0) && scaled.round() >= 1.0
    });
    let decimals = decimals.unwrap_or(0).unsigned_abs() as usize;
    minus(&format!("{:.decimals$}{letter}", value / unit))
}

/// Rounds to three significant digits.
fn rounded(value: f64) -> f64 {
    // Through text, which is exact where dividing by a power of ten is not.
    format!("{value:.2e}").parse().unwrap_or(value)
}

fn letter_of(value: f64) -> (f64, &'static str) {
    LETTERS.iter().find(|(unit, _)| value.abs() >= *unit).map_or((1.0, ""), |(unit, letter)| (*unit, letter))
}

/// Returns the power of ten of the first digit.
#[expect(clippy::cast_possible_truncation, reason = "logarithms of finite numbers are within ±324")]
pub(crate) fn power(value: f64) -> i32 {
    let power = value.abs().log10().floor() as i32;
    // The logarithm of a power of ten may be slightly below a whole number.
    if value.abs() >= 10_f64.powi(power + 1) { power + 1 } else { power }
}

fn ten_to(value: f64) -> f64 {
    10_f64.powi(power(value))
}

fn digits_before_the_point(value: f64) -> i32 {
    if value == 0.0 { 0 } else { power(value) }
}

fn without_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// Replaces the hyphen by a minus sign.
fn minus(number: &str) -> String {
    number.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_and_a_letter() {
        for (value, want) in [
            (0.0, "0"),
            (7.0, "7"),
            (0.25, "0.25"),
            (0.012_34, "0.0123"),
            (99.95, "100"),
            (999.0, "999"),
            (999.6, "1K"),
            (1200.0, "1.2K"),
            (16_400_000.0, "16.4M"),
            (999_950.0, "1M"),
            (3_400_000_000.0, "3.4B"),
            (61_300_000_000_000.0, "61.3T"),
            (1e18, "1e18"),
            (0.000_012, "1.2e−5"),
            (-1234.0, "−1.23K"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(human(value), want, "{value}");
        }
    }

    #[test]
    fn thousands_are_apart() {
        let numbers = [0, 999, 1000, 15_100_000, u64::MAX];
        let want = ["0", "999", "1,000", "15,100,000", "18,446,744,073,709,551,615"];
        assert_eq!(numbers.map(grouped), want);
    }

    #[test]
    fn labels_of_an_axis_are_distinguished() {
        let of = |first: f64, distance: f64| {
            labels(&[first, first + distance, first + 2.0 * distance], distance).join(" ")
        };
        assert_eq!(of(0.0, 50.0), "0 50 100");
        assert_eq!(of(900_000.0, 50_000.0), "900K 950K 1.00M");
        assert_eq!(of(2e6, 500_000.0), "2.0M 2.5M 3.0M");
        assert_eq!(of(2e6, 1e6), "2M 3M 4M");
        assert_eq!(of(0.1, 0.1), "0.1 0.2 0.3");
        assert_eq!(of(-20.0, 10.0), "−20 −10 0");
        assert_eq!(of(16_400_000.0, 20_000.0), "16.40M 16.42M 16.44M");
        assert_eq!(of(0.0, 2e17), "0 2e17 4e17");
    }
}

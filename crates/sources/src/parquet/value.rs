//! Formats a column value as text, by its physical and logical type.

use crate::workbook::push_moment;
use ::parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use ::parquet::data_type::Int96;
use ::parquet::schema::types::ColumnDescriptor;
use std::fmt::Write;

/// Below this, doubles represent all integers exactly.
const EXACT_DOUBLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Years 0 to 9999, in milliseconds since 1970.
const MOMENTS_MS: std::ops::Range<i64> = -62_167_219_200_000..253_402_300_800_000;

/// The meaning of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A number, flag or text, as it is.
    Plain,
    Unsigned,
    /// Days since 1970.
    Day,
    /// Time of day, in units since midnight.
    Clock {
        parts: i64,
    },
    /// Units since 1970; with a flag for UTC.
    Moment {
        parts: i64,
        is_utc: bool,
    },
    Decimal {
        scale: usize,
    },
    Half,
    Uuid,
    /// Text, which must be UTF-8.
    Text,
    /// A type that does not fit a table.
    Nothing,
}

/// The result of formatting a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pushed {
    /// A number or a flag.
    Bare,
    Text,
    /// No value: it cannot be shown.
    Nothing,
}

const fn parts_of(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1_000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    }
}

impl Meaning {
    /// Returns the meaning of a column.
    pub(super) fn of(column: &ColumnDescriptor) -> Self {
        if let Some(known) = column.logical_type_ref().and_then(|logical| Self::logical(logical, column)) {
            return known;
        }
        match column.converted_type() {
            ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Self::Text,
            ConvertedType::DATE => Self::Day,
            ConvertedType::TIME_MILLIS => Self::Clock { parts: 1_000 },
            ConvertedType::TIME_MICROS => Self::Clock { parts: 1_000_000 },
            ConvertedType::TIMESTAMP_MILLIS => Self::Moment { parts: 1_000, is_utc: true },
            ConvertedType::TIMESTAMP_MICROS => Self::Moment { parts: 1_000_000, is_utc: true },
            ConvertedType::DECIMAL => Self::decimal(column.type_scale()),
            ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64 => Self::Unsigned,
            ConvertedType::INTERVAL | ConvertedType::BSON => Self::Nothing,
            _ => Self::Plain,
        }
    }

    fn logical(logical: &LogicalType, column: &ColumnDescriptor) -> Option<Self> {
        Some(match logical {
            LogicalType::String | LogicalType::Enum | LogicalType::Json => Self::Text,
            LogicalType::Date => Self::Day,
            LogicalType::Time(time) => Self::Clock { parts: parts_of(time.unit) },
            LogicalType::Timestamp(moment) => {
                Self::Moment { parts: parts_of(moment.unit), is_utc: moment.is_adjusted_to_u_t_c }
            }
            LogicalType::Decimal(_) => Self::decimal(column.type_scale()),
            LogicalType::Integer(integer) if !integer.is_signed => Self::Unsigned,
            LogicalType::Uuid => Self::Uuid,
            LogicalType::Float16 => Self::Half,
            LogicalType::Bson | LogicalType::Unknown => Self::Nothing,
            _ => return None,
        })
    }

    fn decimal(scale: i32) -> Self {
        usize::try_from(scale)
            .ok()
            .filter(|scale| *scale <= 64)
            .map_or(Self::Nothing, |scale| Self::Decimal { scale })
    }

    pub(super) fn push_flag(self, value: bool, text: &mut String) -> Pushed {
        text.push_str(if value { "true" } else { "false" });
        Pushed::Bare
    }

    pub(super) fn push_i32(self, value: i32, text: &mut String) -> Pushed {
        match self {
            Self::Unsigned => bare(value.cast_unsigned(), text),
            other => other.push_i64(i64::from(value), text),
        }
    }

    pub(super) fn push_i64(self, value: i64, text: &mut String) -> Pushed {
        match self {
            Self::Unsigned => bare(value.cast_unsigned(), text),
            Self::Day => match value.checked_mul(86_400_000).filter(|ms| MOMENTS_MS.contains(ms)) {
                Some(ms) => moment(ms, false, false, text),
                None => bare(value, text),
            },
            Self::Clock { parts } => {
                let ms = value / (parts / 1000);
                let _ = write!(text, "{:02}:{:02}:{:02}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
                Pushed::Text
            }
            // NaT of pandas and numpy.
            Self::Moment { .. } if value == i64::MIN => Pushed::Nothing,
            Self::Moment { parts, is_utc } => {
                let ms = value.div_euclid(parts / 1000);
                if MOMENTS_MS.contains(&ms) { moment(ms, true, is_utc, text) } else { bare(value, text) }
            }
            Self::Decimal { scale } => decimal(i128::from(value), scale, text),
            Self::Nothing => Pushed::Nothing,
            _ => bare(value, text),
        }
    }

    pub(super) fn push_i96(self, value: &Int96, text: &mut String) -> Pushed {
        // INT96, the old timestamp of Hive and Spark: nanoseconds of the day, and the Julian day.
        let &[low, high, day] = value.data() else { return Pushed::Nothing };
        let nanoseconds = i64::from(low) | (i64::from(high) << 32);
        let ms = (i64::from(day) - 2_440_588) * 86_400_000 + nanoseconds / 1_000_000;
        if MOMENTS_MS.contains(&ms) { moment(ms, true, false, text) } else { Pushed::Nothing }
    }

    pub(super) fn push_f64(self, value: f64, text: &mut String) -> Pushed {
        if !value.is_finite() {
            return Pushed::Nothing;
        }
        // Doubles of this size are not exact: the exponent form shows that.
        if value.abs() >= EXACT_DOUBLE_MAX {
            bare(format_args!("{value:e}"), text)
        } else {
            bare(value, text)
        }
    }

    pub(super) fn push_f32(self, value: f32, text: &mut String) -> Pushed {
        if value.is_finite() { bare(value, text) } else { Pushed::Nothing }
    }

    /// Writes bytes. Fails for text that is not UTF-8.
    pub(super) fn push_bytes(self, value: &[u8], text: &mut String) -> Result<Pushed, &'static str> {
        Ok(match (self, value.len()) {
            (Self::Decimal { scale }, 1..=16) => {
                let fill = if value[0] & 0x80 == 0 { 0 } else { 0xff };
                let mut bytes = [fill; 16];
                bytes[16 - value.len()..].copy_from_slice(value);
                decimal(i128::from_be_bytes(bytes), scale, text)
            }
            (Self::Half, 2) => self.push_f32(half(u16::from_le_bytes([value[0], value[1]])), text),
            (Self::Uuid, 16) => {
                for (place, byte) in value.iter().enumerate() {
                    let dash = if matches!(place, 4 | 6 | 8 | 10) { "-" } else { "" };
                    let _ = write!(text, "{dash}{byte:02x}");
                }
                Pushed::Text
            }
            (Self::Decimal { .. } | Self::Half | Self::Uuid | Self::Nothing, _) => Pushed::Nothing,
            (meaning, _) => match std::str::from_utf8(value) {
                Ok(value) => {
                    text.push_str(value);
                    Pushed::Text
                }
                Err(_) if meaning == Self::Text => return Err("not UTF-8"),
                // Images and other binary data.
                Err(_) => Pushed::Nothing,
            },
        })
    }
}

fn bare(value: impl std::fmt::Display, text: &mut String) -> Pushed {
    // Writing to a string cannot fail.
    let _ = write!(text, "{value}");
    Pushed::Bare
}

fn moment(ms: i64, has_time: bool, is_utc: bool, text: &mut String) -> Pushed {
    push_moment(ms, has_time, is_utc, text);
    Pushed::Text
}

/// Writes a decimal. Whole numbers have no point.
fn decimal(value: i128, scale: usize, text: &mut String) -> Pushed {
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    let sign = if value < 0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    bare(format_args!("{sign}{whole}{point}{fraction}"), text)
}

/// Converts a 16-bit float: a sign, five bits of exponent and ten of fraction.
fn half(bits: u16) -> f32 {
    let (sign, exponent, fraction) =
        (if bits >> 15 == 0 { 1.0 } else { -1.0 }, i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(push: impl FnOnce(&mut String) -> Pushed) -> (String, Pushed) {
        let mut text = String::new();
        let pushed = push(&mut text);
        (text, pushed)
    }

    fn bare_text(push: impl FnOnce(&mut String) -> Pushed) -> String {
        text(push).0
    }

    #[test]
    fn numbers_are_written_in_one_way() {
        assert_eq!(bare_text(|text| Meaning::Unsigned.push_i64(-1, text)), "18446744073709551615");
        assert_eq!(bare_text(|text| Meaning::Unsigned.push_i32(-1, text)), "4294967295");
        assert_eq!(bare_text(|text| Meaning::Plain.push_i64(i64::MIN, text)), "-9223372036854775808");
        assert_eq!(bare_text(|text| Meaning::Plain.push_f64(17.0, text)), "17");
        assert_eq!(
            bare_text(|text| Meaning::Plain.push_f64(7_476_450_316_014_499_000.0, text)),
            "7.476450316014499e18"
        );
        assert_eq!(bare_text(|text| Meaning::Plain.push_f32(0.1, text)), "0.1");
        assert_eq!(text(|text| Meaning::Plain.push_f64(f64::NAN, text)), (String::new(), Pushed::Nothing));
        assert_eq!(bare_text(|text| decimal(-12_340, 3, text)), "-12.34");
        assert_eq!(bare_text(|text| decimal(5, 3, text)), "0.005");
        assert_eq!(bare_text(|text| decimal(17_000, 3, text)), "17");
        assert_eq!([0x3c00, 0xc000, 0x3555].map(half), [1.0, -2.0, 0.333_251_95]);
    }

    #[test]
    fn times_are_days_and_moments() {
        let at = 1_709_294_400_250_i64;
        let of = |parts, is_utc| Meaning::Moment { parts, is_utc };
        assert_eq!(bare_text(|text| of(1_000, true).push_i64(at, text)), "2024-03-01T12:00:00.250Z");
        assert_eq!(
            bare_text(|text| of(1_000_000, false).push_i64(at * 1000, text)),
            "2024-03-01T12:00:00.250"
        );
        assert_eq!(bare_text(|text| of(1_000_000_000, true).push_i64(-1, text)), "1969-12-31T23:59:59.999Z");
        assert_eq!(text(|text| of(1_000, true).push_i64(i64::MIN, text)).1, Pushed::Nothing);
        assert_eq!(bare_text(|text| Meaning::Day.push_i32(19_783, text)), "2024-03-01");
        assert_eq!(
            bare_text(|text| Meaning::Clock { parts: 1_000_000 }.push_i64(43_200_000_000, text)),
            "12:00:00"
        );
        let mut old = Int96::new();
        old.set_data(0, 0, 2_440_588 + 19_783);
        assert_eq!(bare_text(|text| Meaning::Plain.push_i96(&old, text)), "2024-03-01T00:00:00");
    }

    #[test]
    fn bytes_are_text_where_they_can_be() {
        let push = |meaning: Meaning, bytes: &[u8]| {
            let mut text = String::new();
            meaning.push_bytes(bytes, &mut text).map(|_| text)
        };
        assert_eq!(push(Meaning::Plain, "#café".as_bytes()), Ok("#café".to_owned()));
        assert_eq!(push(Meaning::Plain, b"\x89PNG\xff"), Ok(String::new()));
        assert_eq!(push(Meaning::Text, b"caf\xe9"), Err("not UTF-8"));
        assert_eq!(push(Meaning::Decimal { scale: 1 }, &[0xff, 0x85]), Ok("-12.3".to_owned()));
        assert_eq!(push(Meaning::Uuid, &[0x0f; 16]), Ok("0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f".to_owned()));
    }
}

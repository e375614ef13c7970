//! Types of parameters. Each is parsed by the same rules over HTTP and on the command line, and describes itself in OpenAPI.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use domain::Length;
use domain::link::{LinkError, hashtag_text, video_id};
use domain::metrics::Component;
use domain::tag::TAG_BYTES_MAX;
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use std::borrow::Cow;
use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;
use strum::VariantArray;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

/// Largest number that a parameter takes: the largest that JavaScript calls safe.
pub const NUMBER_MAX: u64 = (1 << 53) - 1;

/// Lengths of time in OpenAPI; a few more are parsed.
macro_rules! length_pattern {
    () => {
        "([1-9][0-9]{0,4}(ms|s|min|h)|[1-9][0-9]{0,3}d|[1-9][0-9]{0,2}(w|mo)|[1-9][0-9]?y)"
    };
}

/// Points in time in OpenAPI; [`domain::Moment`] parses them.
const TIME_PATTERN: &str = concat!(
    "^([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    "([Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?)?",
    "|-?",
    length_pattern!(),
    ")?$"
);

/// Lengths of time in OpenAPI; [`Length`] parses them.
const DURATION_PATTERN: &str = concat!("^", length_pattern!(), "?$");

/// At least one character other than `#`, white space and control characters.
const TAG_PATTERN: &str = r"[^#\s\x00-\x1f\x7f-\x9f]";

/// [`TAG_PATTERN`] or an empty text.
const OPTIONAL_TAG_PATTERN: &str = r"^$|[^#\s\x00-\x1f\x7f-\x9f]";

/// A value that is outside the range of its parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("give {0}")]
pub struct OutOfRange(Cow<'static, str>);

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Whole<const MIN: u64, const MAX: u64>(u64);

/// A count: a whole number from 0 to [`NUMBER_MAX`].
pub type Number = Whole<0, NUMBER_MAX>;

impl<const MIN: u64, const MAX: u64> Whole<MIN, MAX> {
    /// Returns the number as a value of this range, or `None` outside it.
    pub const fn new(number: u64) -> Option<Self> {
        if number >= MIN && number <= MAX { Some(Self(number)) } else { None }
    }

    /// Returns the number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl From<u32> for Number {
    fn from(number: u32) -> Self {
        Self(number.into())
    }
}

impl<const MIN: u64, const MAX: u64> Default for Whole<MIN, MAX> {
    fn default() -> Self {
        Self(MIN)
    }
}

impl<const MIN: u64, const MAX: u64> Display for Whole<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const MIN: u64, const MAX: u64> FromStr for Whole<MIN, MAX> {
    type Err = OutOfRange;

    fn from_str(text: &str) -> Result<Self, OutOfRange> {
        let number = if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None };
        number
            .and_then(Self::new)
            .ok_or_else(|| OutOfRange(format!("a whole number from {MIN} to {MAX}").into()))
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(WholeVisitor)
    }
}

/// Visits the number itself or, in a query, its text.
struct WholeVisitor<const MIN: u64, const MAX: u64>;

impl<const MIN: u64, const MAX: u64> Visitor<'_> for WholeVisitor<MIN, MAX> {
    type Value = Whole<MIN, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {MIN} to {MAX}")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Whole::new(number).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        text.parse().map_err(E::custom)
    }
}

impl<const MIN: u64, const MAX: u64> PartialSchema for Whole<MIN, MAX> {
    fn schema() -> RefOr<Schema> {
        number(Type::Integer, KnownFormat::Int64).minimum(Some(MIN)).maximum(Some(MAX)).into()
    }
}

impl<const MIN: u64, const MAX: u64> ToSchema for Whole<MIN, MAX> {}

macro_rules! real_numbers {
    ($($(#[$doc:meta])* $name:ident = $range:expr, $max:expr, $hint:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq)]
            pub struct $name(f64);

            impl $name {
                /// Returns the number.
                pub const fn get(self) -> f64 {
                    self.0
                }
            }

            impl FromStr for $name {
                type Err = OutOfRange;

                fn from_str(text: &str) -> Result<Self, OutOfRange> {
                    let number = text.parse().ok().filter(|number| $range.contains(number));
                    number.map(Self).ok_or(OutOfRange(Cow::Borrowed($hint)))
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    text_by(deserializer, str::parse)
                }
            }

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    number(Type::Number, KnownFormat::Double).minimum(Some(*$range.start())).maximum($max).into()
                }
            }

            impl ToSchema for $name {}
        )*
    };
}

real_numbers! {
    /// A ratio: 0 or more.
    Rate = (0.0..=f64::MAX), None::<f64>, "a number of 0 or more, such as 0.08";
    /// The value that a series starts at when it is indexed.
    Index = (0.001..=1e9), Some(1e9), "a number from 0.001 to 1000000000, such as 100";
}

/// Describes a parameter that takes the name of a value of a closed set.
#[derive(Debug)]
pub struct NameOf<T>(PhantomData<T>);

impl<T: VariantArray + Into<&'static str> + Copy + Default> PartialSchema for NameOf<T> {
    fn schema() -> RefOr<Schema> {
        let names: Vec<&str> = T::VARIANTS.iter().map(|one| (*one).into()).collect();
        let default: &str = T::default().into();
        text().enum_values(Some(names)).default(Some(default.into())).into()
    }
}

impl<T: VariantArray + Into<&'static str> + Copy + Default> ToSchema for NameOf<T> {}

// The derive of `IntoParams` does not see through the parameters of a generic type, but through its alias.
pub(super) type ExportOfName = NameOf<super::ExportOf>;
pub(super) type HashtagSortName = NameOf<super::HashtagSort>;
pub(super) type HistoryMetricName = NameOf<super::HistoryMetric>;
pub(super) type ModeName = NameOf<domain::metrics::Mode>;
pub(super) type StepName = NameOf<domain::metrics::Step>;
pub(super) type TrendSortName = NameOf<store::trends::TrendSort>;
/// Names of windows.
pub type TrendWindowName = NameOf<domain::metrics::TrendWindow>;
pub(super) type VideoSortName = NameOf<super::VideoSort>;
/// Names of how often a digest is sent.
pub type DigestEveryName = NameOf<domain::digest::Every>;
/// Names of watched numbers.
pub type WatchedName = NameOf<domain::alerts::Watched>;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $schema:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    $schema.into()
                }
            }

            impl ToSchema for $name {}
        )*
    };
}

texts! {
    /// Describes a parameter that takes a time: a day, RFC 3339, or a length of time back from now.
    TimeText = text().pattern(Some(TIME_PATTERN));
    /// Describes a parameter that takes a length of time.
    DurationText = text().pattern(Some(DURATION_PATTERN));
    /// Describes a parameter that takes a hashtag: its name in any spelling, or an id.
    TagText = text().min_length(Some(1)).max_length(Some(TAG_BYTES_MAX)).pattern(Some(TAG_PATTERN));
    /// Describes an optional parameter that takes a hashtag; an empty one counts as absent.
    OptionalTagText = text().pattern(Some(OPTIONAL_TAG_PATTERN));
    /// Describes a parameter that takes a keyword: one word or several.
    KeywordText = text().min_length(Some(1)).pattern(Some(TAG_PATTERN));
    /// Describes a parameter that takes weights of the components of the emerging score: `zscore=2,growth=1`.
    WeightsText = text().pattern(Some(weights_pattern()));
    /// Describes a parameter that takes hashtags, separated by commas.
    TagsText = text().pattern(Some(
        r"^([^,]*[^,#\s\x00-\x1f\x7f-\x9f][^,]*,){1,9}[^,]*[^,#\s\x00-\x1f\x7f-\x9f][^,]*$",
    ));
    /// Describes a parameter that takes a lower bound of a count, 0 by default.
    MinimumNumber = number(Type::Integer, KnownFormat::Int64).minimum(Some(0)).maximum(Some(NUMBER_MAX)).default(Some(0.into()));
    /// Describes a parameter that takes a time zone: a name of the IANA database, UTC by default.
    ZoneText = text().max_length(Some(64)).default(Some("UTC".into()));
    /// Describes a parameter that takes a country: two letters.
    RegionText = text().pattern(Some("^([A-Za-z]{2})?$"));
    /// Describes a parameter that takes a video: its id, or the link of its page.
    VideoText = text().pattern(Some(
        "^([0-9]{1,19}|(https://www\\.tiktok\\.com/)?@[A-Za-z0-9._]{1,24}/video/[0-9]{1,19})?$",
    ));
}

fn object(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(kind))
}

fn number(kind: Type, format: KnownFormat) -> ObjectBuilder {
    object(kind).format(Some(SchemaFormat::KnownFormat(format)))
}

fn text() -> ObjectBuilder {
    object(Type::String)
}

fn weights_pattern() -> String {
    let weight = format!("({})=[0-9]{{1,3}}([.][0-9]+)?", Component::ALL.map(Component::name).join("|"));
    format!("^({weight}(,{weight})*)?$")
}

/// Returns the parser of the names of a closed set, for the command line.
pub fn one_of<T>() -> impl TypedValueParser<Value = T>
where
    T: VariantArray + Into<&'static str> + Copy + Send + Sync,
{
    let name = |one: &T| -> &'static str { (*one).into() };
    PossibleValuesParser::new(T::VARIANTS.iter().map(name))
        .try_map(move |text| T::VARIANTS.iter().copied().find(|one| name(one) == text).ok_or("no such name"))
}

/// Parses a length of time that is not 0.
pub(super) fn window(text: &str) -> Result<Length, String> {
    match text.parse::<Length>() {
        Ok(length) if length.is_zero() => Err("give a length of time above 0, such as 30d".to_owned()),
        Ok(length) => Ok(length),
        Err(why) => Err(why.to_string()),
    }
}

/// Parses a keyword; the link of a hashtag's page stands for its name.
pub fn keyword(text: &str) -> Result<String, LinkError> {
    hashtag_text(text).map(Cow::into_owned)
}

/// Deserializes a value from its text.
fn text_by<'de, D: Deserializer<'de>, T, E: Display>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map_err(D::Error::custom)
}

/// Functions for `#[serde(deserialize_with)]`: they apply the parsers of the command line.
pub mod by {
    use super::{Deserializer, Display, Error, FromStr, Length, text_by};
    use domain::VideoId;

    /// Parses a value by its `FromStr`.
    ///
    /// # Errors
    ///
    /// The error of its `FromStr`.
    pub fn text<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        D: Deserializer<'de>,
        T: FromStr<Err: Display>,
    {
        text_by(deserializer, str::parse).map(Some)
    }

    /// Parses a point in time that must be given.
    ///
    /// # Errors
    ///
    /// The text is no point in time.
    pub fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<domain::Moment, D::Error> {
        text_by(deserializer, str::parse)
    }

    pub(crate) fn window<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Length>, D::Error> {
        text_by(deserializer, super::window).map(Some)
    }

    pub(crate) fn video<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<VideoId>, D::Error> {
        text_by(deserializer, super::video_id).map(Some)
    }

    pub(crate) fn keyword<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        text_by(deserializer, super::keyword)
    }

    pub(crate) fn keyword_if_given<'de, D>(deserializer: D) -> Result<Option<String>, D::Error>
    where
        D: Deserializer<'de>,
    {
        keyword(deserializer).map(Some)
    }

    /// Splits hashtags at commas.
    pub(crate) fn tags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
        let tags: Vec<String> = text_by(deserializer, |text| {
            let named = text.split(',').map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty());
            Ok::<_, D::Error>(named.collect())
        })?;
        let most = super::super::COMPARED_MAX;
        match (2..=most).contains(&tags.len()) {
            true => Ok(tags),
            false => Err(D::Error::custom(format!(
                "it names {} hashtags; give 2 to {most}, such as cat,dog",
                tags.len()
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_their_range_are_refused_with_the_range() {
        assert_eq!("7".parse::<Number>().map(Number::get), Ok(7));
        for wrong in ["", "x", "1.5", "-1", "+1", "9007199254740992"] {
            let why = wrong.parse::<Number>().expect_err(wrong).to_string();
            assert_eq!(why, "give a whole number from 0 to 9007199254740991");
        }
        assert_eq!(
            "0".parse::<Whole<1, 3>>().expect_err("below").to_string(),
            "give a whole number from 1 to 3"
        );
        assert_eq!("0.05".parse::<Rate>().map(Rate::get), Ok(0.05));
        for wrong in ["-1", "nan", "inf", "x", ""] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
        assert_eq!("100".parse::<Index>().map(Index::get), Ok(100.0));
        for wrong in ["0", "5e-324", "1e308", "-1"] {
            assert!(wrong.parse::<Index>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn windows_have_some_length() {
        assert_eq!(window("2d"), Ok("2d".parse().expect("a length")));
        for wrong in ["0", "0d", "2", "3m", "-2d"] {
            assert!(window(wrong).is_err(), "{wrong}");
        }
    }
}

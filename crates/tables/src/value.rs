//! The value of a cell.

use crate::Kind;
use domain::Timestamp;
use std::borrow::Cow;
use std::fmt::Display;

/// A cell. Its text may be somebody else's: what is written at once need not be copied first.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Words.
    Text(Cow<'a, str>),
    /// An id: text in every format.
    Id(Cow<'a, str>),
    /// A whole number.
    Integer(i64),
    /// A number. One that is not finite is refused by whoever takes the row.
    Real(f64),
    /// Yes or no.
    Flag(bool),
    /// A point in time.
    Time(Timestamp),
    /// Not known, or not there.
    Absent,
}

impl<'a> Value<'a> {
    /// Words.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// An id.
    pub fn id(id: impl Display) -> Self {
        Self::Id(id.to_string().into())
    }

    /// An id that is a text already.
    pub fn id_of(id: impl Into<Cow<'a, str>>) -> Self {
        Self::Id(id.into())
    }

    /// A count or a sum of counts. Above [`domain::count::COUNT_MAX`] it is unknown, so it is absent.
    pub fn count(count: u64) -> Self {
        let within = (count <= domain::count::COUNT_MAX).then_some(count);
        within.and_then(|count| i64::try_from(count).ok()).map_or(Self::Absent, Self::Integer)
    }

    /// Its kind; `None` for an absent one, which fits every column.
    pub const fn kind(&self) -> Option<Kind> {
        match self {
            Self::Text(_) => Some(Kind::Text),
            Self::Id(_) => Some(Kind::Id),
            Self::Integer(_) => Some(Kind::Integer),
            Self::Real(_) => Some(Kind::Real),
            Self::Flag(_) => Some(Kind::Flag),
            Self::Time(_) => Some(Kind::Time),
            Self::Absent => None,
        }
    }

    /// Puts it at the end of a text: as it is, numbers as in JSON, times as RFC 3339. Of an absent one nothing.
    pub(crate) fn push_bare(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        match self {
            Self::Text(text) | Self::Id(text) => out.extend_from_slice(text.as_bytes()),
            Self::Integer(number) => out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes()),
            Self::Real(number) => serde_json::to_writer(out, number)?,
            Self::Flag(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
            Self::Time(at) => at.push_rfc3339(out),
            Self::Absent => {}
        }
        Ok(())
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Integer(i64::from(number))
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(at: Timestamp) -> Self {
        Self::Time(at)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value<'_> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_made_of_what_they_hold() {
        assert_eq!(Value::from(Some(3_u32)), Value::Integer(3));
        assert_eq!(Value::from(None::<f64>), Value::Absent);
        assert_eq!(Value::from(Some(false)), Value::Flag(false));
        assert_eq!(Value::id(42), Value::Id("42".into()));
        assert_eq!(Value::count(domain::count::COUNT_MAX), Value::Integer(9_007_199_254_740_992));
        assert_eq!(Value::count(domain::count::COUNT_MAX + 1), Value::Absent);
    }
}

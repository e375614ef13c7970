//! What stands in a cell.

use crate::Kind;
use domain::Timestamp;
use std::fmt::Display;

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Words.
    Text(String),
    /// An id: text in every format.
    Id(String),
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

impl Value {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// An id.
    pub fn id(id: impl Display) -> Self {
        Self::Id(id.to_string())
    }

    /// A count. Above [`domain::count::COUNT_MAX`] no count is believed, so it is absent.
    pub fn count(count: u64) -> Self {
        i64::try_from(count).map_or(Self::Absent, Self::Integer)
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
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(i64::from(number))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Time(at)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
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
        assert_eq!(Value::count(domain::count::COUNT_MAX), Value::Integer(i64::MAX));
        assert_eq!(Value::count(domain::count::COUNT_MAX + 1), Value::Absent);
    }
}

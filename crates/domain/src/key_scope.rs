//! Permissions of an API key.

use std::fmt;
use strum::{IntoStaticStr, VariantArray};

/// The permissions of a key, from the fewest to the most: each includes those before it. The database stores its number,
/// which never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum KeyScope {
    /// Free calls that change nothing: no credits are spent.
    Read,
    /// Paid calls, trackers, alerts and campaigns.
    #[default]
    Call,
    /// All of these, imports, and what cannot be undone.
    Admin,
}

impl KeyScope {
    /// Returns the name in answers and lists.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The number the database holds. `read` came last.
    pub const fn number(self) -> u8 {
        match self {
            Self::Call => 1,
            Self::Admin => 2,
            Self::Read => 3,
        }
    }

    /// Back from the database.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::VARIANTS.iter().copied().find(|scope| scope.number() == number)
    }

    /// Returns true if this scope includes the needed one: an admin may also call.
    pub fn covers(self, needed: Self) -> bool {
        self >= needed
    }
}

impl fmt::Display for KeyScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_includes_those_before_it() {
        let may = KeyScope::VARIANTS.iter().map(|granted| {
            KeyScope::VARIANTS.iter().map(|needed| granted.covers(*needed)).collect::<Vec<_>>()
        });
        // Rows: what is granted; columns: what is needed; both from `read` to `admin`.
        assert_eq!(may.collect::<Vec<_>>(), [[true, false, false], [true, true, false], [true, true, true]]);
        assert_eq!(KeyScope::default(), KeyScope::Call);
    }

    #[test]
    fn numbers_stay_as_they_are() {
        let numbers: Vec<_> = KeyScope::VARIANTS.iter().map(|scope| (scope.number(), scope.name())).collect();
        assert_eq!(numbers, [(3, "read"), (1, "call"), (2, "admin")]);
        assert!(KeyScope::VARIANTS.iter().all(|scope| KeyScope::from_number(scope.number()) == Some(*scope)));
        assert_eq!(KeyScope::from_number(0), None);
    }
}

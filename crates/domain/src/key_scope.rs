//! Permissions of an API key.

use std::fmt;
use strum::{FromRepr, IntoStaticStr, VariantArray};

/// The permissions of a key. The database stores its number, which never changes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, FromRepr, IntoStaticStr, VariantArray,
)]
#[repr(u8)]
#[strum(serialize_all = "snake_case")]
pub enum KeyScope {
    /// Paid calls.
    #[default]
    Call = 1,
    /// Paid calls, and what changes the store: imports.
    Admin = 2,
}

impl KeyScope {
    /// Returns the name in answers and lists.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The number the database holds.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Back from the database.
    pub const fn from_number(number: u8) -> Option<Self> {
        Self::from_repr(number)
    }

    /// Returns true if this scope includes the needed one: an admin may also call.
    pub const fn covers(self, needed: Self) -> bool {
        self as u8 >= needed as u8
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
    fn an_admin_may_also_call_and_a_caller_is_no_admin() {
        for (granted, needed, may) in [
            (KeyScope::Call, KeyScope::Call, true),
            (KeyScope::Call, KeyScope::Admin, false),
            (KeyScope::Admin, KeyScope::Call, true),
            (KeyScope::Admin, KeyScope::Admin, true),
        ] {
            assert_eq!(granted.covers(needed), may, "{granted} for {needed}");
        }
    }

    #[test]
    fn numbers_stay_as_they_are() {
        let numbers: Vec<_> = KeyScope::VARIANTS.iter().map(|scope| (scope.number(), scope.name())).collect();
        assert_eq!(numbers, [(1, "call"), (2, "admin")]);
        assert!(KeyScope::VARIANTS.iter().all(|scope| KeyScope::from_number(scope.number()) == Some(*scope)));
        assert_eq!(KeyScope::from_number(0), None);
    }
}

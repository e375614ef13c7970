//! What an API key may be used for.

use std::fmt;

/// What a key may be used for. The number is what the database holds and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[repr(u8)]
pub enum KeyScope {
    /// Paid calls.
    #[default]
    Call = 1,
    /// Paid calls, and what changes the store: imports.
    Admin = 2,
}

impl KeyScope {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 2] = [Self::Call, Self::Admin];

    /// What it is called in answers and lists.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Admin => "admin",
        }
    }

    /// The number the database holds.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Back from the database.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.number() == number)
    }

    /// Whether a key of this scope may do what needs the other one: an admin may also call.
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
        for (held, needed, may) in [
            (KeyScope::Call, KeyScope::Call, true),
            (KeyScope::Call, KeyScope::Admin, false),
            (KeyScope::Admin, KeyScope::Call, true),
            (KeyScope::Admin, KeyScope::Admin, true),
        ] {
            assert_eq!(held.covers(needed), may, "{held} for {needed}");
        }
    }

    #[test]
    fn numbers_stay_as_they_are() {
        let numbers = KeyScope::ALL.map(|scope| (scope.number(), scope.name()));
        assert_eq!(numbers, [(1, "call"), (2, "admin")]);
        assert_eq!(KeyScope::ALL.map(|s| KeyScope::from_number(s.number())), KeyScope::ALL.map(Some));
        assert_eq!(KeyScope::from_number(0), None);
    }
}

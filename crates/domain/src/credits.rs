//! The unit of payment: a whole number, never negative, with checked arithmetic only.

use std::fmt;

/// Credits given on sign-up.
pub const SIGN_UP: Credits = Credits(100);
/// Price of one successful answer.
pub const PRICE_OF_A_CALL: Credits = Credits(1);

/// Most credits of one account or one grant: far above any use, far below overflow.
pub const CREDITS_MAX: u64 = 1 << 50;

/// An amount of credits, at most [`CREDITS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Credits(u64);

/// More credits than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("credits are whole numbers from 0 to {CREDITS_MAX}")]
pub struct CreditsError;

impl Credits {
    /// None.
    pub const ZERO: Self = Self(0);

    /// An amount.
    pub const fn new(amount: u64) -> Result<Self, CreditsError> {
        if amount > CREDITS_MAX { Err(CreditsError) } else { Ok(Self(amount)) }
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the sum, or `None` above the limit.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match Self::new(self.0 + other.0) {
            Ok(sum) => Some(sum),
            Err(_) => None,
        }
    }

    /// Returns the difference, or `None` if there are too few.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }
}

impl fmt::Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Credits {
    type Err = CreditsError;
    fn from_str(text: &str) -> Result<Self, CreditsError> {
        text.parse().map_err(|_| CreditsError).and_then(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_never_wrap() {
        let most = Credits::new(CREDITS_MAX).expect("the most");
        assert_eq!(most.checked_add(PRICE_OF_A_CALL), None);
        assert_eq!(Credits::ZERO.checked_sub(PRICE_OF_A_CALL), None);
        assert_eq!(SIGN_UP.checked_sub(PRICE_OF_A_CALL), Credits::new(99).ok());
        assert_eq!(Credits::new(u64::MAX), Err(CreditsError));
        assert_eq!("-1".parse::<Credits>(), Err(CreditsError));
    }
}

//! The price of an answer, and the `billing` of a JSON answer of `/v1`.

use domain::Credits;
use domain::credits::PRICE_OF_A_CALL;
use serde::Serialize;
use utoipa::ToSchema;

/// The price of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Price {
    /// Nothing: a free endpoint, or an answer without a row.
    Free,
    /// The price of one call.
    Call,
    /// A price that is known once the answer is made, such as that of an export.
    Metered(Credits),
}

impl Price {
    /// Returns the metered price, or [`Price::Free`] for zero credits.
    pub(crate) fn metered(credits: Credits) -> Self {
        if credits == Credits::ZERO { Self::Free } else { Self::Metered(credits) }
    }

    /// Returns the credits to charge.
    pub(crate) const fn credits(self) -> Credits {
        match self {
            Self::Free => Credits::ZERO,
            Self::Call => PRICE_OF_A_CALL,
            Self::Metered(credits) => credits,
        }
    }
}

/// The charge for a call.
#[derive(Serialize, ToSchema)]
pub(crate) struct Billing {
    /// Credits charged for this call.
    credits_charged: u64,
    /// Credits left after this call.
    balance_remaining: u64,
}

impl Billing {
    /// Describes a charge and the balance after it.
    pub(crate) fn new(charged: Credits, balance: Credits) -> Self {
        Self { credits_charged: charged.get(), balance_remaining: balance.get() }
    }

    /// Returns the last member of a JSON object, with its closing brace.
    pub(crate) fn end_of_object(&self) -> Vec<u8> {
        let mut end = b",\"billing\":".to_vec();
        // Numbers and nothing else: it cannot fail.
        let _ = serde_json::to_writer(&mut end, self);
        end.push(b'}');
        end
    }
}

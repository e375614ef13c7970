//! The second step: checks the balance before the work, and charges the call after it.

use super::admit::Caller;
use super::billing::Price;
use crate::app::App;
use crate::errors::ErrorCode;
use crate::problem::Problem;
use domain::{Credits, Operation, RequestId, credits::PRICE_OF_A_CALL};
use store::Store;
use store::idempotency::{Idempotent, StoredAnswer};
use store::ledger::{Charge, ChargeOutcome, Receipt};

/// A call that passed the balance check, with its price. The ledger still decides when the call is charged.
#[derive(Debug)]
pub(crate) struct Quote {
    caller: Caller,
    price: Price,
}

/// Result of a charge that was not refused.
#[derive(Debug)]
pub(crate) enum Settled {
    /// Charged now.
    Paid(Receipt),
    /// Charged before, under the same `Idempotency-Key`.
    Replayed(StoredAnswer),
}

/// Builds the 402 response for a call.
pub(crate) fn refused(balance: Credits) -> Problem {
    refused_at(PRICE_OF_A_CALL, balance)
}

fn refused_at(price: Credits, balance: Credits) -> Problem {
    let credits = if price == PRICE_OF_A_CALL { "credit" } else { "credits" };
    let detail = format!(
        "this call costs {price} {credits} and the account holds {balance}; add credits and try again"
    );
    Problem::new(ErrorCode::InsufficientCredits, detail)
}

impl Caller {
    /// Returns the balance as this node last saw it, for the headers of every answer and for [`Caller::quote`].
    pub(crate) async fn balance(&self, store: &Store) -> Result<Credits, Problem> {
        let account_id = self.key.account_id;
        store.quote(account_id).await?.ok_or_else(|| {
            Problem::internal(format!(
                "key {} belongs to {account_id}, which does not exist",
                self.key.key_id
            ))
        })
    }

    /// Checks the balance. Requests with an `Idempotency-Key` pass even at zero: they may replay a call that was paid.
    pub(crate) fn quote(self, balance: Credits, may_have_paid: bool) -> Result<Quote, Problem> {
        if balance < PRICE_OF_A_CALL && !may_have_paid {
            return Err(refused(balance));
        }
        Ok(Quote { caller: self, price: Price::Call })
    }
}

impl Quote {
    /// Changes the price, which may be known only once the answer is made.
    pub(crate) fn at_price(self, price: Price) -> Self {
        Self { price, ..self }
    }

    /// Charges the call. Returns after the charge is durable, with the balance if the ledger reports one.
    pub(crate) async fn settle(
        self,
        app: &App,
        request_id: RequestId,
        operation: Operation,
        idempotency: Option<Box<Idempotent>>,
    ) -> (Result<Settled, Problem>, Option<Credits>) {
        let account_id = self.caller.key.account_id;
        let charge = Charge {
            account_id,
            request_id,
            credits: self.price.credits(),
            operation,
            idempotency,
            at: app.clock.now(),
        };
        match app.catalog.store().charge(charge).await {
            Ok(ChargeOutcome::Paid(receipt)) => {
                app.metrics.charged(receipt.credits().get());
                let balance = receipt.balance_after();
                (Ok(Settled::Paid(receipt)), Some(balance))
            }
            Ok(ChargeOutcome::Refused { balance }) => {
                (Err(refused_at(self.price.credits(), balance)), Some(balance))
            }
            Ok(ChargeOutcome::Replayed { answer, balance, .. }) => {
                (Ok(Settled::Replayed(answer)), Some(balance))
            }
            Ok(ChargeOutcome::KeyOfOtherRequest) => (Err(key_of_other_request()), None),
            Ok(ChargeOutcome::AlreadyCharged) => {
                (Err(Problem::internal(format!("request id {request_id} was charged before"))), None)
            }
            Ok(ChargeOutcome::NoSuchAccount) => {
                (Err(Problem::internal(format!("{account_id} does not exist"))), None)
            }
            Err(error) => (Err(error.into()), None),
        }
    }
}

/// Builds the 422 response for an `Idempotency-Key` that was sent with another request.
pub(crate) fn key_of_other_request() -> Problem {
    Problem::new(
        ErrorCode::IdempotencyKeyReused,
        "this Idempotency-Key was sent before with another path, query, body or format (Accept); use a new one for a new request",
    )
}

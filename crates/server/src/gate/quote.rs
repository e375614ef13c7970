//! The second step: what a call will cost, turned away early when nothing is left, and the charge itself.

use super::admit::Caller;
use crate::app::App;
use crate::errors::ErrorCode;
use crate::problem::Problem;
use domain::{Credits, Operation, RequestId, credits::PRICE_OF_A_CALL};
use store::Store;
use store::idempotency::{Idempotent, KeptAnswer};
use store::ledger::{Charge, ChargeOutcome, Receipt};

/// A call that was offered at a price. It is no promise: the ledger decides when it is charged.
#[derive(Debug)]
pub(crate) struct Quote {
    caller: Caller,
    price: Credits,
}

/// What came of a charge that was not refused.
#[derive(Debug)]
pub(crate) enum Settled {
    /// Charged now.
    Paid(Receipt),
    /// Charged before, under the same `Idempotency-Key`.
    Replayed(KeptAnswer),
}

/// No credits left, and how many that is.
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
    /// What the account likely holds; for the headers of every answer, and for [`Caller::quote`].
    pub(crate) async fn balance(&self, store: &Store) -> Result<Credits, Problem> {
        let account_id = self.key.account_id;
        store.quote(account_id).await?.ok_or_else(|| {
            Problem::internal(format!(
                "key {} belongs to {account_id}, which does not exist",
                self.key.key_id
            ))
        })
    }

    /// Offers the call. With an `Idempotency-Key` an empty account is heard too, as it may have paid already.
    pub(crate) fn quote(self, balance: Credits, may_have_paid: bool) -> Result<Quote, Problem> {
        if balance < PRICE_OF_A_CALL && !may_have_paid {
            return Err(refused(balance));
        }
        Ok(Quote { caller: self, price: PRICE_OF_A_CALL })
    }
}

impl Quote {
    /// The same at another price: what it costs may be known with the answer alone.
    pub(crate) fn at_price(self, price: Credits) -> Self {
        Self { price, ..self }
    }

    /// Charges the call. Returns after the charge is on the disk. The second value is the balance, where told.
    pub(crate) async fn settle(
        self,
        app: &App,
        request_id: RequestId,
        operation: Operation,
        idempotency: Option<Idempotent>,
    ) -> (Result<Settled, Problem>, Option<Credits>) {
        let account_id = self.caller.key.account_id;
        let charge = Charge {
            account_id,
            request_id,
            credits: self.price,
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
            Ok(ChargeOutcome::Refused { balance }) => (Err(refused_at(self.price, balance)), Some(balance)),
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

/// The key stands for another request.
pub(crate) fn key_of_other_request() -> Problem {
    Problem::new(
        ErrorCode::IdempotencyKeyReused,
        "this Idempotency-Key was sent before with another path, query, body or format (Accept); use a new one for a new request",
    )
}

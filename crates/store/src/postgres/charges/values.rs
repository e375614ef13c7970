//! The parameters of the statements of a group commit.

use super::plan::{Group, Plan};
use super::steps::Span;
use crate::chain::KIND_CHARGE;
use crate::head::Head;
use crate::idempotency::Idempotent;
use crate::ledger::{Charge, to_i64};
use tokio_postgres::types::ToSql;

/// A parameter.
type Value = Box<dyn ToSql + Sync + Send>;
/// The parameters of a statement.
pub(super) type Values = Vec<Value>;

impl Span {
    /// A parameter that is one value for one account, and a list for many.
    fn each<T: ToSql + Clone + Sync + Send + 'static>(self, list: Vec<T>) -> Value {
        match (self, list.first()) {
            (Self::One, Some(one)) => Box::new(one.clone()),
            _ => Box::new(list),
        }
    }

    /// Returns the accounts whose rows are locked.
    pub(super) fn lock_rows(self, accounts: Vec<i64>) -> Values {
        vec![self.each(accounts)]
    }

    /// Returns the request ids to look up.
    pub(super) fn charged(self, groups: &[Group]) -> Values {
        let (accounts, ids): (Vec<i64>, Vec<Vec<u8>>) =
            requested(groups).map(|(account_id, charge)| (account_id, bytes_of_id(charge))).unzip();
        vec![self.each(accounts), Box::new(ids)]
    }

    /// Returns the keys to look up; `None` if there are none.
    pub(super) fn answer_keys(self, groups: &[Group]) -> Option<Values> {
        let (accounts, keys) = keys(requested(groups));
        (!keys.is_empty()).then(|| -> Values { vec![self.each(accounts), Box::new(keys)] })
    }

    /// Returns the debits of accounts that exist.
    pub(super) fn debit(self, plans: &[Plan]) -> Values {
        let heads: Vec<(i64, Head, Head)> = plans
            .iter()
            .filter_map(|plan| plan.heads.map(|(before, after)| (plan.group.account_id, before, after)))
            .collect();
        let numbers = |of: fn(&(i64, Head, Head)) -> i64| self.each(heads.iter().map(of).collect());
        let hashes = |of: fn(&(i64, Head, Head)) -> Vec<u8>| self.each(heads.iter().map(of).collect());
        let (accounts_of_ids, ids): (Vec<i64>, Vec<Vec<u8>>) =
            accepted(plans).map(|(account_id, charge, _)| (account_id, bytes_of_id(charge))).unzip();
        let (accounts_of_keys, keys) =
            keys(accepted(plans).map(|(account_id, charge, _)| (account_id, charge)));
        let mut values: Values = vec![
            numbers(|(account_id, _, _)| *account_id),
            numbers(|(_, before, after)| to_i64(before.balance) - to_i64(after.balance)),
            numbers(|(_, _, after)| after.sequence),
            hashes(|(_, _, after)| after.hash.to_vec()),
            numbers(|(_, before, _)| before.sequence),
            hashes(|(_, before, _)| before.hash.to_vec()),
            Box::new(ids),
            Box::new(keys),
        ];
        if self == Self::Many {
            values.extend([accounts_of_ids, accounts_of_keys].map(|list| -> Value { Box::new(list) }));
        }
        values
    }

    /// Returns the entries of the accepted charges.
    pub(super) fn write(self, plans: &[Plan]) -> Values {
        let accepted: Vec<_> = accepted(plans).collect();
        let numbers = |of: fn(&Charge, &Head) -> i64| -> Value {
            Box::new(accepted.iter().map(|(_, charge, head)| of(charge, head)).collect::<Vec<_>>())
        };
        vec![
            self.each(accepted.iter().map(|(account_id, _, _)| *account_id).collect()),
            numbers(|_, head| head.sequence),
            numbers(|_, _| KIND_CHARGE),
            numbers(|charge, _| to_i64(charge.credits)),
            numbers(|_, head| to_i64(head.balance)),
            numbers(|charge, _| charge.at.as_ms()),
            Box::new(accepted.iter().map(|(_, charge, _)| bytes_of_id(charge)).collect::<Vec<_>>()),
            numbers(|charge, _| i64::from(charge.operation.number().0)),
            Box::new(accepted.iter().map(|(_, _, head)| head.hash.to_vec()).collect::<Vec<_>>()),
        ]
    }

    /// Returns the answers to store with them; `None` if there are none.
    pub(super) fn answers(self, plans: &[Plan]) -> Option<Values> {
        let keyed: Vec<(i64, &Charge, &Idempotent)> = accepted(plans)
            .filter_map(|(account_id, charge, _)| Some((account_id, charge, charge.idempotency.as_deref()?)))
            .collect();
        if keyed.is_empty() {
            return None;
        }
        let numbers = |of: fn(&Charge, &Idempotent) -> i64| -> Value {
            Box::new(keyed.iter().map(|(_, charge, keyed)| of(charge, keyed)).collect::<Vec<_>>())
        };
        let texts = |of: fn(&Idempotent) -> &str| -> Value {
            Box::new(keyed.iter().map(|(_, _, keyed)| of(keyed).to_owned()).collect::<Vec<_>>())
        };
        let bytes = |of: fn(&Charge, &Idempotent) -> Vec<u8>| -> Value {
            Box::new(keyed.iter().map(|(_, charge, keyed)| of(charge, keyed)).collect::<Vec<_>>())
        };
        Some(vec![
            self.each(keyed.iter().map(|(account_id, _, _)| *account_id).collect()),
            texts(|keyed| keyed.key.as_str()),
            bytes(|_, keyed| keyed.fingerprint.0.to_vec()),
            bytes(|charge, _| bytes_of_id(charge)),
            numbers(|charge, _| charge.at.as_ms()),
            numbers(|_, keyed| i64::from(keyed.answer.status())),
            texts(|keyed| keyed.answer.content_type()),
            bytes(|_, keyed| keyed.answer.body().to_vec()),
        ])
    }
}

/// Returns all accepted charges, with their account and the head after each.
fn accepted(plans: &[Plan]) -> impl Iterator<Item = (i64, &Charge, &Head)> {
    plans.iter().flat_map(|plan| plan.accepted().map(|(charge, head)| (plan.group.account_id, charge, head)))
}

/// Returns all requested charges, with their account.
fn requested(groups: &[Group]) -> impl Iterator<Item = (i64, &Charge)> {
    groups.iter().flat_map(|group| group.calls.iter().map(|call| (group.account_id, &call.charge)))
}

/// Returns the keys under which answers are stored, with their accounts.
fn keys<'a>(charges: impl Iterator<Item = (i64, &'a Charge)>) -> (Vec<i64>, Vec<String>) {
    let keys = charges.filter_map(|(account_id, charge)| {
        Some((account_id, charge.idempotency.as_ref()?.key.as_str().to_owned()))
    });
    keys.unzip()
}

fn bytes_of_id(charge: &Charge) -> Vec<u8> {
    charge.request_id.to_bytes().to_vec()
}

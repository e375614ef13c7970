//! Plans the calls of one account that are committed together: each is admitted in order of arrival if the
//! balance still covers it. Pure: no I/O, the same verdicts from the same stored state.

use super::super::quotes::Quotes;
use super::Activity;
use crate::StoreError;
use crate::head::Head;
use crate::idempotency::{AnswerRow, KeyLookup};
use crate::ledger::{Charge, ChargeOutcome, Receipt};
use domain::AccountId;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::Ordering;
use tokio::sync::oneshot;

/// A charge that waits, and the channel that its caller waits on.
pub(super) struct Call {
    pub(super) charge: Charge,
    pub(super) answer: oneshot::Sender<Result<ChargeOutcome, StoreError>>,
}

impl Call {
    pub(super) fn stored_bytes(&self) -> usize {
        self.charge.idempotency.as_ref().map_or(0, |idempotent| idempotent.answer.body().len())
    }
}

/// The charges of one account in order of arrival.
pub(super) struct Group {
    pub(super) account_id: i64,
    pub(super) calls: Vec<Call>,
}

impl Group {
    /// Groups calls by account, in ascending order of accounts: the order in which every node locks, so that
    /// none deadlock.
    pub(super) fn of(calls: Vec<Call>) -> Vec<Self> {
        let mut by_account: BTreeMap<i64, Vec<Call>> = BTreeMap::new();
        for call in calls {
            by_account.entry(call.charge.account_id.0).or_default().push(call);
        }
        by_account.into_iter().map(|(account_id, calls)| Self { account_id, calls }).collect()
    }

    /// Fails every call.
    pub(super) fn fail(self, error: &StoreError) {
        for call in self.calls {
            // The caller may have stopped waiting.
            let _ = call.answer.send(Err(error.for_another()));
        }
    }
}

/// Stored state that decides about a group, read while its account was locked.
#[derive(Default)]
pub(super) struct Stored {
    /// `None` if there is no such account.
    pub(super) head: Option<Head>,
    /// Request ids of the group that were charged before.
    pub(super) charged: HashSet<[u8; 16]>,
    /// Answers stored under keys of the group.
    pub(super) answers: HashMap<String, AnswerRow>,
}

/// The decision on one call.
pub(super) enum Verdict {
    /// It is charged, and the chain then ends here.
    Accept(Head),
    /// Nothing is debited; the caller gets this outcome.
    Reply(ChargeOutcome),
}

/// A group with the verdict on each of its calls, which holds once it is committed.
pub(super) struct Plan {
    pub(super) group: Group,
    pub(super) verdicts: Vec<Verdict>,
    /// The head before and after; `None` if there is no such account.
    pub(super) heads: Option<(Head, Head)>,
}

impl Plan {
    /// Admits the charges of a group, in order.
    pub(super) fn of(group: Group, stored: Stored) -> Self {
        let Some(before) = stored.head else {
            let verdicts = group.calls.iter().map(|_| Verdict::Reply(ChargeOutcome::NoSuchAccount)).collect();
            return Self { group, verdicts, heads: None };
        };
        let mut admission = Admission::new(before, stored);
        let calls = group.calls.iter().enumerate();
        let verdicts = calls.map(|(at, call)| admission.admit(&group, at, &call.charge)).collect();
        let after = admission.head;
        Self { group, verdicts, heads: Some((before, after)) }
    }

    /// Returns true if every charge is accepted.
    pub(super) fn accepts_all(&self) -> bool {
        self.verdicts.iter().all(|verdict| matches!(verdict, Verdict::Accept(_)))
    }

    /// Returns true if any charge is accepted.
    pub(super) fn accepts_any(&self) -> bool {
        self.verdicts.iter().any(|verdict| matches!(verdict, Verdict::Accept(_)))
    }

    /// Returns the accepted charges, each with the head after it.
    pub(super) fn accepted(&self) -> impl Iterator<Item = (&Charge, &Head)> {
        self.group.calls.iter().zip(&self.verdicts).filter_map(|(call, verdict)| match verdict {
            Verdict::Accept(head) => Some((&call.charge, head)),
            Verdict::Reply(_) => None,
        })
    }

    /// Replies to every call. Only after the commit.
    pub(super) fn answer(self, quotes: &Quotes, activity: &Activity) {
        if let Some((_, after)) = &self.heads {
            quotes.publish(AccountId(self.group.account_id), after.balance);
        }
        for (call, verdict) in self.group.calls.into_iter().zip(self.verdicts) {
            let outcome = match verdict {
                Verdict::Reply(outcome) => outcome,
                Verdict::Accept(head) => {
                    activity.charges.fetch_add(1, Ordering::Relaxed);
                    ChargeOutcome::Paid(Receipt {
                        request_id: call.charge.request_id,
                        credits: call.charge.credits,
                        balance_after: head.balance,
                        sequence: head.sequence.unsigned_abs(),
                    })
                }
            };
            // A caller that stopped waiting is charged all the same.
            let _ = call.answer.send(Ok(outcome));
        }
    }
}

/// An account while its charges are admitted.
struct Admission {
    head: Head,
    charged: HashSet<[u8; 16]>,
    stored: HashMap<String, AnswerRow>,
    /// Position of this group's charge that is accepted under a key.
    accepted_keys: HashMap<String, usize>,
}

impl Admission {
    fn new(head: Head, stored: Stored) -> Self {
        Self { head, charged: stored.charged, stored: stored.answers, accepted_keys: HashMap::new() }
    }

    fn admit(&mut self, group: &Group, at: usize, charge: &Charge) -> Verdict {
        // A repeated call is replayed even if the balance no longer covers it: it was paid before.
        if let Some(known) = self.known(group, charge) {
            let balance = self.head.balance;
            return Verdict::Reply(match known {
                KeyLookup::Answer { answer, request_id } => {
                    ChargeOutcome::Replayed { answer, request_id, balance }
                }
                KeyLookup::OtherRequest => ChargeOutcome::KeyOfOtherRequest,
            });
        }
        let request_id = charge.request_id.to_bytes();
        if self.charged.contains(&request_id) {
            return Verdict::Reply(ChargeOutcome::AlreadyCharged);
        }
        // A later, cheaper call of the group may still be covered: refusing one does not stop the others.
        let Some(after) = self.head.charge(charge) else {
            return Verdict::Reply(ChargeOutcome::Refused { balance: self.head.balance });
        };
        self.charged.insert(request_id);
        if let Some(idempotent) = &charge.idempotency {
            self.accepted_keys.insert(idempotent.key.as_str().to_owned(), at);
        }
        self.head = after;
        Verdict::Accept(after)
    }

    /// Returns what is stored under the key of a charge, in the database or by an earlier charge of this group.
    fn known(&self, group: &Group, charge: &Charge) -> Option<KeyLookup> {
        let idempotent = charge.idempotency.as_ref()?;
        if let Some(row) = self.stored.get(idempotent.key.as_str()) {
            return Some(row.clone().matched(idempotent.fingerprint));
        }
        let first = self.accepted_keys.get(idempotent.key.as_str()).map(|&at| &group.calls[at].charge)?;
        let lookup = first.idempotency.as_ref()?;
        if lookup.fingerprint != idempotent.fingerprint {
            return Some(KeyLookup::OtherRequest);
        }
        Some(KeyLookup::Answer { answer: lookup.answer.clone(), request_id: first.request_id })
    }
}

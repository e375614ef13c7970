//! A lane: round after round, it commits what queued for its accounts. The module above has the states and the
//! vocabulary.

use super::super::connection::Pool;
use super::super::quotes::Quotes;
use super::Activity;
use super::plan::{Call, Group, Plan, Stored};
use super::settle::settle;
use super::steps::Span;
use super::transaction::{Connection, End, Failure, is_of_one_account, lost};
use crate::StoreError;
use crate::head::Head;
use crate::ledger::inconsistent;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Accounts whose head all lanes together cache, about 80 bytes each.
const HEADS_MAX: usize = 200_000;
/// Accounts of one transaction, so that its locks are short.
const ACCOUNTS_MAX: usize = 500;
/// Attempts to lock an account for the same charges.
const LOCK_ATTEMPTS_MAX: usize = 3;

/// The cached state of an account.
struct Known {
    /// The end of its chain after the last commit of this lane.
    head: Head,
    /// Another node charged it since: its row is locked first, until that has ceased.
    is_shared: bool,
}

/// Groups to be retried, each in a transaction of its own.
struct OneByOne(Vec<Group>);

/// A lane of this node. Dropping it closes its connection, which rolls back what was not committed.
pub(super) struct Lane {
    pool: Pool,
    quotes: Arc<Quotes>,
    activity: Arc<Activity>,
    span: Span,
    connection: Option<Connection>,
    known: HashMap<i64, Known>,
}

impl Lane {
    pub(super) fn new(pool: Pool, quotes: Arc<Quotes>, activity: Arc<Activity>, span: Span) -> Self {
        Self { pool, quotes, activity, span, connection: None, known: HashMap::new() }
    }

    /// Decides on the calls of a round and replies to all of them.
    pub(super) async fn round(&mut self, calls: Vec<Call>) {
        #[cfg(all(feature = "seeded-panics", debug_assertions))]
        crate::poison::charges(calls.iter().map(|call| &call.charge));
        // Dropping the cache costs one locked read an account; an LRU would cost every round.
        if self.known.len() > HEADS_MAX / self.span.lanes() {
            self.known.clear();
        }
        // Groups come in ascending order of their accounts, which every transaction below keeps.
        let (mut plans, mut to_lock) = (Vec::new(), Vec::new());
        for group in Group::of(calls) {
            match self.plan(group) {
                Ok(plan) => plans.push(plan),
                Err(group) => to_lock.push(group),
            }
        }
        let accounts_max = if self.span == Span::One { 1 } else { ACCOUNTS_MAX };
        let mut one_by_one = Vec::new();
        for plans in chunks(plans, accounts_max) {
            match self.debit_known(plans).await {
                // Another node was first: these accounts are locked and read like the unknown ones.
                Ok(missed) => to_lock.extend(missed),
                Err(OneByOne(groups)) => one_by_one.extend(groups),
            }
        }
        // Missed groups were appended out of order; locks are taken in ascending order.
        to_lock.sort_unstable_by_key(|group| group.account_id);
        for groups in chunks(to_lock, accounts_max) {
            if let Err(OneByOne(groups)) = self.lock_and_debit(groups).await {
                one_by_one.extend(groups);
            }
        }
        for group in one_by_one {
            self.alone(group).await;
        }
    }

    /// Decides on the calls of one account. A cluster may move a shard while a row of it is locked; the lock
    /// does not move along, and the debit misses. Then the row is locked where it is now.
    async fn alone(&mut self, group: Group) {
        let mut groups = vec![group];
        for _ in 0..LOCK_ATTEMPTS_MAX {
            match self.lock_and_debit(groups).await {
                Ok(()) => return,
                Err(OneByOne(again)) => groups = again,
            }
        }
        let account_id = groups.first().map_or(0, |group| group.account_id);
        let _: Result<(), OneByOne> = self.fail(groups, &inconsistent("balances", "sequence", account_id));
    }

    /// Plans a group from the cached head. Returns the group if its account must be locked first: the head is
    /// unknown or shared, or not every call would be accepted, which only a fresh read may decide.
    fn plan(&self, group: Group) -> Result<Plan, Group> {
        let Some(known) = self.known.get(&group.account_id).filter(|known| !known.is_shared) else {
            return Err(group);
        };
        let stored = Stored { head: Some(known.head), ..Stored::default() };
        let plan = Plan::of(group, stored);
        if plan.accepts_all() { Ok(plan) } else { Err(plan.group) }
    }

    /// Commits plans made from cached heads. Returns the groups whose debit missed.
    async fn debit_known(&mut self, plans: Vec<Plan>) -> Result<Vec<Group>, OneByOne> {
        let connection = match self.connect().await {
            Ok(connection) => connection,
            Err(error) => return self.fail(plans.into_iter().map(|plan| plan.group), &error),
        };
        let took = match connection.debit(&plans, true).await {
            Ok(took) => took,
            Err(failure) => return self.failed(groups_of(plans), failure).await,
        };
        // One flag a plan, in the order of the plans.
        let mut took = took.into_iter();
        let (taken, missed): (Vec<_>, Vec<_>) = plans.into_iter().partition(|_| took.next().unwrap_or(false));
        let missed = groups_of(missed);
        for group in &missed {
            if let Some(known) = self.known.get_mut(&group.account_id) {
                known.is_shared = true;
            }
        }
        if taken.is_empty() {
            self.roll_back().await;
        } else {
            // The transaction continues with the debits that took; those that missed changed no row.
            self.write(taken).await?;
        }
        Ok(missed)
    }

    /// Locks accounts, decides on their calls, and commits.
    async fn lock_and_debit(&mut self, groups: Vec<Group>) -> Result<(), OneByOne> {
        let connection = match self.connect().await {
            Ok(connection) => connection,
            Err(error) => return self.fail(groups, &error),
        };
        let stored = match connection.lock_rows(&groups).await {
            Ok(stored) => stored,
            Err(failure) => return self.failed(groups, failure).await,
        };
        let mut plans = Vec::with_capacity(groups.len());
        for (group, stored) in groups.into_iter().zip(stored) {
            match stored {
                Ok(stored) => {
                    self.note(group.account_id, stored.head);
                    plans.push(Plan::of(group, stored));
                }
                // An invalid row stops its own account alone.
                Err(error) => group.fail(&error),
            }
        }
        let (taking, replying): (Vec<_>, Vec<_>) = plans.into_iter().partition(Plan::accepts_any);
        let Some(connection) = &self.connection else { return Ok(()) };
        if !taking.is_empty() {
            // Conditional, though the rows are locked: it is what notices a shard that has moved.
            match connection.debit(&taking, false).await {
                Ok(took) if took.iter().all(|took| *took) => {}
                Ok(_) => {
                    self.roll_back().await;
                    return Err(OneByOne(groups_of(taking).into_iter().chain(groups_of(replying)).collect()));
                }
                Err(failure) => {
                    let groups = groups_of(taking).into_iter().chain(groups_of(replying)).collect();
                    return self.failed(groups, failure).await;
                }
            }
        }
        self.write(taking.into_iter().chain(replying).collect()).await
    }

    /// Writes the entries of debits that took, commits, and replies. Plans that take nothing are replied to as
    /// well: what they were decided on was read under the locks of this transaction.
    async fn write(&mut self, plans: Vec<Plan>) -> Result<(), OneByOne> {
        let Some(connection) = &self.connection else { return Ok(()) };
        match connection.write(&plans).await {
            End::Committed => {
                self.activity.committed();
                for plan in plans {
                    if let Some((_, head)) = plan.heads {
                        let known = self.known.entry(plan.group.account_id);
                        known
                            .and_modify(|known| known.head = head)
                            .or_insert(Known { head, is_shared: false });
                    }
                    plan.answer(&self.quotes, &self.activity);
                }
                Ok(())
            }
            End::Refused(error) => self.failed(groups_of(plans), Failure::Refused(error)).await,
            End::Unknown(error) => {
                tracing::warn!(%error, "a commit of charges was sent and not answered: looking them up");
                self.drop_connection();
                self.activity.commits_failed.fetch_add(1, Ordering::Relaxed);
                for plan in &plans {
                    self.known.remove(&plan.group.account_id);
                }
                // The lane continues with other accounts on a new connection meanwhile.
                tokio::spawn(settle(
                    self.pool.clone(),
                    self.span,
                    plans,
                    error,
                    Arc::clone(&self.quotes),
                    Arc::clone(&self.activity),
                ));
                Ok(())
            }
        }
    }

    /// Compares the head that was read under the lock with the cached one. Equal heads mean that no other node
    /// charges the account any more: the next round is optimistic again.
    fn note(&mut self, account_id: i64, head: Option<Head>) {
        match (head, self.known.get_mut(&account_id)) {
            (Some(head), Some(known)) => {
                known.is_shared = known.head != head;
                known.head = head;
            }
            (Some(head), None) => {
                self.known.insert(account_id, Known { head, is_shared: false });
            }
            (None, _) => {
                self.known.remove(&account_id);
            }
        }
    }

    /// Returns the lane's connection, opened if need be.
    async fn connect(&mut self) -> Result<&Connection, StoreError> {
        if self.connection.as_ref().is_some_and(Connection::is_closed) {
            self.drop_connection();
        }
        if self.connection.is_none() {
            self.connection = Some(Connection::open(&self.pool, self.span).await?);
        }
        self.connection.as_ref().ok_or(StoreError::Closed)
    }

    fn drop_connection(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.close();
        }
    }

    async fn roll_back(&mut self) {
        let Some(connection) = &self.connection else { return };
        if connection.roll_back().await.is_err() {
            self.drop_connection();
        }
    }

    /// Handles a failure before `COMMIT` was sent, or one that kept it from writing: nothing was written.
    /// Retries group by group if one account may be the cause, else fails every call.
    async fn failed<T>(&mut self, groups: Vec<Group>, failure: Failure) -> Result<T, OneByOne>
    where
        T: Default,
    {
        let error = match failure {
            Failure::Refused(error) => {
                self.roll_back().await;
                if groups.len() > 1 && is_of_one_account(&error) {
                    for group in &groups {
                        self.known.remove(&group.account_id);
                    }
                    return Err(OneByOne(groups));
                }
                lost(error)
            }
            Failure::Lost(error) => {
                self.drop_connection();
                error
            }
        };
        self.fail(groups, &error)
    }

    /// Fails every call of these groups, and forgets the heads of their accounts.
    fn fail<T: Default>(
        &mut self,
        groups: impl IntoIterator<Item = Group>,
        error: &StoreError,
    ) -> Result<T, OneByOne> {
        // One line in the log for an outage, not one for each commit that it fails.
        if self.activity.failed_in_a_row.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::error!(%error, "commits of charges fail");
        } else {
            tracing::debug!(%error, "a commit of charges failed");
        }
        self.activity.commits_failed.fetch_add(1, Ordering::Relaxed);
        for group in groups {
            self.known.remove(&group.account_id);
            group.fail(error);
        }
        Ok(T::default())
    }
}

fn groups_of(plans: Vec<Plan>) -> Vec<Group> {
    plans.into_iter().map(|plan| plan.group).collect()
}

/// Splits into pieces of at most `size`, in order.
fn chunks<T>(mut items: Vec<T>, size: usize) -> Vec<Vec<T>> {
    let mut pieces = Vec::new();
    while items.len() > size {
        let rest = items.split_off(size);
        pieces.push(std::mem::replace(&mut items, rest));
    }
    if !items.is_empty() {
        pieces.push(items);
    }
    pieces
}

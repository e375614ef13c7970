//! The transaction of a group commit, on a lane's own connection.
//!
//! Statements are pipelined, so that a commit takes two round trips: the conditional debits, and then the
//! entries of those that took together with the `COMMIT`.

use super::super::connection::{Client, Parameter, Pool};
use super::plan::{Group, Plan, Stored};
use super::steps::{ChargedRow, Span, Step};
use super::values::Values;
use crate::StoreError;
use crate::error::Doing;
use crate::head::ChainRow;
use crate::idempotency::AnswerRow;
use crate::row::{self, FromRow};
use futures_util::future::{MaybeDone, maybe_done};
use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::timeout;
use tokio_postgres::error::Severity;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row, Statement};

/// Time that a lane waits for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// Time that it waits for the answers of one round trip before it gives the connection up. This must be shorter
/// than the server's own statement limit: a server whose limit ends the wait for a synchronous standby reports
/// a commit that the standby does not have. By then the lane no longer waits.
const ANSWER_MAX: Duration = Duration::from_secs(4);

/// Overrides settings of the role, and those left by other users of a pooler's shared connection.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = '10s'; SET LOCAL lock_timeout = '2s'";

/// Why a round trip failed.
pub(super) enum Failure {
    /// The server refused a statement: the transaction cannot commit, and the connection stays usable.
    Refused(Error),
    /// The connection is unusable.
    Lost(StoreError),
}

/// End of a transaction.
pub(super) enum End {
    /// It is on disk.
    Committed,
    /// The server refused it; nothing was written.
    Refused(Error),
    /// `COMMIT` was sent and not answered: unknown.
    Unknown(StoreError),
}

type Sent<'a> = Pin<Box<dyn Future<Output = Result<Vec<Row>, Error>> + Send + 'a>>;

/// For a connection whose statements are for many accounts. Their best plan is always the same, by index, and
/// must not be rebuilt for each commit, nor ever be one that was better while the ledger was a page long.
const PLANS: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off";

/// A lane's connection.
pub(super) struct Connection {
    client: Client,
    span: Span,
    /// In the order of [`Step`]; `None` behind a pooler that cannot follow them.
    prepared: Option<Vec<Statement>>,
}

impl Connection {
    /// Takes a connection out of the pool.
    pub(super) async fn open(pool: &Pool, span: Span) -> Result<Self, StoreError> {
        let opening = async {
            let client = pool.get().await?;
            let prepared = if pool.has_sessions() {
                if span == Span::Many {
                    client.object.batch_execute(PLANS).await.doing("prepare to charge")?;
                }
                let prepared = span.statements().map(|sql| client.object.prepare_cached(sql));
                Some(futures_util::future::try_join_all(prepared).await.doing("prepare to charge")?)
            } else {
                None
            };
            Ok(Self { client, span, prepared })
        };
        let opened = timeout(CONNECT_MAX, opening).await;
        opened
            .unwrap_or_else(|_| Err(StoreError::Unreachable(format!("no connection within {CONNECT_MAX:?}"))))
    }

    /// Returns true if the connection is known to be closed.
    pub(super) fn is_closed(&self) -> bool {
        self.client.object.is_closed()
    }

    /// Closes it. It does not go back to the pool, where others would wait for its answers and have its
    /// settings.
    pub(super) fn close(self) {
        drop(deadpool_postgres::Object::take(self.client.object));
    }

    /// Begins, locks the accounts of these groups until the end, and reads what decides about their charges.
    pub(super) async fn lock_rows(
        &self,
        groups: &[Group],
    ) -> Result<Vec<Result<Stored, StoreError>>, Failure> {
        let accounts = groups.iter().map(|group| group.account_id).collect();
        let mut sent: Vec<Sent<'_>> = vec![
            Box::pin(self.command(BEGIN)),
            Box::pin(self.run(Step::Lock, self.span.lock_rows(accounts))),
            Box::pin(self.run(Step::Charged, self.span.charged(groups))),
        ];
        if let Some(keys) = self.span.answer_keys(groups) {
            sent.push(Box::pin(self.run(Step::Answers, keys)));
        }
        let mut answers = all(sent).await?.into_iter().skip(1);
        let mut next = || answers.next().unwrap_or_default();
        let mut stored: HashMap<i64, Result<Stored, StoreError>> = HashMap::new();
        for row in next() {
            let (account_id, chain, _): (i64, ChainRow, i64) = decoded(&row)?;
            let of_account =
                chain.head(account_id).map(|head| Stored { head: Some(head), ..Stored::default() });
            stored.insert(account_id, of_account);
        }
        for row in next() {
            let ChargedRow { account_id, request_id, .. } = decoded(&row)?;
            if let Some(Ok(stored)) = stored.get_mut(&account_id) {
                stored.charged.insert(request_id);
            }
        }
        for row in next() {
            let (account_id, key, row_of_answer): (i64, String, AnswerRow) = decoded(&row)?;
            if let Some(Ok(stored)) = stored.get_mut(&account_id) {
                stored.answers.insert(key, row_of_answer);
            }
        }
        let of_group =
            |group: &Group| stored.remove(&group.account_id).unwrap_or_else(|| Ok(Stored::default()));
        Ok(groups.iter().map(of_group).collect())
    }

    /// Debits the accounts of these plans, in a new transaction or in the one that locked them. Returns whether
    /// each took.
    pub(super) async fn debit(&self, plans: &[Plan], begin: bool) -> Result<Vec<bool>, Failure> {
        let mut sent: Vec<Sent<'_>> = Vec::new();
        if begin {
            sent.push(Box::pin(self.command(BEGIN)));
        }
        if begin && plans.len() > 1 {
            // One UPDATE of several rows locks them in any order, and two nodes could deadlock: they are locked
            // in order first.
            let accounts = plans.iter().map(|plan| plan.group.account_id).collect();
            sent.push(Box::pin(self.run(Step::Lock, self.span.lock_rows(accounts))));
        }
        sent.push(Box::pin(self.run(Step::Debit, self.span.debit(plans))));
        let rows = all(sent).await?.pop().unwrap_or_default();
        let took: HashSet<i64> = rows.iter().map(decoded).collect::<Result<_, _>>()?;
        Ok(plans.iter().map(|plan| took.contains(&plan.group.account_id)).collect())
    }

    /// Writes the entries of plans whose debit took, and commits.
    pub(super) async fn write(&self, plans: &[Plan]) -> End {
        let mut sent: Vec<Sent<'_>> = Vec::new();
        if plans.iter().any(Plan::accepts_any) {
            sent.push(Box::pin(self.run(Step::Write, self.span.write(plans))));
        }
        if let Some(row_of_answer) = self.span.answers(plans) {
            sent.push(Box::pin(self.run(Step::WriteAnswers, row_of_answer)));
        }
        // Sent together with them: after a failure it ends the transaction without writing anything.
        let statements = sent.len();
        sent.push(Box::pin(self.command("COMMIT")));
        match each(sent).await {
            Err(failure) => End::Unknown(failure),
            Ok(answers) => {
                let failed =
                    answers.into_iter().enumerate().find_map(|(at, answer)| Some((at, answer.err()?)));
                match failed {
                    None => End::Committed,
                    Some((at, error)) if at < statements && is_refusal(&error) => End::Refused(error),
                    Some((_, error)) => End::Unknown(lost(error)),
                }
            }
        }
    }

    /// Rolls the transaction back.
    pub(super) async fn roll_back(&self) -> Result<(), Failure> {
        all(vec![Box::pin(self.command("ROLLBACK"))]).await.map(|_| ())
    }

    /// Returns which calls of a group were charged. Locks the account's row, and so waits until a transaction
    /// that charges it has ended. As locking a row writes, its own commit waits until everything before it is
    /// as durable.
    pub(super) async fn look_up(&self, group: &Group) -> Result<Vec<ChargedRow>, StoreError> {
        let sent: Vec<Sent<'_>> = vec![
            Box::pin(self.command(BEGIN)),
            Box::pin(self.run(Step::Lock, self.span.lock_rows(vec![group.account_id]))),
            Box::pin(self.run(Step::Charged, self.span.charged(std::slice::from_ref(group)))),
            Box::pin(self.command("COMMIT")),
        ];
        let answers = all(sent).await.map_err(|failure| match failure {
            Failure::Refused(error) => lost(error),
            Failure::Lost(error) => error,
        })?;
        answers[2].iter().map(row::postgres).collect::<Result<_, _>>().map_err(lost)
    }

    async fn command(&self, sql: &'static str) -> Result<Vec<Row>, Error> {
        self.client.object.batch_execute(sql).await.map(|()| Vec::new())
    }

    async fn run(&self, step: Step, values: Values) -> Result<Vec<Row>, Error> {
        let client: &tokio_postgres::Client = &self.client.object;
        match &self.prepared {
            Some(prepared) => {
                let values: Vec<_> = values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
                client.query(&prepared[step as usize], &values).await
            }
            None => {
                let parameters: Vec<Parameter<'_>> = values
                    .iter()
                    .zip(self.span.types(step))
                    .map(|(value, kind)| (&**value as _, kind))
                    .collect();
                client.query_typed(self.span.statements()[step as usize], &parameters).await
            }
        }
    }
}

/// Reads a row. One that does not fit its type leaves nothing to go on with.
fn decoded<T: for<'r> FromRow<'r>>(row: &Row) -> Result<T, Failure> {
    row::postgres(row).map_err(|error| Failure::Lost(lost(error)))
}

/// Sends everything in this order, and then waits for all answers.
async fn each(sent: Vec<Sent<'_>>) -> Result<Vec<Result<Vec<Row>, Error>>, StoreError> {
    let all = async {
        let mut waiting: Vec<_> = sent.into_iter().map(maybe_done).collect();
        // The driver sends a statement on the first poll: all are polled once, in order, before any is awaited.
        std::future::poll_fn(|context| {
            for one in &mut waiting {
                let _ = Pin::new(one).poll(context);
            }
            std::task::Poll::Ready(())
        })
        .await;
        let mut answers = Vec::with_capacity(waiting.len());
        for mut one in waiting {
            Pin::new(&mut one).await;
            let MaybeDone::Done(answer) = one else { unreachable!("it was waited for") };
            answers.push(answer);
        }
        answers
    };
    let answered = timeout(ANSWER_MAX, all).await;
    answered.map_err(|_| StoreError::Unreachable(format!("no answer within {ANSWER_MAX:?}")))
}

/// [`each`], where any refusal fails the whole.
async fn all(sent: Vec<Sent<'_>>) -> Result<Vec<Vec<Row>>, Failure> {
    let answers = each(sent).await.map_err(Failure::Lost)?;
    answers.into_iter().collect::<Result<_, _>>().map_err(|error| {
        if is_refusal(&error) { Failure::Refused(error) } else { Failure::Lost(lost(error)) }
    })
}

/// Returns true if an error ends the transaction alone: the connection stays usable.
fn is_refusal(error: &Error) -> bool {
    error.as_db_error().is_some_and(|cause| cause.parsed_severity() == Some(Severity::Error))
}

/// Returns true if one account may be the cause of an error, so that the others may succeed without it: bad
/// data (22, 23), conflicts (40, 55), cancellation (57) and errors raised by triggers (P0).
pub(super) fn is_of_one_account(error: &Error) -> bool {
    let class = error.code().and_then(|state| state.code().get(..2));
    matches!(class, Some("22" | "23" | "40" | "55" | "57" | "P0"))
}

/// Wraps an error of the driver.
pub(super) fn lost(error: Error) -> StoreError {
    match Err::<(), _>(error).doing("charge") {
        Err(error) => error,
        Ok(()) => unreachable!("it was an error"),
    }
}

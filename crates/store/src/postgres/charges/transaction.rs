//! The transaction of a group commit, on a connection that a lane keeps.
//!
//! Statements of many accounts are sent one behind the other without waiting for answers, so that a commit takes two
//! round trips: the debits, each conditional, and then the entries of those that took, together with the `COMMIT`.

use super::super::connection::{Client, Parameter, Pool};
use super::super::{idempotency, ledger};
use super::plan::{Group, Plan, Stored};
use crate::StoreError;
use crate::chain::KIND_CHARGE;
use crate::error::Doing;
use crate::ledger::to_i64;
use futures_util::future::{MaybeDone, maybe_done};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::timeout;
use tokio_postgres::error::Severity;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row, Statement};

/// How long a lane waits for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// How long it waits for the answers to what it sent at once, before the connection counts as dead. Shorter than the
/// server's own limit for a statement, and that is needed: a server whose limit ends the wait for a synchronous standby
/// reports a commit that the standby does not have. Nobody listens any more by then.
const ANSWER_MAX: Duration = Duration::from_secs(4);

/// Whatever is set for the role, or was left behind by others on a connection that a pooler shares.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = '10s'; SET LOCAL lock_timeout = '2s'";

/// Which of a group's calls were charged, and by which entry.
pub(super) const CHARGED: &str =
    "SELECT request_id, hash FROM tagmeter.entries WHERE account_id = $1 AND request_id = ANY($2)";
/// Takes what a group costs, if the account's chain ends where it was seen, covers it, and none of it was charged or
/// answered before. Whoever charged in between has moved the chain on, so what holds before the row is locked holds
/// after.
const DEBIT: &str =
    "UPDATE tagmeter.balances SET balance = balance - $2, charged = charged + $2, sequence = $3, hash = $4
     WHERE account_id = $1 AND sequence = $5 AND hash = $6 AND balance >= $2
       AND NOT EXISTS (SELECT 1 FROM tagmeter.entries WHERE account_id = $1 AND request_id = ANY($7))
       AND NOT EXISTS (SELECT 1 FROM tagmeter.idempotency WHERE account_id = $1 AND idempotency_key = ANY($8))
     RETURNING account_id";
const WRITE: &str =
    "INSERT INTO tagmeter.entries (account_id, sequence, kind, credits, balance_after, at_ms, request_id, operation, hash)
     SELECT $1::bigint, taken.* FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
         $7::bytea[], $8::bigint[], $9::bytea[]) AS taken";
const KEEP: &str =
    "INSERT INTO tagmeter.idempotency (account_id, idempotency_key, fingerprint, request_id, created_at_ms, status,
                                       content_type, body)
     SELECT $1::bigint, kept.* FROM unnest($2::text[], $3::bytea[], $4::bytea[], $5::bigint[], $6::bigint[],
         $7::text[], $8::bytea[]) AS kept";

/// The statements of a group commit.
#[derive(Clone, Copy)]
enum Step {
    Hold,
    Charged,
    Kept,
    Debit,
    Write,
    Keep,
}

const STEPS: [&str; 6] = [ledger::HOLD, CHARGED, idempotency::KEPT, DEBIT, WRITE, KEEP];

/// The statements of this room; see [`super::super::statements`].
#[cfg(test)]
pub(in super::super) const STATEMENTS: [(&str, &str); 4] =
    [("CHARGED", CHARGED), ("DEBIT", DEBIT), ("WRITE", WRITE), ("KEEP", KEEP)];

/// Why something sent got no good answer.
pub(super) enum Failure {
    /// The server said no: the transaction will not be committed, and the connection goes on.
    Refused(Error),
    /// The connection is of no more use.
    Lost(StoreError),
}

/// How a transaction ended.
pub(super) enum End {
    /// It is on the disk.
    Committed,
    /// The server said no; nothing was written.
    Refused(Error),
    /// `COMMIT` was sent and not answered: nobody knows.
    Unknown(StoreError),
}

type Sent<'a> = Pin<Box<dyn Future<Output = Result<Vec<Row>, Error>> + Send + 'a>>;

/// A connection that a lane keeps.
pub(super) struct Connection {
    client: Client,
    /// In the order of [`STEPS`]; `None` behind a pooler that cannot follow them.
    prepared: Option<Vec<Statement>>,
}

impl Connection {
    /// Takes a connection out of the pool.
    pub(super) async fn open(pool: &Pool) -> Result<Self, StoreError> {
        let opening = async {
            let client = pool.get().await?;
            let prepared = if pool.has_sessions() {
                let prepared = STEPS.map(|sql| client.object.prepare_cached(sql));
                Some(futures_util::future::try_join_all(prepared).await.doing("prepare to charge")?)
            } else {
                None
            };
            Ok(Self { client, prepared })
        };
        let opened = timeout(CONNECT_MAX, opening).await;
        opened
            .unwrap_or_else(|_| Err(StoreError::Unreachable(format!("no connection within {CONNECT_MAX:?}"))))
    }

    /// Whether the other side is known to be gone.
    pub(super) fn is_closed(&self) -> bool {
        self.client.object.is_closed()
    }

    /// Closes it. It does not go back to the pool, where others would wait for its answers.
    pub(super) fn close(self) {
        drop(deadpool_postgres::Object::take(self.client.object));
    }

    /// Begins, holds the accounts of these groups until the end, and reads what decides about their charges.
    pub(super) async fn hold(&self, groups: &[Group]) -> Result<Vec<Stored>, Failure> {
        let mut sent: Vec<Sent<'_>> = vec![Box::pin(self.command(BEGIN))];
        for group in groups {
            sent.push(Box::pin(self.ask(Step::Hold, vec![Box::new(group.account_id)])));
            let ids = group.request_ids().into_iter().map(Vec::from).collect::<Vec<_>>();
            sent.push(Box::pin(self.ask(Step::Charged, vec![Box::new(group.account_id), Box::new(ids)])));
            let keys: Vec<String> = group.keys().into_iter().map(str::to_owned).collect();
            // Most groups have none; asking costs little where nothing is to be found.
            sent.push(Box::pin(self.ask(Step::Kept, vec![Box::new(group.account_id), Box::new(keys)])));
        }
        let mut answers = all(sent).await?.into_iter().skip(1);
        let mut next = || answers.next().unwrap_or_default();
        let mut stored = Vec::with_capacity(groups.len());
        for group in groups {
            let head = next().first().map(|row| ledger::head_of(row, group.account_id)).transpose();
            let charged = next().iter().filter_map(|row| row.get::<_, &[u8]>(0).try_into().ok()).collect();
            stored.push(Stored { head: head.map_err(Failure::Lost)?, charged, kept: next() });
        }
        Ok(stored)
    }

    /// Debits the accounts of these plans, in a new transaction or in the one that holds them. Tells of each whether it
    /// took.
    pub(super) async fn debit(&self, plans: &[Plan], begin: bool) -> Result<Vec<bool>, Failure> {
        let begin = begin.then(|| -> Sent<'_> { Box::pin(self.command(BEGIN)) });
        let skipped = begin.iter().len();
        let debits = plans.iter().map(|plan| -> Sent<'_> {
            let Some((before, after)) = plan.heads else {
                return Box::pin(std::future::ready(Ok(Vec::new())));
            };
            let keys: Vec<String> = plan.group.keys().into_iter().map(str::to_owned).collect();
            let ids: Vec<Vec<u8>> =
                plan.taken().map(|(charge, _)| charge.request_id.to_bytes().into()).collect();
            let sum = to_i64(before.balance) - to_i64(after.balance);
            let parameters: Values = vec![
                Box::new(plan.group.account_id),
                Box::new(sum),
                Box::new(after.sequence),
                Box::new(after.hash.to_vec()),
                Box::new(before.sequence),
                Box::new(before.hash.to_vec()),
                Box::new(ids),
                Box::new(if plan.takes_all() { keys } else { Vec::new() }),
            ];
            Box::pin(self.ask(Step::Debit, parameters))
        });
        let answers = all(begin.into_iter().chain(debits).collect()).await?;
        Ok(answers.into_iter().skip(skipped).map(|rows| rows.len() == 1).collect())
    }

    /// Writes the entries of plans whose debit took, and commits.
    pub(super) async fn write(&self, plans: &[Plan]) -> End {
        let mut sent: Vec<Sent<'_>> = Vec::new();
        for plan in plans.iter().filter(|plan| plan.takes_any()) {
            sent.push(Box::pin(self.ask(Step::Write, entries(plan))));
            if let Some(kept) = kept(plan) {
                sent.push(Box::pin(self.ask(Step::Keep, kept)));
            }
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

    /// Ends a transaction without writing anything.
    pub(super) async fn roll_back(&self) -> Result<(), Failure> {
        all(vec![Box::pin(self.command("ROLLBACK"))]).await.map(|_| ())
    }

    /// Which of these request ids were charged to an account, by the hash of the entry. Waits until a transaction that
    /// is at it has ended, and until what is found is as durable as a commit of our own: the row is held, and so the
    /// transaction that looks writes too.
    pub(super) async fn look_up(&self, group: &Group) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        let ids = group.request_ids().into_iter().map(Vec::from).collect::<Vec<_>>();
        let sent: Vec<Sent<'_>> = vec![
            Box::pin(self.command(BEGIN)),
            Box::pin(self.ask(Step::Hold, vec![Box::new(group.account_id)])),
            Box::pin(self.ask(Step::Charged, vec![Box::new(group.account_id), Box::new(ids)])),
            Box::pin(self.command("COMMIT")),
        ];
        let answers = all(sent).await.map_err(|failure| match failure {
            Failure::Refused(error) => lost(error),
            Failure::Lost(error) => error,
        })?;
        Ok(answers[2].iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    async fn command(&self, sql: &'static str) -> Result<Vec<Row>, Error> {
        self.client.object.batch_execute(sql).await.map(|()| Vec::new())
    }

    async fn ask(&self, step: Step, values: Values) -> Result<Vec<Row>, Error> {
        let client: &tokio_postgres::Client = &self.client.object;
        match &self.prepared {
            Some(prepared) => {
                let values: Vec<_> = values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
                client.query(&prepared[step as usize], &values).await
            }
            None => {
                let parameters: Vec<Parameter<'_>> =
                    values.iter().zip(types(step)).map(|(value, kind)| (&**value as _, kind)).collect();
                client.query_typed(STEPS[step as usize], &parameters).await
            }
        }
    }
}

type Values = Vec<Box<dyn ToSql + Sync + Send>>;

/// The types of a statement's parameters.
fn types(step: Step) -> Vec<Type> {
    use Type as T;
    match step {
        Step::Hold => vec![T::INT8],
        Step::Charged => vec![T::INT8, T::BYTEA_ARRAY],
        Step::Kept => vec![T::INT8, T::TEXT_ARRAY],
        Step::Debit => {
            vec![T::INT8, T::INT8, T::INT8, T::BYTEA, T::INT8, T::BYTEA, T::BYTEA_ARRAY, T::TEXT_ARRAY]
        }
        Step::Write => {
            let numbers = T::INT8_ARRAY;
            let mut types = vec![T::INT8];
            types.extend(std::iter::repeat_n(numbers.clone(), 5));
            types.extend([T::BYTEA_ARRAY, numbers, T::BYTEA_ARRAY]);
            types
        }
        Step::Keep => vec![
            T::INT8,
            T::TEXT_ARRAY,
            T::BYTEA_ARRAY,
            T::BYTEA_ARRAY,
            T::INT8_ARRAY,
            T::INT8_ARRAY,
            T::TEXT_ARRAY,
            T::BYTEA_ARRAY,
        ],
    }
}

/// The values of [`WRITE`].
fn entries(plan: &Plan) -> Values {
    let numbers = |number: fn((&crate::ledger::Charge, &crate::head::Head)) -> i64| -> Vec<i64> {
        plan.taken().map(number).collect()
    };
    vec![
        Box::new(plan.group.account_id),
        Box::new(numbers(|(_, head)| head.sequence)),
        Box::new(numbers(|_| KIND_CHARGE)),
        Box::new(numbers(|(charge, _)| to_i64(charge.credits))),
        Box::new(numbers(|(_, head)| to_i64(head.balance))),
        Box::new(numbers(|(charge, _)| charge.at.as_ms())),
        Box::new(plan.taken().map(|(charge, _)| charge.request_id.to_bytes().to_vec()).collect::<Vec<_>>()),
        Box::new(numbers(|(charge, _)| i64::from(charge.operation.0))),
        Box::new(plan.taken().map(|(_, head)| head.hash.to_vec()).collect::<Vec<_>>()),
    ]
}

/// The values of [`KEEP`]; `None` when nothing is to be kept.
fn kept(plan: &Plan) -> Option<Values> {
    let taken: Vec<_> =
        plan.taken().filter_map(|(charge, _)| Some((charge, charge.idempotency.as_ref()?))).collect();
    if taken.is_empty() {
        return None;
    }
    let bytes = |of: fn(&crate::ledger::Charge, &crate::idempotency::Idempotent) -> Vec<u8>| -> Vec<Vec<u8>> {
        taken.iter().map(|(charge, idempotent)| of(charge, idempotent)).collect()
    };
    let texts = |of: fn(&crate::idempotency::Idempotent) -> &str| -> Vec<String> {
        taken.iter().map(|(_, idempotent)| of(idempotent).to_owned()).collect()
    };
    Some(vec![
        Box::new(plan.group.account_id),
        Box::new(texts(|idempotent| idempotent.key.as_str())),
        Box::new(bytes(|_, idempotent| idempotent.fingerprint.0.to_vec())),
        Box::new(bytes(|charge, _| charge.request_id.to_bytes().to_vec())),
        Box::new(taken.iter().map(|(charge, _)| charge.at.as_ms()).collect::<Vec<_>>()),
        Box::new(taken.iter().map(|(_, kept)| i64::from(kept.answer.status())).collect::<Vec<_>>()),
        Box::new(texts(|idempotent| idempotent.answer.content_type())),
        Box::new(bytes(|_, idempotent| idempotent.answer.body().to_vec())),
    ])
}

/// Sends everything, in this order, and then waits for the answers.
async fn each(sent: Vec<Sent<'_>>) -> Result<Vec<Result<Vec<Row>, Error>>, StoreError> {
    let all = async {
        let mut waiting: Vec<_> = sent.into_iter().map(maybe_done).collect();
        // The driver sends a statement when it is first asked for the answer.
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

/// The same, when all answers must be good.
async fn all(sent: Vec<Sent<'_>>) -> Result<Vec<Vec<Row>>, Failure> {
    let answers = each(sent).await.map_err(Failure::Lost)?;
    answers.into_iter().collect::<Result<_, _>>().map_err(|error| {
        if is_refusal(&error) { Failure::Refused(error) } else { Failure::Lost(lost(error)) }
    })
}

/// Whether an error ends the transaction and nothing else: the connection goes on.
fn is_refusal(error: &Error) -> bool {
    error.as_db_error().is_some_and(|told| told.parsed_severity() == Some(Severity::Error))
}

/// Whether an error may be one account's fault: what the others ask for can go through without it.
pub(super) fn is_of_one_account(error: &Error) -> bool {
    let class = error.code().and_then(|state| state.code().get(..2));
    matches!(class, Some("22" | "23" | "40" | "55" | "57" | "P0"))
}

/// An error of the connection in the store's words.
pub(super) fn lost(error: Error) -> StoreError {
    match Err::<(), _>(error).doing("charge") {
        Err(error) => error,
        Ok(()) => unreachable!("it was an error"),
    }
}

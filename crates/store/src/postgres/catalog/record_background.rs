//! `COPY` in the background: the server takes rows in while this side makes the next ones ready. Without it the two would
//! wait for each other all the time.

use crate::StoreError;
use crate::error::Doing;
use futures_util::SinkExt;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Cursor;
use std::sync::mpsc;
use tokio::runtime::Handle;
use tokio_postgres::{CopyInSink, Statement, Transaction};

/// Pieces that may wait for the server, beside the one it is copying and those that are queued back: some 4 MB each.
const PIECES_MAX: usize = 2;

/// Rows on their way into a table.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) doing: &'static str,
    /// The `COPY` statement.
    pub(super) sql: Cow<'static, str>,
    /// All of its data, from head to end.
    pub(super) bytes: Vec<u8>,
}

#[derive(Debug)]
enum Step {
    Copy(Piece),
    /// Everything before it is in the tables.
    Signal(mpsc::SyncSender<()>),
}

/// Hands rows over.
#[derive(Debug)]
pub(super) struct Background {
    steps: mpsc::SyncSender<Step>,
    staged: Vec<Piece>,
}

/// Work of the writing thread.
#[derive(Debug)]
pub(super) struct Steps(mpsc::Receiver<Step>);

impl Background {
    pub(super) fn new() -> (Self, Steps) {
        let (send, receive) = mpsc::sync_channel(PIECES_MAX);
        (Self { steps: send, staged: Vec::new() }, Steps(receive))
    }

    /// Keeps a piece until the next [`Self::go`] or [`Self::settle`]: the connection answers in order, so what is asked
    /// before that is answered before these rows are written.
    pub(super) fn hold_back(&mut self, piece: Piece) {
        self.staged.push(piece);
    }

    /// Releases everything that was queued. Waits while too much is on its way.
    pub(super) fn go(&mut self) -> Result<(), StoreError> {
        for piece in self.staged.drain(..) {
            // The other end is gone only when a piece failed; that error is the one that is reported.
            self.steps.send(Step::Copy(piece)).map_err(|_| StoreError::Closed)?;
        }
        Ok(())
    }

    /// Waits until all rows are in their tables.
    pub(super) fn settle(&mut self) -> Result<(), StoreError> {
        self.go()?;
        let (done, reached) = mpsc::sync_channel(1);
        self.steps.send(Step::Signal(done)).map_err(|_| StoreError::Closed)?;
        reached.recv().map_err(|_| StoreError::Closed)
    }
}

impl Steps {
    /// Writes until nobody hands rows over any more. Ends with the first error.
    pub(super) fn write(self, transaction: &Transaction<'_>, runtime: &Handle) -> Result<(), StoreError> {
        let mut prepared = HashMap::new();
        for step in self.0 {
            match step {
                Step::Copy(piece) => runtime.block_on(copy(transaction, &mut prepared, piece))?,
                // Who asked may have failed meanwhile.
                Step::Signal(done) => drop(done.send(())),
            }
        }
        Ok(())
    }
}

async fn copy(
    transaction: &Transaction<'_>,
    prepared: &mut HashMap<Cow<'static, str>, Statement>,
    piece: Piece,
) -> Result<(), StoreError> {
    let Piece { doing, sql, bytes } = piece;
    let statement = match prepared.get(&sql) {
        Some(statement) => statement.clone(),
        None => {
            let statement = transaction.prepare(&sql).await.doing(doing)?;
            prepared.insert(sql, statement.clone());
            statement
        }
    };
    let sink: CopyInSink<Cursor<Vec<u8>>> = transaction.copy_in(&statement).await.doing(doing)?;
    let mut sink = std::pin::pin!(sink);
    sink.send(Cursor::new(bytes)).await.doing(doing)?;
    sink.finish().await.doing(doing).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::record_copy::{CopyRows, Staging};
    use super::*;
    use crate::postgres::connection::Pool;
    use std::thread;

    const COPY: &str = "COPY tagmeter.hashtag_ids (id, hashtag) FROM STDIN (FORMAT binary)";
    const COUNT: &str = "SELECT count(*) FROM tagmeter.hashtag_ids";

    /// Hands ids over; gives how many ids are seen before and after they are let go, and how the
    /// writing ended.
    async fn hand_over(ids: &'static [i64]) -> Option<(i64, Option<i64>, Result<(), StoreError>)> {
        let database = testkit::postgres::TestDatabase::create().await?;
        database.open().await;
        let pool = Pool::new(&database.url_text().parse().expect("an address")).expect("a pool");
        let runtime = Handle::current();
        let work = tokio::task::spawn_blocking(move || {
            let mut client = runtime.block_on(pool.get()).expect("a connection");
            let transaction = runtime.block_on(client.transaction()).expect("a transaction");
            let count =
                || runtime.block_on(transaction.query_typed_one(COUNT, &[])).map(|row| row.get::<_, i64>(0));
            let (background, steps) = Background::new();
            thread::scope(|scope| {
                let writing = scope.spawn(|| steps.write(&transaction, &runtime));
                let mut staging = Staging::new(background);
                let mut rows = CopyRows::new(2);
                for id in ids {
                    rows.row().number(*id).number(1);
                }
                assert_eq!(staging.put("note ids", COPY, &mut rows), ids.len() as u64);
                let before = count().expect("an answer");
                let after = staging.background.settle().ok().map(|()| count().expect("an answer"));
                drop(staging);
                (before, after, writing.join().expect("no panic"))
            })
        });
        Some(work.await.expect("no panic"))
    }

    #[tokio::test]
    async fn rows_are_written_once_they_are_let_go() {
        let Some((before, after, ended)) = hand_over(&[1, 2, 3]).await else { return };
        assert_eq!((before, after), (0, Some(3)));
        ended.expect("all written");
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_reported_and_nobody_waits_for_it() {
        let Some((before, after, ended)) = hand_over(&[1, 1]).await else { return };
        assert_eq!((before, after), (0, None));
        let Err(StoreError::Database { doing, .. }) = ended else { panic!("{ended:?}") };
        assert_eq!(doing, "note ids");
    }
}

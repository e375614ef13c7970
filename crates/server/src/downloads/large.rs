//! Large answers and their charge: written to a file before it, stored with a record after it.
//!
//! A JSON answer may end with its own `billing`, which is known only after the charge. Such an answer takes its
//! slot before and is written after; if that fails, it is sent from memory, as it is paid. If it is too large
//! for the ledger to store under its `Idempotency-Key`, it is written before, and its end is stored in the
//! record of the file.

use super::record::Record;
use super::resume::{DownloadRequest, REFERENCE};
use super::spool::Stored;
use super::{Download, FileTag, LARGE_ANSWER_BYTES, not_written};
use crate::app::App;
use crate::encoding::{Coding, Codings};
use crate::errors::ErrorCode;
use crate::gate::Billing;
use crate::gate::reply::{Content, Outgoing};
use crate::problem::Problem;
use domain::{Credits, RequestId, Timestamp};
use std::io::{self, Write};
use std::sync::Arc;
use store::idempotency::{BODY_BYTES_MAX, IdempotencyError, StoredAnswer};
use tokio::task::spawn_blocking;

/// The call to charge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChargeContext<'a> {
    pub(crate) app: &'a App,
    pub(crate) request: &'a DownloadRequest<'a>,
    pub(crate) id: RequestId,
    pub(crate) now: Timestamp,
    /// True if it carries an `Idempotency-Key`.
    pub(crate) is_repeatable: bool,
}

impl ChargeContext<'_> {
    /// Writes a large answer to a file. `balance` is the account's.
    ///
    /// # Errors
    ///
    /// 429 or 503 if there is no room for it. Nothing is charged.
    pub(crate) async fn before_charge(self, content: Content, balance: Credits) -> Result<Content, Problem> {
        if content.memory_bytes() < LARGE_ANSWER_BYTES {
            return Ok(content);
        }
        let slot = self.app.downloads.slots.take(self.request.key_id)?;
        let fits_ledger = content.memory_bytes() <= BODY_BYTES_MAX;
        if content.is_open() && (fits_ledger || !self.is_repeatable) {
            return Ok(content.holding(slot));
        }
        // A repeated call may accept another coding.
        let codings = if self.is_repeatable { Codings::IDENTITY } else { self.request.codings };
        let outgoing = content.outgoing(codings);
        let stored = self.write(&outgoing).await.map_err(not_written)?;
        let mut download =
            Download::new(stored, slot, self.tag(&content, outgoing.coding)).coded(outgoing.coding);
        if content.is_open() {
            // Replaced after the charge; after a crash in between, the answer ends with this.
            let price = content.price.credits();
            let left = balance.checked_sub(price).unwrap_or(Credits::ZERO);
            download = download.ending(Billing::new(price, left).end_of_object());
        }
        Ok(content.in_file(download))
    }

    fn tag(self, content: &Content, coding: Coding) -> FileTag {
        FileTag::new(&content.hash_of_data(), coding, self.id, &self.app.downloads.node)
    }

    /// Returns the answer as the ledger stores it for its `Idempotency-Key`: a small one whole, a file by its
    /// id.
    pub(crate) async fn to_stored_answer(self, content: &Content) -> Result<StoredAnswer, Problem> {
        let too_large = |why: IdempotencyError| {
            Problem::parameter("Idempotency-Key", format!("{why}; ask for less, or without the key"))
        };
        let Some(download) = content.download() else { return content.to_stored_answer().map_err(too_large) };
        self.retain(content, download, false).await.map_err(not_written)?;
        let reference = format!("{} {}", self.id, self.app.downloads.node.as_str());
        StoredAnswer::new(200, REFERENCE, reference.into_bytes()).map_err(too_large)
    }

    /// Stores a large answer that is paid, so that its download can be resumed.
    pub(crate) async fn after_charge(self, content: Content, charged: Credits, balance: Credits) -> Content {
        let mut content =
            if content.holds_slot() { self.closed(content, charged, balance).await } else { content };
        if let Some(download) = content.download_mut().filter(|download| !download.tail.is_empty()) {
            download.tail = Billing::new(charged, balance).end_of_object().into();
        }
        if let Some(download) = content.download()
            && let Err(error) = self.retain(&content, download, true).await
        {
            tracing::warn!(%error, request_id = %self.id, "a paid answer is sent but cannot be stored");
        }
        super::Downloads::ranged(&mut content, self.request);
        content
    }

    /// Removes the file stored for an `Idempotency-Key` whose call was paid before.
    pub(crate) fn withdraw(self) {
        self.app.downloads.spool.withdraw(self.request.account_id, self.id);
    }

    /// Removes the file if the ledger refused the charge. After any other failure the ledger may have recorded
    /// it.
    pub(crate) fn withdraw_if_refused(self, problem: &Problem) {
        if matches!(problem.code(), ErrorCode::InsufficientCredits | ErrorCode::IdempotencyKeyReused) {
            self.withdraw();
        }
    }

    /// Appends `billing` and writes the answer to a file; it stays in memory if that fails.
    async fn closed(self, content: Content, charged: Credits, balance: Credits) -> Content {
        let (content, slot) = content.closed(&Billing::new(charged, balance)).without_slot();
        let Some(slot) = slot else { return content };
        let outgoing = content.outgoing(self.request.codings);
        match self.write(&outgoing).await {
            Ok(stored) => {
                let tag = self.tag(&content, outgoing.coding);
                content.in_file(Download::new(stored, slot, tag).coded(outgoing.coding))
            }
            Err(error) => {
                tracing::warn!(%error, request_id = %self.id, "a paid answer is sent from memory");
                content.holding(slot)
            }
        }
    }

    async fn write(self, outgoing: &Outgoing) -> io::Result<Arc<Stored>> {
        let (spool, id, body) = (Arc::clone(&self.app.downloads.spool), self.id, outgoing.body.clone());
        let written = spawn_blocking(move || {
            let mut draft = spool.draft(id)?;
            draft.write_all(&body)?;
            draft.finish()
        });
        written.await.map_err(io::Error::other)?.map(|(stored, _)| stored)
    }

    async fn retain(self, content: &Content, download: &Download, is_paid: bool) -> io::Result<()> {
        let (record, stored) = (self.record(content, download, is_paid), Arc::clone(&download.stored));
        let spool = Arc::clone(&self.app.downloads.spool);
        spawn_blocking(move || spool.retain(record, stored)).await.map_err(io::Error::other)?
    }

    fn record(self, content: &Content, download: &Download, is_paid: bool) -> Record {
        let text = |value: &Option<http::HeaderValue>| Some(value.as_ref()?.to_str().ok()?.to_owned());
        Record {
            id: self.id.to_string(),
            account: self.request.account_id.0,
            question: self.request.identity().question.clone(),
            variant: match download.exported_at {
                Some(_) => self.request.identity().variant_of_exports.clone(),
                None => self.request.identity().variant.clone(),
            },
            tag: download.tag.as_str().to_owned(),
            kind: content.kind().to_owned(),
            coding: (download.coding != Coding::Identity).then(|| download.coding.name().to_owned()),
            disposition: text(&content.disposition),
            link: text(&content.link),
            bytes: download.stored.bytes(),
            tail: String::from_utf8_lossy(&download.tail).into_owned(),
            exported_at: download.exported_at,
            paid_at_ms: self.now.as_ms(),
            is_paid,
        }
    }
}

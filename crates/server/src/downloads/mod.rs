//! Large answers: written to a file, charged, sent from that file, and kept for a while, so that a slow reader holds no
//! memory and a download that was cut off goes on without a second charge.
//!
//! Every export is one, and every answer of `/v1` of [`LARGE_ANSWER_BYTES`] or more. A request of the same account for the
//! same path and query gets a stored answer for nothing if it says that it has a part of it: by `Range`, by `Range` with
//! `If-Range`, or by `If-Match`. Under an `Idempotency-Key` the ledger holds the id of the file in the answer's place.
//!
//! Reading order: [`slots`] (how many at once), [`spool`] and `record` (the files), `tag` (what names them), [`range`] (what
//! is asked for), [`resume`] (before the charge), [`large`] (around the charge), [`sending`] (the body).

pub(crate) mod large;

pub(crate) mod range;

mod record;

pub(crate) mod resume;

pub(crate) mod sending;

pub(crate) mod slots;

pub(crate) mod spool;

mod tag;

pub(crate) use tag::{FileTag, Node};

use crate::encoding::Coding;
use crate::errors::ErrorCode;
use crate::options::{self, EXPORTS_MADE_AT_ONCE};
use crate::problem::Problem;
use axum::body::Body;
use bytes::Bytes;
use domain::Timestamp;
use http::HeaderValue;
use range::Span;
use sending::Sending;
use sha2::{Digest, Sha256};
use slots::{Slot, Slots};
use spool::{Spool, Stored};
use std::io::{self, ErrorKind};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Answers of `/v1` from this size on are sent from a file.
pub(crate) const LARGE_ANSWER_BYTES: usize = 64 * 1024;
/// When trying again is of use after the folder was full.
const RETRY_SECONDS: u64 = 30;

/// What large answers of a server share.
#[derive(Debug)]
pub(crate) struct Downloads {
    pub(crate) slots: Slots,
    pub(crate) spool: Arc<Spool>,
    /// Room for exports that are being made; others wait.
    pub(crate) making: Arc<Semaphore>,
    /// The node whose folder it is.
    pub(crate) node: Node,
}

/// The body of an answer as a file.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) stored: Arc<Stored>,
    /// What follows the bytes of the file: what the answer cost, where it says so itself and was written before its charge.
    pub(crate) tail: Bytes,
    pub(crate) slot: Slot,
    pub(crate) tag: FileTag,
    /// Of an export, which is sent as it is, whatever coding is accepted: how far the catalog's changes had come before it
    /// was made.
    pub(crate) exported_at: Option<u64>,
    pub(crate) coding: Coding,
    /// The part that is sent; all of it if there is none.
    pub(crate) span: Option<Span>,
}

impl Downloads {
    /// Opens the folder. Fails when it cannot be read.
    pub(crate) fn open(options: &options::Downloads, now: Timestamp) -> io::Result<Self> {
        let keep_ms = i64::try_from(options.keep.as_millis()).unwrap_or(i64::MAX);
        Ok(Self {
            slots: Slots::new(options.per_key, options.at_once),
            spool: Spool::open(options.folder.clone(), options.bytes_max, keep_ms, now)?,
            making: Arc::new(Semaphore::new(EXPORTS_MADE_AT_ONCE)),
            node: Node::new(&options.node),
        })
    }
}

impl Download {
    /// A file that was just written.
    pub(crate) fn new(stored: Arc<Stored>, slot: Slot, tag: FileTag) -> Self {
        Self {
            stored,
            tail: Bytes::new(),
            slot,
            tag,
            exported_at: None,
            coding: Coding::Identity,
            span: None,
        }
    }

    /// The same with these bytes at its end.
    pub(crate) fn ending(self, tail: impl Into<Bytes>) -> Self {
        Self { tail: tail.into(), ..self }
    }

    /// Its size.
    pub(crate) fn bytes(&self) -> u64 {
        self.stored.bytes() + self.tail.len() as u64
    }

    /// The same, of bytes in this coding.
    fn coded(self, coding: Coding) -> Self {
        Self { coding, ..self }
    }

    /// `ETag`.
    pub(crate) fn etag(&self) -> Option<HeaderValue> {
        self.tag.etag()
    }

    /// `Content-Range`, of a part.
    pub(crate) fn content_range(&self) -> Option<HeaderValue> {
        self.span?.content_range(self.bytes())
    }

    /// The body. Fails when the file cannot be opened.
    pub(crate) fn into_body(self) -> io::Result<Body> {
        let (first, bytes) = self.span.map_or((0, self.bytes()), |span| (span.first, span.bytes()));
        Sending::begin(self, first, bytes).map(Body::new)
    }
}

/// A digest as text, by which questions are told apart.
fn digest(parts: &[&[u8]]) -> String {
    let digest =
        parts.iter().fold(Sha256::new(), |digest, part| digest.chain_update(part).chain_update(b"\n"));
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a large answer could not be written. Nothing was charged.
pub(crate) fn not_written(error: io::Error) -> Problem {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            let detail = "the disk space for large answers is used up; ask for less, or try again later";
            Problem::new(ErrorCode::Unavailable, detail).retry_after(RETRY_SECONDS).because(error)
        }
        _ => Problem::internal(error),
    }
}

//! Large answers: written to a file, charged, sent from that file, and stored for a while, so that a slow
//! reader takes no memory and an interrupted download is resumed without a second charge.
//!
//! These are all exports, and answers of `/v1` of [`LARGE_ANSWER_BYTES`] or more. A request of the same account
//! for the same path and query is answered from the file, free of charge, if it carries `Range`, `Range` with
//! `If-Range`, or `If-Match`. Under an `Idempotency-Key` the ledger stores the id of the file instead of the
//! answer.
//!
//! Reading order: [`slots`] (concurrency limits), [`spool`] and `record` (the files), `tag` (their entity
//! tags), [`range`] (the request headers), [`resume`] (before the charge), [`large`] (around the charge),
//! [`sending`] (the body).

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

/// Size from which an answer of `/v1` is sent from a file.
pub(crate) const LARGE_ANSWER_BYTES: usize = 64 * 1024;
/// `Retry-After` when the folder is full, in seconds.
const RETRY_SECONDS: u64 = 30;

/// State that the large answers of a server share.
#[derive(Debug)]
pub(crate) struct Downloads {
    pub(crate) slots: Slots,
    pub(crate) spool: Arc<Spool>,
    /// Permits for exports in the making; others wait.
    pub(crate) making: Arc<Semaphore>,
    /// The node that owns the folder.
    pub(crate) node: Node,
}

/// The body of an answer as a file.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) stored: Arc<Stored>,
    /// Bytes sent after those of the file: the `billing` of an answer that was written before its charge.
    pub(crate) tail: Bytes,
    pub(crate) slot: Slot,
    pub(crate) tag: FileTag,
    /// Change sequence of the catalog before an export was made. Exports are sent uncompressed, whatever is
    /// accepted.
    pub(crate) exported_at: Option<u64>,
    pub(crate) coding: Coding,
    /// The range to send; `None` for all.
    pub(crate) span: Option<Span>,
}

impl Downloads {
    /// Opens the folder. Fails when it cannot be read.
    pub(crate) fn open(options: &options::Downloads, now: Timestamp) -> io::Result<Self> {
        let retention_ms = i64::try_from(options.retention.as_millis()).unwrap_or(i64::MAX);
        Ok(Self {
            slots: Slots::new(options.per_key, options.at_once),
            spool: Spool::open(options.folder.clone(), options.bytes_max, retention_ms, now)?,
            making: Arc::new(Semaphore::new(EXPORTS_MADE_AT_ONCE)),
            node: Node::new(&options.node),
        })
    }
}

impl Download {
    /// Creates the download of a file.
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

    /// Appends bytes.
    pub(crate) fn ending(self, tail: impl Into<Bytes>) -> Self {
        Self { tail: tail.into(), ..self }
    }

    /// Returns its size in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.stored.bytes() + self.tail.len() as u64
    }

    /// Sets the coding of the bytes.
    fn coded(self, coding: Coding) -> Self {
        Self { coding, ..self }
    }

    /// Returns its `ETag`.
    pub(crate) fn etag(&self) -> Option<HeaderValue> {
        self.tag.etag()
    }

    /// Returns `Content-Range` if a range is sent.
    pub(crate) fn content_range(&self) -> Option<HeaderValue> {
        self.span?.content_range(self.bytes())
    }

    /// Returns the body. Fails if the file cannot be opened.
    pub(crate) fn into_body(self) -> io::Result<Body> {
        let (first, bytes) = self.span.map_or((0, self.bytes()), |span| (span.first, span.bytes()));
        Sending::begin(self, first, bytes).map(Body::new)
    }
}

/// Returns the SHA-256 of these parts in hexadecimal.
fn digest(parts: &[&[u8]]) -> String {
    let digest =
        parts.iter().fold(Sha256::new(), |digest, part| digest.chain_update(part).chain_update(b"\n"));
    base16ct::lower::encode_string(&digest.finalize())
}

/// Builds the response for an answer that could not be written. Nothing was charged.
pub(crate) fn not_written(error: io::Error) -> Problem {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            let detail = "the disk space for large answers is used up; request less, or try again later";
            Problem::new(ErrorCode::Unavailable, detail).retry_after(RETRY_SECONDS).because(error)
        }
        _ => Problem::internal(error),
    }
}

//! Bodies of known length: a part of a file, read as the client takes it, or bytes in memory.
//!
//! A file is read piece by piece, each once the previous one was handed over, so a slow reader takes the memory
//! of one piece. If a file turns out shorter than recorded, the connection is closed.

use super::Download;
use super::slots::Slot;
use super::spool::Stored;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::fs::File;
use std::future::Future;
use std::io::{self, Read, Seek, SeekFrom};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::task::{JoinHandle, spawn_blocking};

/// Bytes per read: each read changes threads, and a slow reader takes this much memory.
const PIECE_BYTES: u64 = 64 * 1024;

/// Body read from a stored file.
#[derive(Debug)]
pub(crate) struct Sending {
    source: Source,
    /// Bytes of the file still to be read.
    left: u64,
    /// Bytes sent after them.
    tail: Bytes,
    /// Keeps the file from being removed before its last byte was handed over.
    _stored: Arc<Stored>,
    _slot: Slot,
}

#[derive(Debug)]
enum Source {
    Ready(File),
    Reading(JoinHandle<io::Result<(File, Bytes)>>),
    Failed,
}

impl Sending {
    /// Opens the file to send `bytes` bytes from the offset `first`.
    pub(crate) fn begin(download: Download, first: u64, bytes: u64) -> io::Result<Self> {
        let Download { stored, tail, slot, .. } = download;
        let mut file = stored.open()?;
        file.seek(SeekFrom::Start(first))?;
        let left = bytes.min(stored.bytes().saturating_sub(first));
        let within = |place: u64| usize::try_from(place.saturating_sub(stored.bytes())).unwrap_or(usize::MAX);
        let tail = tail.slice(within(first).min(tail.len())..within(first + bytes).min(tail.len()));
        Ok(Self { source: Source::Ready(file), left, tail, _stored: stored, _slot: slot })
    }
}

fn read(mut file: File, bytes: u64) -> io::Result<(File, Bytes)> {
    let mut piece = vec![0; usize::try_from(bytes).unwrap_or(0)];
    file.read_exact(&mut piece)?;
    Ok((file, piece.into()))
}

impl Body for Sending {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.left == 0 {
            let tail = std::mem::take(&mut self.tail);
            return Poll::Ready((!tail.is_empty()).then(|| Ok(Frame::data(tail))));
        }
        if let Source::Ready(_) = self.source {
            let bytes = self.left.min(PIECE_BYTES);
            if let Source::Ready(file) = std::mem::replace(&mut self.source, Source::Failed) {
                self.source = Source::Reading(spawn_blocking(move || read(file, bytes)));
            }
        }
        let Source::Reading(reading) = &mut self.source else {
            return Poll::Ready(Some(Err(io::Error::other("reading this file has failed before"))));
        };
        let done = ready!(Pin::new(reading).poll(cx)).unwrap_or_else(|error| Err(io::Error::other(error)));
        match done {
            Ok((file, piece)) => {
                self.source = Source::Ready(file);
                self.left -= piece.len() as u64;
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Err(error) => {
                tracing::error!(%error, "a stored answer cannot be read; its connection is closed");
                self.source = Source::Failed;
                Poll::Ready(Some(Err(error)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0 && self.tail.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left + self.tail.len() as u64)
    }
}

/// Body of unknown length, for `HEAD` of an export that is not made.
#[derive(Debug)]
pub(crate) struct OfUnknownLength;

impl Body for OfUnknownLength {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(None)
    }
}

/// Body of a large answer in memory: one that the ledger stores, or that could not be written after its charge.
#[derive(Debug)]
pub(crate) struct FromMemory {
    body: Option<Bytes>,
    _slot: Slot,
}

impl FromMemory {
    /// Returns the body of these bytes. It holds the slot, if any, until it is sent.
    pub(crate) fn body(bytes: Bytes, slot: Option<Slot>) -> axum::body::Body {
        match slot {
            Some(slot) => {
                axum::body::Body::new(Self { body: Some(bytes).filter(|b| !b.is_empty()), _slot: slot })
            }
            None => bytes.into(),
        }
    }
}

impl Body for FromMemory {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(self.body.take().map(|body| Ok(Frame::data(body))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.body.as_ref().map_or(0, |body| body.len() as u64))
    }
}

//! Answers that are stored already: a download goes on from its file, for nothing.

use super::range::{Tags, Wanted};
use super::record::Record;
use super::spool::Kept;
use super::{Download, Downloads, LARGE_ANSWER_BYTES, digest};
use crate::encoding::{Coding, Codings};
use crate::errors::ErrorCode;
use crate::gate::reply::Content;
use crate::problem::Problem;
use domain::{AccountId, KeyId, Timestamp};
use http::HeaderMap;
use http::header::ACCEPT;
use std::borrow::Cow;
use std::sync::Arc;
use store::idempotency::KeptAnswer;

/// The `Content-Type` under which the ledger holds the id of a file in the place of an answer.
pub(super) const REFERENCE: &str = "application/vnd.tagmeter.stored-answer";

/// Who asks for what, and which part of it.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) account_id: AccountId,
    pub(super) key_id: KeyId,
    pub(super) question: String,
    pub(super) variant: String,
    pub(super) codings: Codings,
    range: Option<Wanted>,
    if_range: Option<Tags>,
    if_match: Option<Tags>,
}

impl Wish {
    /// Reads a request. `path` is without a last `/`.
    pub(crate) fn read(
        (account_id, key_id): (AccountId, KeyId),
        (path, query): (&str, &str),
        headers: &HeaderMap,
        codings: Codings,
    ) -> Self {
        let accept = headers.get(ACCEPT).map(|accept| accept.as_bytes()).unwrap_or_default();
        Self {
            account_id,
            key_id,
            question: digest(&[path.as_bytes(), query.as_bytes()]),
            variant: digest(&[accept, codings.best().name().as_bytes()]),
            codings,
            range: Wanted::read(headers),
            if_range: Tags::if_range(headers),
            if_match: Tags::if_match(headers),
        }
    }

    /// The range that a new answer is sent in. One that belongs to an older answer is not for this one.
    fn range_of_new(&self) -> Option<Wanted> {
        self.range.filter(|_| self.if_range.is_none())
    }
}

impl Downloads {
    /// The stored answer that a request goes on with, if it does. `is_download` says whether answers of this path are
    /// always files: then a part of one that is not stored is refused, and not paid for anew.
    pub(crate) fn resumed(
        &self,
        wish: &Wish,
        now: Timestamp,
        is_download: bool,
    ) -> Result<Option<Content>, Problem> {
        let find = |fits: &dyn Fn(&Record) -> bool| {
            self.spool.find(wish.account_id, now, |record| {
                record.is_paid && record.question == wish.question && fits(record)
            })
        };
        if let Some(tags) = &wish.if_match {
            let kept = find(&|record| tags.has(&record.tag)).ok_or_else(|| failed(is_download))?;
            return self.content(&kept, wish.key_id, wish.range).map(Some);
        }
        let Some(range) = wish.range else { return Ok(None) };
        let kept = match &wish.if_range {
            Some(tags) => find(&|record| tags.has(&record.tag)),
            None => find(&|record| record.variant == wish.variant),
        };
        match kept {
            Some(kept) => self.content(&kept, wish.key_id, Some(range)).map(Some),
            None if !is_download || wish.if_range.is_some() || range.is_from_the_beginning() => Ok(None),
            None => Err(expired("no file of this export is stored here that could be continued")),
        }
    }

    /// The file that the ledger refers to.
    pub(crate) fn referred(
        &self,
        answer: &KeptAnswer,
        wish: &Wish,
        now: Timestamp,
    ) -> Result<Option<Content>, Problem> {
        if answer.content_type() != REFERENCE {
            return Ok(None);
        }
        let id = String::from_utf8_lossy(answer.body());
        let kept = self
            .spool
            .find(wish.account_id, now, |record| record.id == id)
            .ok_or_else(|| expired("the file paid for under this Idempotency-Key is not stored here"))?;
        self.content(&kept, wish.key_id, wish.range_of_new()).map(Some)
    }

    /// An answer that the ledger holds whole; a large one is counted as such while it is sent.
    pub(crate) fn counted(&self, content: Content, wish: &Wish) -> Result<Content, Problem> {
        if content.memory_bytes() < LARGE_ANSWER_BYTES {
            return Ok(content);
        }
        Ok(content.holding(self.slots.take(wish.key_id)?))
    }

    /// A new answer in the range that was asked for.
    pub(crate) fn ranged(content: &mut Content, wish: &Wish) {
        if let (Some(download), Some(range)) = (content.download_mut(), wish.range_of_new()) {
            download.span = range.within(download.stored.bytes());
        }
    }

    fn content(&self, kept: &Arc<Kept>, key_id: KeyId, range: Option<Wanted>) -> Result<Content, Problem> {
        let bytes = kept.stored.bytes();
        let span = match range {
            Some(range) => Some(range.within(bytes).ok_or_else(|| not_satisfiable(bytes))?),
            None => None,
        };
        let slot = self.slots.take(key_id)?;
        let record = &kept.record;
        let coding = record.coding.as_deref().and_then(Coding::of_name).unwrap_or(Coding::Identity);
        let stored = Arc::clone(&kept.stored);
        let download = Download { stored, slot, tag: record.tag.clone(), coding, span };
        let mut content = Content::file(Cow::Owned(record.kind.clone()), download);
        let header = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
        content.disposition = header(&record.disposition);
        content.link = header(&record.link);
        Ok(content)
    }
}

fn expired(what: &'static str) -> Problem {
    let detail =
        format!("{what}: it was kept for its time, or was made on another node; ask again without Range");
    Problem::new(ErrorCode::DownloadExpired, detail)
}

fn failed(is_download: bool) -> Problem {
    let hint = if is_download { "; ask without If-Match for a new file, which is charged" } else { "" };
    let detail = format!("no stored answer to this question has an ETag that If-Match names{hint}");
    Problem::new(ErrorCode::PreconditionFailed, detail)
}

fn not_satisfiable(bytes: u64) -> Problem {
    let detail = format!("the answer has {bytes} bytes, and the range begins behind them");
    let problem = Problem::new(ErrorCode::RangeNotSatisfiable, detail);
    match format!("bytes */{bytes}").try_into() {
        Ok(value) => problem.content_range(value),
        Err(_) => problem,
    }
}

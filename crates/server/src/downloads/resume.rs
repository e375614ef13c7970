//! Resumes downloads from stored answers, free of charge.

use super::range::{RequestedRange, Tags};
use super::record::Record;
use super::spool::Retained;
use super::{Download, Downloads, FileTag, LARGE_ANSWER_BYTES, digest};
use crate::encoding::{Coding, Codings};
use crate::errors::ErrorCode;
use crate::gate::reply::Content;
use crate::problem::Problem;
use crate::query::shown;
use domain::{AccountId, KeyId, RequestId, Timestamp};
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use store::idempotency::StoredAnswer;

/// `Content-Type` under which the ledger stores the id of a file instead of an answer.
pub(super) const REFERENCE: &str = "application/vnd.tagmeter.stored-answer";

/// A caller, the question, and the part of its answer that is requested.
#[derive(Debug)]
pub(crate) struct DownloadRequest<'a> {
    pub(crate) account_id: AccountId,
    pub(crate) key_id: KeyId,
    path: &'a str,
    query: &'a str,
    accept: &'a [u8],
    identity: OnceLock<Identity>,
    pub(super) codings: Codings,
    range: Option<RequestedRange>,
    if_range: Option<Tags>,
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

/// Digests by which stored answers are found.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) question: String,
    pub(super) variant: String,
    /// The variant of exports, without the accepted codings: exports have only one, and proxies such as Caddy
    /// accept other codings for a request with `Range` than for one without.
    pub(super) variant_of_exports: String,
}

impl<'a> DownloadRequest<'a> {
    /// Parses a request. `path` has no trailing `/`.
    pub(crate) fn read(
        (account_id, key_id): (AccountId, KeyId),
        (path, query): (&'a str, &'a str),
        headers: &'a HeaderMap,
        codings: Codings,
    ) -> Self {
        Self {
            account_id,
            key_id,
            path,
            query,
            accept: headers.get(ACCEPT).map_or(&[], HeaderValue::as_bytes),
            identity: OnceLock::new(),
            codings,
            range: RequestedRange::read(headers),
            if_range: Tags::if_range(headers),
            if_match: Tags::if_match(headers),
            if_none_match: Tags::if_none_match(headers),
        }
    }

    /// Returns the digests of the request. Most requests need none: the three take a tenth of the time of a look-up.
    pub(super) fn identity(&self) -> &Identity {
        self.identity.get_or_init(|| Identity {
            question: digest(&[self.path.as_bytes(), self.query.as_bytes()]),
            variant: digest(&[self.accept, self.codings.best().name().as_bytes()]),
            variant_of_exports: digest(&[self.accept]),
        })
    }

    /// Returns true if it requests a part of an answer, or a stored one.
    pub(crate) fn continues(&self) -> bool {
        self.range.is_some() || self.if_match.is_some()
    }

    /// Returns true if a stored answer is paid and answers this question.
    fn is_of(&self, record: &Record) -> bool {
        record.is_paid && record.question == self.identity().question
    }

    /// Returns true if it also has a representation that this request accepts.
    fn has_form_of(&self, record: &Record) -> bool {
        let Identity { variant, variant_of_exports, .. } = self.identity();
        self.is_of(record) && [variant, variant_of_exports].contains(&&record.variant)
    }

    /// Returns the range of a new answer. With `If-Range` the range belongs to an older one.
    fn range_of_new(&self) -> Option<RequestedRange> {
        self.range.filter(|_| self.if_range.is_none())
    }
}

impl Downloads {
    /// Returns the stored answer that a request resumes, if any.
    ///
    /// # Errors
    ///
    /// The request is for the rest of an answer that is not stored here. It is not charged again.
    pub(crate) fn resumed(
        &self,
        request: &DownloadRequest<'_>,
        now: Timestamp,
    ) -> Result<Option<Content>, Problem> {
        if let Some(tags) = &request.if_match {
            let retained = self.tagged(request, now, tags)?.ok_or_else(failed)?;
            return self.content(&retained, request.key_id, request.range).map(Some);
        }
        let Some(range) = request.range else { return Ok(None) };
        let retained = match &request.if_range {
            Some(tags) => self.tagged(request, now, tags)?,
            None => self.newest(request, now),
        };
        match retained {
            Some(retained) => self.content(&retained, request.key_id, Some(range)).map(Some),
            None if request.if_range.is_some() || range.is_from_the_beginning() => Ok(None),
            None => Err(expired("no answer to this question is stored here")),
        }
    }

    /// Returns the stored answer that a new one would equal, if nothing was recorded since it was made.
    pub(crate) fn current(
        &self,
        request: &DownloadRequest<'_>,
        now: Timestamp,
        sequence: u64,
    ) -> Option<Content> {
        let retained =
            self.newest(request, now).filter(|retained| retained.record.exported_at == Some(sequence))?;
        self.content(&retained, request.key_id, None).ok()
    }

    /// Returns the entity tag of a 304, by which a client resumes a file free of charge: the one of this data
    /// that the client sent, or that of the newest stored file of this data; never that of a file made only for
    /// the comparison.
    pub(crate) fn tag_of_known(
        &self,
        request: &DownloadRequest<'_>,
        now: Timestamp,
        hash: &str,
    ) -> Option<FileTag> {
        let named = request.if_none_match.iter().flat_map(Tags::named).map(FileTag::from_text);
        let sent: Vec<FileTag> = named.filter(|tag| tag.hash() == hash && tag.id().is_some()).collect();
        for id in sent.iter().filter_map(FileTag::id) {
            self.spool.look_for(request.account_id, id, now);
        }
        let is_sent = |record: &Record| {
            request.is_of(record) && sent.iter().any(|tag| tag.as_str() == record.tag.as_str())
        };
        if let Some(retained) = self.spool.find(request.account_id, now, is_sent) {
            return Some(FileTag::from_text(retained.record.tag.as_str()));
        }
        // The file may be on another node, which the tag names.
        if let Some(tag) = sent.into_iter().next() {
            return Some(tag);
        }
        let is_same = |record: &Record| {
            request.has_form_of(record) && FileTag::from_text(record.tag.as_str()).hash() == hash
        };
        let retained = self.spool.find(request.account_id, now, is_same)?;
        Some(FileTag::from_text(retained.record.tag.as_str()))
    }

    fn newest(&self, request: &DownloadRequest<'_>, now: Timestamp) -> Option<Arc<Retained>> {
        self.spool.find(request.account_id, now, |record| request.has_form_of(record))
    }

    /// Returns the stored answer that one of these tags names. Fails if another node has it.
    fn tagged(
        &self,
        request: &DownloadRequest<'_>,
        now: Timestamp,
        tags: &Tags,
    ) -> Result<Option<Arc<Retained>>, Problem> {
        let fits = |record: &Record| request.is_of(record) && tags.has(&record.tag);
        if let Some(retained) = self.spool.find(request.account_id, now, fits) {
            return Ok(Some(retained));
        }
        let named: Vec<FileTag> = tags.named().map(FileTag::from_text).collect();
        for id in named.iter().filter_map(FileTag::id) {
            self.spool.look_for(request.account_id, id, now);
        }
        if let Some(retained) = self.spool.find(request.account_id, now, fits) {
            return Ok(Some(retained));
        }
        // A tag without an id is not ours and names no node.
        let elsewhere = |tag: &FileTag| tag.id().and(tag.elsewhere(&self.node)).map(str::to_owned);
        match named.iter().find_map(elsewhere) {
            Some(node) => Err(on_other_node(&node)),
            None => Ok(None),
        }
    }

    /// Returns the file that the ledger refers to, or `None` if it stores the answer whole.
    pub(crate) fn referred(
        &self,
        answer: &StoredAnswer,
        request: &DownloadRequest<'_>,
        now: Timestamp,
    ) -> Result<Option<Content>, Problem> {
        if answer.content_type() != REFERENCE {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(answer.body());
        let (id, node) = text.split_once(' ').unwrap_or((&text, ""));
        let find = || self.spool.find(request.account_id, now, |record| record.id == id);
        let retained = find().or_else(|| {
            self.spool.look_for(request.account_id, RequestId::parse(id)?, now);
            find()
        });
        let missing = || match node.is_empty() || node == self.node.as_str() {
            true => expired("the file paid for under this Idempotency-Key is not stored here"),
            false => on_other_node(node),
        };
        self.content(&retained.ok_or_else(missing)?, request.key_id, request.range_of_new()).map(Some)
    }

    /// Takes a slot for an answer that the ledger stores whole, if it is large.
    pub(crate) fn counted(
        &self,
        content: Content,
        request: &DownloadRequest<'_>,
    ) -> Result<Content, Problem> {
        if content.memory_bytes() < LARGE_ANSWER_BYTES {
            return Ok(content);
        }
        Ok(content.holding(self.slots.take(request.key_id)?))
    }

    /// Applies the requested range to a new answer.
    pub(crate) fn ranged(content: &mut Content, request: &DownloadRequest<'_>) {
        if let (Some(download), Some(range)) = (content.download_mut(), request.range_of_new()) {
            download.span = range.within(download.bytes());
        }
    }

    fn content(
        &self,
        retained: &Arc<Retained>,
        key_id: KeyId,
        range: Option<RequestedRange>,
    ) -> Result<Content, Problem> {
        if !retained.stored.is_there() {
            return Err(expired("the file was removed"));
        }
        let slot = self.slots.take(key_id)?;
        let record = &retained.record;
        let tag = FileTag::from_text(record.tag.clone());
        let mut download =
            Download::new(Arc::clone(&retained.stored), slot, tag).ending(record.tail.clone().into_bytes());
        download.exported_at = record.exported_at;
        download.coding = record.coding.as_deref().and_then(Coding::of_name).unwrap_or(Coding::Identity);
        if let Some(range) = range {
            let bytes = download.bytes();
            download.span = Some(range.within(bytes).ok_or_else(|| not_satisfiable(bytes))?);
        }
        let mut content = Content::file(Cow::Owned(record.kind.clone()), download);
        let header = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
        content.disposition = header(&record.disposition);
        content.link = header(&record.link);
        Ok(content)
    }
}

fn expired(what: &'static str) -> Problem {
    let detail = format!(
        "{what}: it has expired, or another node made it; without Range there is a new answer, which is charged"
    );
    Problem::new(ErrorCode::DownloadExpired, detail)
}

fn on_other_node(node: &str) -> Problem {
    let detail = format!("the file is stored on the node {}; send the request to that node", shown(node));
    Problem::new(ErrorCode::DownloadOnOtherNode, detail)
}

fn failed() -> Problem {
    let detail = "no stored answer to this question has an ETag that If-Match names; without If-Match there is a new \
                  answer, which is charged";
    Problem::new(ErrorCode::PreconditionFailed, detail)
}

fn not_satisfiable(bytes: u64) -> Problem {
    let detail = format!("the answer has {bytes} bytes, and the range begins after the last");
    let problem = Problem::new(ErrorCode::RangeNotSatisfiable, detail);
    match format!("bytes */{bytes}").try_into() {
        Ok(value) => problem.content_range(value),
        Err(_) => problem,
    }
}

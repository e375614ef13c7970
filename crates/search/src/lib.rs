//! The hashtag search index: from what a person types to the hashtags that answer, best first.
//!
//! Hits are ordered by class - the exact tag, then prefix, word and infix; for several words also the tags of each
//! and those that hold all - and then by reach, highest first ([`Class`]). What makes it fast is that every posting
//! list is in order of reach: a page is complete after its first matches, however many more there are.
//!
//! The *base* is a file, built from all hashtags of the store at one point of its change sequence. It lists each tag
//! under its one-, two- and three-character grams (anywhere, at the start, at the start of a word), so a keyword of
//! one or two characters is looked up like any other. The *overlay* holds in memory what changed since; a hashtag in
//! it supersedes its entry in the base. The store stays the source of truth: the index can always be rebuilt, and
//! it has no room for a tag that the store does not know.
//!
//! To follow a store: [`SearchIndex::open`], or [`Builder`] where that fails; [`SearchIndex::apply`] every change
//! after [`SearchIndex::sequence`]; rebuild when it [`SearchIndex::wants_rebuild`], and continue with the new one
//! from its own sequence.
//!
//! Reading order: `form` (what is compared), `class` (how it ranks), `query` (how a page is made), `stage` (how one
//! segment is searched), `segment` (what the bytes mean), `builder` and `overlay` (how they come about). `storage` says
//! why files are read by position and not memory-mapped.

mod boundary;
mod builder;
mod bytes;
mod class;
mod dictionary;
mod documents;
mod exact;
mod form;
mod gram;
mod invert;
mod overlay;
mod postings;
mod query;
mod segment;
mod sorter;
mod stage;
mod storage;
#[cfg(test)]
mod tests;

pub use builder::Builder;
pub use class::Class;
pub use form::{KEYWORD_CHARS_MAX, KEYWORD_WORDS_MAX, SearchForm};
pub use query::{DEPTH_MAX, Hit, Page};
pub use segment::OpenError;

use documents::{Group, Record};
use form::{FORM_BYTES_MAX, cut, search_form};
use overlay::{FRESH_MAX, Fresh, Tier, add_tier};
use query::State;
use segment::Segment;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use storage::Storage;

/// Changes that the overlay takes before the index wants to be rebuilt, where the base is small.
const OVERLAY_MAX: u64 = 100_000;

/// Maximum size of the overlay beside a large base: one document to so many of the base.
const OVERLAY_SHARE: u64 = 32;

/// Changes in one call after which they become a segment, to bound what is in memory twice.
const BULK_MAX: usize = 64 * FRESH_MAX;

/// A hashtag as the index stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document<'a> {
    /// The hashtag's row number, its identity here: a later document of the same number supersedes this one.
    pub hashtag: u32,
    /// Its key: equal for all spellings of one tag. An empty key takes the hashtag out of the results.
    pub key: &'a str,
    /// Its views, reported or observed.
    pub reach: u64,
}

/// The search index. It is shared between threads: queries never wait for changes being applied.
#[derive(Debug)]
pub struct SearchIndex {
    /// Locked only to take or replace the pointer.
    state: RwLock<Arc<State>>,
    /// Locked while changes are applied, so that none is lost.
    applying: Mutex<()>,
}

impl SearchIndex {
    /// Opens the index at `path` that was built from the store with this identity, and checks that it is whole, for
    /// which it is read once.
    ///
    /// # Errors
    /// On any error, rebuild the index.
    pub fn open(path: impl AsRef<Path>, identity: u128) -> Result<Self, OpenError> {
        let segment = Segment::open_checked(Storage::open(File::open(path)?)?)?;
        if segment.label.identity != identity {
            return Err(OpenError::OtherStore);
        }
        Ok(Self::new(segment))
    }

    fn new(base: Segment) -> Self {
        let sequence = base.label.sequence;
        let base = Arc::new(base);
        let state = State { base, tiers: Vec::new(), fresh: Arc::new(Fresh::default()), sequence, added: 0 };
        Self { state: RwLock::new(Arc::new(state)), applying: Mutex::new(()) }
    }

    /// Returns the store's change sequence that the index is up to date with.
    pub fn sequence(&self) -> u64 {
        self.state().sequence
    }

    /// Returns the number of hashtags, including those that a change removed.
    pub fn len(&self) -> u64 {
        let state = self.state();
        u64::from(state.base.documents.count) + state.added
    }

    /// Returns whether the index is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of changes applied since the base was built; they are in memory only.
    pub fn changes(&self) -> u64 {
        let state = self.state();
        state.tiers.iter().map(|tier| tier.len() as u64).sum::<u64>() + state.fresh.documents.len() as u64
    }

    /// Returns whether so much has changed since the base was built that a rebuild pays.
    pub fn wants_rebuild(&self) -> bool {
        self.changes() > OVERLAY_MAX.max(u64::from(self.state().base.documents.count) / OVERLAY_SHARE)
    }

    /// Takes new, grown and otherwise changed hashtags, the later of two with one number last; they are found as soon
    /// as this returns. `sequence` is the store's change sequence that the index then has come to.
    ///
    /// Fails when the file cannot be read; the changes are then not taken.
    pub fn apply<'d>(
        &self,
        changes: impl IntoIterator<Item = Document<'d>>,
        sequence: u64,
    ) -> io::Result<()> {
        let _applying = self.applying.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = State::clone(&self.state());
        let mut fresh = Fresh::clone(&state.fresh);
        let mut group = Group::default();
        for change in changes {
            let record = Record::from(change);
            if !fresh.holds(record.hashtag) && !state.overlay_holds(record.hashtag) {
                match indexed_by(&state.base, &record, &mut group)? {
                    Some(indexed) if indexed == record => continue,
                    Some(_) => {}
                    None => state.added += u64::from(!record.form.is_empty()),
                }
            }
            fresh.put(record);
            if fresh.documents.len() >= BULK_MAX {
                freeze(&mut state, &mut fresh)?;
            }
        }
        if fresh.documents.len() >= FRESH_MAX {
            freeze(&mut state, &mut fresh)?;
        }
        state.fresh = Arc::new(fresh);
        state.sequence = sequence;
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
        Ok(())
    }

    /// The hits of a keyword from the `offset`th on, at most `limit` of them; none lie beyond [`DEPTH_MAX`].
    ///
    /// Fails only when the file can no longer be read.
    pub fn query(&self, keyword: &SearchForm, offset: usize, limit: usize) -> io::Result<Page> {
        query::run(&self.state(), keyword, offset, limit)
    }

    fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl From<Document<'_>> for Record {
    fn from(document: Document<'_>) -> Self {
        let form = search_form(document.key).into_owned();
        let key = (form != document.key).then(|| cut(document.key, FORM_BYTES_MAX).to_owned());
        Self { reach: document.reach, hashtag: document.hashtag, form, key }
    }
}

/// Looks up the base's record of the same hashtag under the same form.
fn indexed_by(base: &Segment, record: &Record, group: &mut Group) -> io::Result<Option<Record>> {
    let mut ranks = Vec::new();
    base.exact.candidates(&base.storage, &record.form, &mut ranks)?;
    for rank in ranks {
        base.documents.load(&base.storage, rank, group)?;
        if group.numbers(rank)?.1 == record.hashtag {
            return group.record(rank).map(Some);
        }
    }
    Ok(None)
}

fn freeze(state: &mut State, fresh: &mut Fresh) -> io::Result<()> {
    let records = std::mem::take(fresh).documents;
    let tier = Tier::build(records.iter().map(Arc::as_ref)).map_err(io::Error::other)?;
    state.fresh = Arc::default();
    add_tier(&mut state.tiers, tier).map_err(io::Error::other)
}

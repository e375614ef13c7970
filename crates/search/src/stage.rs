//! Searching one segment for the hits of one class, in order of rank.

use crate::Hit;
use crate::class::{Class, Matcher};
use crate::documents::Group;
use crate::form::SearchForm;
use crate::gram::{GRAM_CHARS_MAX, Gram, Place, Required, required};
use crate::postings::{Cursor, ListAt};
use crate::segment::Segment;
use std::io;

/// Posting lists that are intersected at most; what passes is compared with the keyword anyway.
const LISTS_MAX: usize = 8;

/// A list this short is not worth intersecting: comparing its tags costs less.
const SHORT_LIST: u32 = 16;

/// The grams that a tag must have for each class that is found by grams.
pub(super) struct Plan {
    stages: [(Class, Vec<Required>); 4],
}

impl Plan {
    pub(super) fn new(keyword: &SearchForm) -> Self {
        let at = |place| {
            let mut grams = Vec::new();
            required(place, &keyword.joined, &mut grams);
            grams
        };
        let mut all_words = Vec::new();
        for word in &keyword.words {
            required(Place::Anywhere, word, &mut all_words);
        }
        Self {
            stages: [
                (Class::Prefix, at(Place::Prefix)),
                (Class::Word, at(Place::WordStart)),
                (Class::Infix, at(Place::Anywhere)),
                (Class::AllWords, all_words),
            ],
        }
    }

    /// None for classes that are found by their whole form.
    pub(super) fn grams(&self, class: Class) -> Option<&[Required]> {
        self.stages.iter().find(|(planned, _)| *planned == class).map(|(_, grams)| grams.as_slice())
    }
}

/// One query's work in one segment.
pub(super) struct SegmentSearch<'a> {
    segment: &'a Segment,
    matcher: &'a Matcher<'a>,
    /// Lists looked up so far; the stages of a query share most grams.
    lists: Vec<(Gram, Option<ListAt>)>,
    group: Group,
    /// The stage at work and the cursors of its lists, shortest first; none when it is over.
    class: Class,
    cursors: Vec<Cursor<'a>>,
}

impl<'a> SegmentSearch<'a> {
    pub(super) fn new(segment: &'a Segment, matcher: &'a Matcher<'a>) -> Self {
        let (lists, cursors) = (Vec::new(), Vec::new());
        Self { segment, matcher, lists, group: Group::default(), class: Class::Exact, cursors }
    }

    /// Appends the hits whose whole form is `form`.
    pub(super) fn whole(&mut self, form: &str, hits: &mut Vec<Hit>) -> io::Result<()> {
        let mut ranks = Vec::new();
        self.segment.exact.candidates(&self.segment.storage, form, &mut ranks)?;
        for rank in ranks {
            self.segment.documents.load(&self.segment.storage, rank, &mut self.group)?;
            let (found, key) = self.group.text(rank)?;
            if found == form
                && let Some(class) = self.matcher.classify(found, key)
            {
                let (reach, hashtag) = self.group.numbers(rank)?;
                hits.push(Hit { hashtag, class, reach });
            }
        }
        Ok(())
    }

    /// Begins a stage.
    pub(super) fn begin(&mut self, class: Class, grams: &[Required]) -> io::Result<()> {
        self.class = class;
        self.cursors.clear();
        let mut lists = Vec::with_capacity(grams.len());
        for required in grams {
            match self.list(required.gram)? {
                Some(list) => lists.push((list, *required)),
                None => return Ok(()),
            }
        }
        for list in choose(lists) {
            self.cursors.push(Cursor::open(&self.segment.storage, list)?);
        }
        Ok(())
    }

    fn list(&mut self, gram: Gram) -> io::Result<Option<ListAt>> {
        if let Some((_, list)) = self.lists.iter().find(|(known, _)| *known == gram) {
            return Ok(*list);
        }
        let list = self.segment.dictionary.find(&self.segment.storage, gram)?;
        self.lists.push((gram, list));
        Ok(list)
    }

    /// The next hit of the stage.
    pub(super) fn next(&mut self) -> io::Result<Option<Hit>> {
        while let Some(rank) = meet(&mut self.cursors)? {
            self.cursors[0].advance()?;
            self.segment.documents.load(&self.segment.storage, rank, &mut self.group)?;
            let (form, key) = self.group.text(rank)?;
            if self.matcher.classify(form, key) == Some(self.class) {
                let (reach, hashtag) = self.group.numbers(rank)?;
                return Ok(Some(Hit { hashtag, class: self.class, reach }));
            }
        }
        Ok(None)
    }
}

/// Which of the lists to intersect, shortest first.
///
/// Neighbouring grams occur in much the same tags, so another of them narrows little. Short lists come first, but those
/// that share no character with a chosen one before those that do, and none that adds no character.
fn choose(mut lists: Vec<(ListAt, Required)>) -> Vec<ListAt> {
    lists.sort_unstable_by_key(|(list, _)| list.count);
    let wanted = if lists.first().is_some_and(|(list, _)| list.count <= SHORT_LIST) { 1 } else { LISTS_MAX };
    let characters = lists.iter().map(|(_, required)| required.start + required.length).max().unwrap_or(0);
    let mut covered = vec![false; characters];
    let mut chosen = Vec::new();
    for new_min in [GRAM_CHARS_MAX, 1] {
        for (list, required) in &lists {
            let characters = &mut covered[required.start..required.start + required.length];
            let new = characters.iter().filter(|covered| !**covered).count();
            if chosen.len() < wanted && new >= new_min.min(required.length) {
                characters.fill(true);
                chosen.push(*list);
            }
        }
    }
    chosen.sort_unstable_by_key(|list| list.count);
    chosen
}

/// Moves the cursors forward to the first rank that all of them have.
fn meet(cursors: &mut [Cursor<'_>]) -> io::Result<Option<u32>> {
    let Some((shortest, others)) = cursors.split_first_mut() else { return Ok(None) };
    'candidate: while let Some(rank) = shortest.rank() {
        for other in others.iter_mut() {
            other.seek(rank)?;
            match other.rank() {
                None => return Ok(None),
                Some(found) if found > rank => {
                    shortest.seek(found)?;
                    continue 'candidate;
                }
                Some(_) => {}
            }
        }
        return Ok(Some(rank));
    }
    Ok(None)
}

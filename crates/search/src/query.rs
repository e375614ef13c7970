//! Answering a query: class by class, the hits of all layers are merged in order of reach until the page is full.

use crate::class::{Class, Matcher};
use crate::form::SearchForm;
use crate::overlay::{Fresh, Tier};
use crate::segment::Segment;
use crate::stage::{Plan, SegmentSearch};
use std::cmp::Reverse;
use std::io;
use std::sync::Arc;

/// Hits of one query that can be paged through.
pub const DEPTH_MAX: usize = 1000;

/// The classes in the order in which they answer.
const STAGES: [Class; 7] =
    [Class::Exact, Class::Variant, Class::Prefix, Class::Word, Class::Infix, Class::OneWord, Class::AllWords];

/// A hashtag that answers the keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The hashtag's number, as given when it was indexed.
    pub hashtag: u32,
    /// Its match class.
    pub class: Class,
    /// Its views, as given when it was indexed.
    pub reach: u64,
}

impl Hit {
    /// Hits are shown in ascending order of this.
    fn order(&self) -> (Class, Reverse<u64>, u32) {
        (self.class, Reverse(self.reach), self.hashtag)
    }
}

/// Part of the hits of a keyword.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The hits, best first.
    pub hits: Vec<Hit>,
    /// Set when at least one more hit can be paged to.
    pub has_more: bool,
}

/// Everything a query sees; shared and never changed.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) base: Arc<Segment>,
    /// Oldest first.
    pub(super) tiers: Vec<Arc<Tier>>,
    pub(super) fresh: Arc<Fresh>,
    /// The store's change sequence up to which the layers tell everything.
    pub(super) sequence: u64,
    /// Hashtags of the overlay that the base does not have.
    pub(super) added: u64,
}

impl State {
    /// Returns whether a newer layer than this one has the hashtag. Layer 0 is the base, then come the tiers and the
    /// fresh documents.
    fn is_superseded(&self, layer: usize, hashtag: u32) -> bool {
        layer <= self.tiers.len()
            && (self.fresh.holds(hashtag) || self.tiers[layer..].iter().any(|tier| tier.holds(hashtag)))
    }

    /// Returns whether any layer but the base has the hashtag.
    pub(super) fn overlay_holds(&self, hashtag: u32) -> bool {
        self.is_superseded(0, hashtag)
    }
}

/// One layer's hits in their order.
struct Layer<'a> {
    /// Hits known beforehand: those by whole form, or all of the fresh documents.
    ready: std::iter::Peekable<std::vec::IntoIter<Hit>>,
    search: Option<SegmentSearch<'a>>,
    /// The layer's best hit of the stage that is not yet taken.
    head: Option<Hit>,
}

impl<'a> Layer<'a> {
    fn of_segment(segment: &'a Segment, matcher: &'a Matcher<'a>, keyword: &SearchForm) -> io::Result<Self> {
        let mut search = SegmentSearch::new(segment, matcher);
        let mut ready = Vec::new();
        search.whole(&keyword.joined, &mut ready)?;
        for word in keyword.words.iter().filter(|word| **word != keyword.joined) {
            search.whole(word, &mut ready)?;
        }
        Ok(Self { search: Some(search), ..Self::of_hits(ready) })
    }

    fn of_fresh(fresh: &Fresh, matcher: &Matcher<'_>) -> Self {
        let hit = |class, hashtag, reach| Hit { hashtag, class, reach };
        let hits = fresh.documents.iter().filter_map(|record| {
            let key = record.key.as_deref().unwrap_or(&record.form);
            matcher.classify(&record.form, key).map(|class| hit(class, record.hashtag, record.reach))
        });
        Self::of_hits(hits.collect())
    }

    fn of_hits(mut hits: Vec<Hit>) -> Self {
        hits.sort_unstable_by_key(Hit::order);
        Self { ready: hits.into_iter().peekable(), search: None, head: None }
    }

    fn begin(&mut self, class: Class, plan: &Plan) -> io::Result<()> {
        if let (Some(search), Some(grams)) = (&mut self.search, plan.grams(class)) {
            search.begin(class, grams)?;
        }
        self.advance(class, plan)
    }

    fn advance(&mut self, class: Class, plan: &Plan) -> io::Result<()> {
        self.head = match &mut self.search {
            Some(search) if plan.grams(class).is_some() => search.next()?,
            _ => self.ready.next_if(|hit| hit.class == class),
        };
        Ok(())
    }
}

/// The hits from `offset` on, at most `limit` of them, and none beyond [`DEPTH_MAX`].
pub(super) fn run(state: &State, keyword: &SearchForm, offset: usize, limit: usize) -> io::Result<Page> {
    let end = offset.saturating_add(limit).min(DEPTH_MAX);
    if keyword.is_empty() || offset >= end {
        return Ok(Page::default());
    }
    let matcher = Matcher::new(keyword);
    let plan = Plan::new(keyword);
    let mut layers = vec![Layer::of_segment(&state.base, &matcher, keyword)?];
    for tier in &state.tiers {
        layers.push(Layer::of_segment(&tier.segment, &matcher, keyword)?);
    }
    layers.push(Layer::of_fresh(&state.fresh, &matcher));
    let mut page = Page::default();
    let mut found = 0;
    for class in STAGES {
        for layer in &mut layers {
            layer.begin(class, &plan)?;
        }
        while let Some((hit, from)) = best(&layers) {
            layers[from].advance(class, &plan)?;
            if state.is_superseded(from, hit.hashtag) {
                continue;
            }
            if found == end {
                page.has_more = end < DEPTH_MAX;
                return Ok(page);
            }
            if found >= offset {
                page.hits.push(hit);
            }
            found += 1;
            if found == DEPTH_MAX {
                return Ok(page);
            }
        }
    }
    Ok(page)
}

fn best(layers: &[Layer<'_>]) -> Option<(Hit, usize)> {
    let heads = layers.iter().enumerate().filter_map(|(from, layer)| layer.head.map(|hit| (hit, from)));
    heads.min_by_key(|(hit, _)| hit.order())
}

//! The work on a hashtag that is due: one reading for all its trackers, one charge for each.
//!
//! The order of steps makes a kill harmless at any point: credits are reserved, the reading is stored, the charge is made
//! under an id derived from tracker, hashtag and slot, and the slot is noted last. Whoever comes after a kill finds the
//! unfinished attempt; if the series has a reading of its slot, the charge is made, or was, and the slot is noted; if not, the
//! credits are given back.

use crate::order::{first_interval, targets_of};
use crate::slot_work::{Retry, SlotWork, Step};
use crate::{Tracking, TrackingError};
use catalog::upstream::TrackedRead;
use domain::credits::PRICE_OF_A_CALL;
use domain::tracking::{GapReason, Month, Slot, Target, TargetKey, TrackerSource};
use domain::{Credits, Operation, RequestId, Timestamp};
use store::ledger::{Charge, ChargeOutcome};
use store::tracked::{ReadingClaim, ReadingReserved, Requeued};
use store::trackers::{NewTracked, TrackerChange, TrackerChanged};
use xxhash_rust::xxh3::xxh3_128;

/// Maximum number of looks at the trackers of a hashtag, one more for each that was created or changed meanwhile.
const LOOKS_MAX: u32 = 16;
/// Wait until the next look after that, and where a tracker was changed under the worker, in milliseconds.
const LOOK_AGAIN_MS: i64 = 1_000;

impl Tracking {
    /// Reads a claimed hashtag for its trackers, and queues it for the next one that is due.
    pub async fn read_due(&self, mut claim: ReadingClaim) -> Result<(), TrackingError> {
        for looks in 1.. {
            let due_at = self.look(claim.key()).await?;
            let again = later(self.now(), LOOK_AGAIN_MS);
            match self.store().requeue_reading(&claim, due_at, self.now()).await? {
                Requeued::Done | Requeued::Lost => break,
                Requeued::Changed(newer) if looks < LOOKS_MAX => claim = newer,
                Requeued::Changed(newer) => {
                    self.store().requeue_reading(&newer, Some(again), self.now()).await?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Does what is due, and returns when the next of the trackers is.
    async fn look(&self, key: &TargetKey) -> Result<Option<Timestamp>, TrackingError> {
        let (mut due, mut wanted) = (Vec::new(), Vec::new());
        for mut work in self.works(key).await? {
            match work.step(self.now()) {
                Step::Paused | Step::Wait(_) => due.push(self.write(&work).await?),
                Step::Read(slot) => {
                    // Another interval is written before the reading: whoever settles it must know the same slots.
                    if let Some(update) = work.update() {
                        if !self.store().update_tracked(update.clone()).await? {
                            due.push(Some(later(self.now(), LOOK_AGAIN_MS)));
                            continue;
                        }
                        work.written(update);
                    }
                    match self.reserve(&mut work, slot).await? {
                        Some(()) => wanted.push((work, slot)),
                        None => due.push(self.write(&work).await?),
                    }
                }
            }
        }
        for (work, reading) in self.read(key, wanted).await? {
            due.push(self.finish(work, reading).await?);
        }
        Ok(due.into_iter().flatten().min())
    }

    /// Returns the work on every tracker that reads the hashtag. Attempts that a worker left unfinished are settled.
    async fn works(&self, key: &TargetKey) -> Result<Vec<SlotWork>, TrackingError> {
        let mut has_settled = false;
        for subscription in self.store().subscriptions(key).await? {
            let Some(attempt) = subscription.tracked.attempt else { continue };
            let mut work = SlotWork::new(subscription);
            let read_at = self.read_within(key, attempt.slot).await?;
            match read_at.filter(|_| !work.is_read(attempt.slot)) {
                Some(at) => self.pay(&mut work, attempt.slot, at).await?,
                None => work.release(),
            }
            self.write(&work).await?;
            has_settled = true;
        }
        if has_settled {
            tracing::info!(hashtag = key.as_str(), "readings that were interrupted are settled");
        }
        let all = self.store().subscriptions(key).await?;
        let is_read = |work: &SlotWork| work.tracker.settings.source != TrackerSource::None;
        Ok(all.into_iter().map(SlotWork::new).filter(is_read).collect())
    }

    /// Reserves the credits of a reading. `None` if the slot is not to be read now.
    async fn reserve(&self, work: &mut SlotWork, slot: Slot) -> Result<Option<()>, TrackingError> {
        let (now, price) = (self.now(), work.price());
        let balance = self.store().quote(work.tracker.account_id).await?;
        if balance.is_none_or(|balance| balance < price) {
            work.fail(slot, GapReason::Budget, Retry::Soon, now);
            return Ok(None);
        }
        let month = Month::of(now);
        match self.store().reserve_reading(&work.tracked, slot, price, month).await? {
            ReadingReserved::Reserved => {
                work.reserved(slot, month);
                Ok(Some(()))
            }
            ReadingReserved::BudgetSpent => {
                work.fail(slot, GapReason::Budget, Retry::NextSlot, now);
                Ok(None)
            }
            ReadingReserved::Changed => {
                work.tracked.due_at = Some(later(now, LOOK_AGAIN_MS));
                Ok(None)
            }
        }
    }

    /// Reads the slots of a hashtag: from the series where it has a reading of a slot, by one call for all others. The
    /// slots of a hashtag nest, so that a reading of now is within each of them.
    async fn read(
        &self,
        key: &TargetKey,
        wanted: Vec<(SlotWork, Slot)>,
    ) -> Result<Vec<(SlotWork, (Slot, TrackedRead))>, TrackingError> {
        let mut readings = Vec::with_capacity(wanted.len());
        let mut called: Option<TrackedRead> = None;
        let from = wanted.iter().map(|(_, slot)| slot.from).max();
        let until = wanted.iter().map(|(_, slot)| slot.until).min();
        for (work, slot) in wanted {
            let read = match (self.read_within(key, slot).await?, &called) {
                (Some(at), _) => TrackedRead::Read(at),
                (None, Some(called)) => called.clone(),
                (None, None) => {
                    let (from, until) = (from.unwrap_or(slot.from), until.unwrap_or(slot.until));
                    let read = match key {
                        TargetKey::Hashtag(tag) => self.catalog.read_tracked(tag, from, until).await?,
                        TargetKey::Keyword(keyword) => {
                            self.catalog.search_tracked(keyword, from, until).await?
                        }
                        TargetKey::Videos { tag, depth, .. } => {
                            self.catalog.walk_tracked(tag, *depth, from, until).await?
                        }
                    };
                    called.insert(read).clone()
                }
            };
            readings.push((work, (slot, read)));
        }
        Ok(readings)
    }

    /// Returns the time of a reading or search of a slot, if there is one.
    async fn read_within(&self, key: &TargetKey, slot: Slot) -> Result<Option<Timestamp>, TrackingError> {
        Ok(match key {
            TargetKey::Hashtag(tag) => self.catalog.reading_between(tag, slot.from, slot.until).await?,
            TargetKey::Keyword(keyword) => {
                self.catalog.search_between(keyword, slot.from, slot.until).await?
            }
            TargetKey::Videos { tag, depth, .. } => {
                let walk = self.catalog.top_walk_between(tag, *depth, slot.from, slot.until).await?;
                walk.map(|walk| walk.at)
            }
        })
    }

    /// Notes what became of a slot, and returns when the tracker is due next.
    async fn finish(
        &self,
        mut work: SlotWork,
        (slot, read): (Slot, TrackedRead),
    ) -> Result<Option<Timestamp>, TrackingError> {
        let now = self.now();
        match read {
            TrackedRead::Read(at) => self.pay(&mut work, slot, at).await?,
            TrackedRead::Missing => work.fail(slot, GapReason::NotFound, Retry::NextSlot, now),
            TrackedRead::NoUpstream => work.fail(slot, GapReason::NoUpstream, Retry::NextSlot, now),
            TrackedRead::CallsUsedUp => work.fail(slot, GapReason::Budget, Retry::Soon, now),
            TrackedRead::Failed { cause } => {
                tracing::warn!(
                    target = work.tracked.target.name(),
                    cause,
                    "a tracked hashtag or keyword cannot be read"
                );
                work.fail(slot, GapReason::SourceDown, Retry::Soon, now);
            }
        }
        self.write(&work).await
    }

    /// Charges a reading that is stored, once, and notes its slot. One that the account cannot pay is a gap.
    async fn pay(&self, work: &mut SlotWork, slot: Slot, read_at: Timestamp) -> Result<(), TrackingError> {
        let credits = self.price(work, slot).await?;
        let charge = Charge {
            account_id: work.tracker.account_id,
            request_id: request_id(work, slot),
            credits,
            operation: Operation::TrackerReading,
            idempotency: None,
            at: self.now(),
        };
        match self.store().charge(charge).await? {
            ChargeOutcome::Paid(_) | ChargeOutcome::AlreadyCharged => {
                let now = self.now();
                let adapted = match &work.tracked.target {
                    Target::Hashtag(tag) if work.is_adaptive() => Some(self.adapted(tag.key(), now).await?),
                    Target::Hashtag(_) | Target::Videos(..) => None,
                    Target::Keyword(_) => {
                        self.accept_found(work).await?;
                        None
                    }
                };
                work.read(slot, read_at, credits, now);
                if let Some(adapted) = adapted {
                    work.adapt(adapted, now);
                }
            }
            ChargeOutcome::Refused { .. }
            | ChargeOutcome::NoSuchAccount
            | ChargeOutcome::Replayed { .. }
            | ChargeOutcome::KeyOfOtherRequest => {
                work.fail(slot, GapReason::Budget, Retry::Soon, self.now());
            }
        }
        Ok(())
    }

    /// Returns the price of a slot that was read: of a walk, that of its pages.
    async fn price(&self, work: &SlotWork, slot: Slot) -> Result<Credits, TrackingError> {
        let Target::Videos(tag, depth) = &work.tracked.target else { return Ok(work.price()) };
        let walk = self.catalog.top_walk_between(tag.key(), *depth, slot.from, slot.until).await?;
        let pages = walk.map(|walk| walk.pages * PRICE_OF_A_CALL.get());
        Ok(pages.and_then(|credits| Credits::new(credits).ok()).unwrap_or_else(|| work.price()))
    }

    /// Adds the hashtags of a keyword that have enough views to its tracker. Repeating it adds nothing.
    async fn accept_found(&self, work: &SlotWork) -> Result<(), TrackingError> {
        let tracker = &work.tracker;
        let Some(least) = tracker.settings.accept_views else { return Ok(()) };
        let found = self.found_by(&tracker.settings).await?;
        let interval = first_interval(tracker.settings.cadence);
        let has_enough = found
            .into_iter()
            .filter(|hashtag| hashtag.reported.views.is_some_and(|views| views.value() >= least));
        let add: Vec<NewTracked> = has_enough
            .flat_map(|hashtag| targets_of(&hashtag.tag, interval, tracker.settings.videos, self.now()))
            .collect();
        if add.is_empty() {
            return Ok(());
        }
        let change = TrackerChange { add, ..TrackerChange::default() };
        let changed = self.store().change_tracker(tracker.account_id, tracker.id, change, self.now()).await?;
        if changed == TrackerChanged::TooMany {
            tracing::warn!(tracker = %tracker.id, "found hashtags are not added: the tracker has as many as it may");
        }
        Ok(())
    }

    /// Writes what changed, and returns when the tracker is due next: in a moment if its owner changed it meanwhile.
    async fn write(&self, work: &SlotWork) -> Result<Option<Timestamp>, TrackingError> {
        let Some(update) = work.update() else { return Ok(work.tracked.due_at) };
        if self.store().update_tracked(update).await? {
            return Ok(work.tracked.due_at);
        }
        Ok(Some(later(self.now(), LOOK_AGAIN_MS)))
    }
}

/// Returns the id of a reading's charge: the same for the same slot of the same hashtag of a tracker.
fn request_id(work: &SlotWork, slot: Slot) -> RequestId {
    let mut bytes = work.tracker.id.to_bytes().to_vec();
    bytes.extend(slot.from.as_ms().to_be_bytes());
    bytes.extend(work.tracked.target.key().as_str().as_bytes());
    RequestId::new(slot.from, xxh3_128(&bytes))
}

fn later(at: Timestamp, ms: i64) -> Timestamp {
    Timestamp::from_ms(at.as_ms().saturating_add(ms))
}

//! Walks an upstream: fetches a page, charges it and stores the progress, until the end. The catalog decides the
//! policy.
//!
//! A page is charged after it is stored, under a request id derived from the job and the page number: a worker killed
//! in between fetches the same page again, and it is charged once.

use crate::lease::{JobSignal, Lease};
use crate::{Outcome, WorkerContext};
use catalog::jobs::{StopReason, WalkOrder, WalkState};
use catalog::upstream::WalkStep;
use catalog::{CatalogError, Prospect, UpstreamFault};
use domain::credits::PRICE_OF_A_CALL;
use domain::{Operation, RequestId};
use std::time::Duration;
use store::StoreError;
use store::jobs::{Job, JobEnd};
use store::ledger::{Charge, ChargeOutcome};
use xxhash_rust::xxh3::xxh3_128;

/// Times in a row that a walk is tried again after its upstream could not go on.
const FAULTS_MAX: u32 = 8;
/// The pause before the first of them; each is twice the one before.
const PAUSE: Duration = Duration::from_secs(2);
/// The longest one.
const PAUSE_MAX: Duration = Duration::from_secs(300);

pub(crate) async fn run(
    context: &WorkerContext,
    job: &Job,
    lease: &Lease<'_>,
) -> Result<Outcome, CatalogError> {
    let order = WalkOrder::of(job)?;
    let mut state = WalkState::of(job)?;
    let mut is_further = false;
    loop {
        match lease.checkpoint(state.to_json()).await? {
            JobSignal::GoOn => {}
            JobSignal::HandBack => return Ok(Outcome::HandedBack(state.to_json(), Duration::ZERO)),
            JobSignal::Cancel => return Ok(ended(JobEnd::Cancelled, state)),
            JobSignal::Drop => return Ok(Outcome::Lost),
        }
        // After a restart the last page may be the one that was kept.
        if state.stop_reason.is_some() {
            return end(context, job, &order, state).await;
        }
        if state.counters.pages >= order.max_credits || !can_pay(context, job).await? {
            state.stop_reason = Some(StopReason::Budget);
            return end(context, job, &order, state).await;
        }
        let said = state.to_json();
        let stepped =
            lease.while_waiting(|| said.clone(), context.catalog.walk_step(&order, state.clone())).await;
        state = match stepped? {
            WalkStep::Page(page) => {
                if !charge(context, job, page.counters.pages).await? {
                    state.stop_reason = Some(StopReason::Budget);
                    return end(context, job, &order, state).await;
                }
                if !is_further {
                    // Once is enough: the attempt counts as a failure no more.
                    lease.got_further().await?;
                    is_further = true;
                }
                WalkState { credits_charged: page.counters.pages * PRICE_OF_A_CALL.get(), ..page }
            }
            // Only repeats or rejects: stored like any other page, and free.
            WalkStep::Idle(state) => state,
            WalkStep::Ended(state) => return end(context, job, &order, state).await,
            WalkStep::Missing(state) => {
                let problem = format!("there is no hashtag {:?} at the upstream", order.hashtag);
                return Ok(ended(JobEnd::Failed, WalkState { problem: Some(problem), ..state }));
            }
            WalkStep::Fault { state, fault, cause, prospect } => {
                tracing::warn!(job = %job.id, cause, ?prospect, "a walk's upstream cannot go on");
                return after_fault(context, job, &order, state, fault, prospect).await;
            }
        };
    }
}

/// Returns true if the account can probably pay one more page.
async fn can_pay(context: &WorkerContext, job: &Job) -> Result<bool, StoreError> {
    let balance = context.catalog.store().quote(job.account_id).await?;
    Ok(balance.is_some_and(|balance| balance >= PRICE_OF_A_CALL))
}

/// Charges a page, once. `false` when the account cannot pay it.
async fn charge(context: &WorkerContext, job: &Job, page: u64) -> Result<bool, StoreError> {
    let charge = Charge {
        account_id: job.account_id,
        request_id: page_id(job, page),
        credits: PRICE_OF_A_CALL,
        operation: Operation::WalkPage,
        idempotency: None,
        at: context.clock.now(),
    };
    Ok(match context.catalog.store().charge(charge).await? {
        ChargeOutcome::Paid(_) | ChargeOutcome::AlreadyCharged => true,
        // Without an idempotency key nothing is replayed.
        ChargeOutcome::Refused { .. }
        | ChargeOutcome::NoSuchAccount
        | ChargeOutcome::Replayed { .. }
        | ChargeOutcome::KeyOfOtherRequest => false,
    })
}

/// Returns the request id of a page's charge: the same for the same page of the same job.
fn page_id(job: &Job, page: u64) -> RequestId {
    let mut bytes = [0; 24];
    bytes[..16].copy_from_slice(&job.id.to_bytes());
    bytes[16..].copy_from_slice(&page.to_be_bytes());
    RequestId::new(job.created_at, xxh3_128(&bytes))
}

/// Tries again later, or gives up.
async fn after_fault(
    context: &WorkerContext,
    job: &Job,
    order: &WalkOrder,
    state: WalkState,
    fault: UpstreamFault,
    prospect: Prospect,
) -> Result<Outcome, CatalogError> {
    let faults = state.faults + 1;
    let state = WalkState { faults, ..state };
    if prospect == Prospect::MayPass && faults <= FAULTS_MAX {
        let pause = PAUSE.saturating_mul(1 << (faults - 1)).min(PAUSE_MAX);
        return Ok(Outcome::HandedBack(state.to_json(), pause));
    }
    let problem = match (prospect, fault) {
        (Prospect::Rejected { reason }, _) => {
            format!("the upstream's record of the hashtag cannot be used: {reason}")
        }
        (_, UpstreamFault::Error) => "the upstream's answer cannot be used".to_owned(),
        (_, UpstreamFault::Unavailable) => {
            "the upstream cannot be asked: it refuses, or its calls of the day are used up".to_owned()
        }
        (_, UpstreamFault::Timeout) => "the upstream did not answer in time".to_owned(),
    };
    let stop_reason = Some(StopReason::Upstream);
    end(context, job, order, WalkState { problem: Some(problem), stop_reason, ..state }).await
}

/// Ends a walk, and judges how much it saw.
async fn end(
    context: &WorkerContext,
    job: &Job,
    order: &WalkOrder,
    state: WalkState,
) -> Result<Outcome, CatalogError> {
    let began = job.started_at.unwrap_or(job.created_at);
    let judged = context.catalog.walk_coverage(job.id, began, order, &state).await;
    let state = WalkState { coverage: judged?, ..state };
    let is_failed = state.stop_reason == Some(StopReason::Upstream);
    Ok(ended(if is_failed { JobEnd::Failed } else { JobEnd::Done }, state))
}

/// Drops the state that is no longer needed: the data for later comparisons is stored elsewhere.
fn ended(end: JobEnd, mut state: WalkState) -> Outcome {
    state.seen.clear();
    Outcome::Ended(end, state.to_json())
}

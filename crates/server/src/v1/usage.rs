//! `GET /v1/usage?from=&to=`: what the account's credits went into, by day and by what was called.

use super::json_reply::{self, NoMeta};
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, Billing, serve_free};
use crate::openapi::{FreeErrors, TimeText};
use crate::problem::Problem;
use crate::query::Query;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::{KeyScope, OperationNumber, Timestamp, UtcDay};
use http::Response;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::ledger::{Entry, Movement};
use utoipa::{IntoParams, ToSchema};

/// Days that are told unless asked otherwise.
const DAYS: i64 = 30;
/// Entries of the ledger that are looked at for one answer, at most.
const ENTRIES_MAX: usize = 200_000;
/// Entries that are read at once.
const PART: usize = 2_000;

/// What may stand in the query.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query; `Query` reads it")]
struct Params {
    /// From then on: a day, a moment, or a length of time back from now.
    #[param(inline, example = "30d", required = false)]
    from: TimeText,
    /// Until then.
    #[param(inline, required = false)]
    to: TimeText,
}

/// What credits went into.
#[derive(Serialize, ToSchema)]
#[schema(as = Usage)]
pub(crate) struct UsageView {
    /// From then on.
    from: String,
    /// Until then.
    to: String,
    /// Charges.
    calls: u64,
    /// Credits charged.
    credits_charged: u64,
    /// Credits given.
    credits_granted: u64,
    /// Whether all of the time asked for was looked at; the newest charges are.
    complete: bool,
    /// By UTC day and by what was called, the newest day first.
    days: Vec<DayView>,
}

/// Charges of a day for one thing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageDay)]
struct DayView {
    /// UTC.
    #[schema(example = "2026-11-25")]
    day: String,
    /// What was called.
    #[schema(example = "hashtag_history")]
    operation: String,
    /// Charges.
    calls: u64,
    /// Credits charged.
    credits: u64,
}

/// Usage.
#[derive(Serialize, ToSchema)]
pub(crate) struct UsageAnswer {
    data: UsageView,
    meta: NoMeta,
    billing: Billing,
}

async fn usage(request: AuthenticatedRequest) -> Result<Content, Problem> {
    let now = request.app.clock.now();
    let query = Query::new(request.parts.uri.query().unwrap_or(""));
    let to = query.end("to", now)?.unwrap_or(now);
    let from = query.begin("from", now)?;
    let from = from.unwrap_or_else(|| Timestamp::from_ms(now.as_ms() - DAYS * 86_400_000));
    if to < from {
        return Err(Problem::parameter("to", "to is before from; give a later time"));
    }
    let mut sums = Sums::default();
    let complete = sums.gather(&request, from, to).await?;
    let days = sums.days.into_iter().rev().map(|((day, operation), (calls, credits))| DayView {
        day: day.to_string(),
        operation: operation.to_string(),
        calls,
        credits,
    });
    json_reply::ok(&UsageView {
        from: from.to_rfc3339(),
        to: to.to_rfc3339(),
        calls: sums.calls,
        credits_charged: sums.charged,
        credits_granted: sums.granted,
        complete,
        days: days.collect(),
    })
}

#[derive(Debug, Default)]
struct Sums {
    calls: u64,
    charged: u64,
    granted: u64,
    days: BTreeMap<(UtcDay, OperationNumber), (u64, u64)>,
}

impl Sums {
    /// Goes back through the ledger. `false` when there is more than is looked at.
    async fn gather(
        &mut self,
        request: &AuthenticatedRequest,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<bool, Problem> {
        let store = request.app.catalog.store();
        let (mut before, mut looked_at) = (None, 0);
        loop {
            let entries = store.entries(request.caller.key.account_id, before, PART).await?;
            let Some(last) = entries.last() else { return Ok(true) };
            before = Some(last.number);
            looked_at += entries.len();
            for entry in entries.iter().filter(|entry| entry.at >= from && entry.at <= to) {
                self.add(entry);
            }
            if last.at < from || entries.len() < PART {
                return Ok(true);
            }
            if looked_at >= ENTRIES_MAX {
                return Ok(false);
            }
        }
    }

    fn add(&mut self, entry: &Entry) {
        let credits = entry.credits.get();
        match &entry.movement {
            Movement::Grant { .. } => self.granted += credits,
            Movement::Charge { operation, .. } => {
                self.calls += 1;
                self.charged += credits;
                let of_day = self.days.entry((UtcDay::of(entry.at), *operation)).or_default();
                of_day.0 += 1;
                of_day.1 += credits;
            }
        }
    }
}

/// What credits went into
///
/// By day and by what was called, out of the ledger. Free.
#[utoipa::path(
    get,
    path = "/v1/usage",
    operation_id = "usage",
    tag = "account",
    params(Params),
    responses((status = 200, description = "What credits went into", body = UsageAnswer), FreeErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, _| usage(request).await)
        .await
}

//! `GET /v1/usage?from=&to=`: credit usage of the account by day and operation.

use super::json_reply::{self, answer};
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::FreeErrors;
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::{KeyScope, Moment, OperationNumber, Timestamp, UtcDay};
use http::Response;
use measure::parameters::{TimeText, by};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::ledger::{Entry, Movement};
use utoipa::{IntoParams, ToSchema};

/// Default period, in days.
const DAYS: i64 = 30;
/// Maximum number of ledger entries read for one answer.
const ENTRIES_MAX: usize = 200_000;
/// Entries of one read.
const PART: usize = 2_000;

/// Query parameters.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct UsageQuery {
    /// Start of the period: a day, a moment, or a length of time back from now.
    #[serde(deserialize_with = "by::text")]
    #[param(inline, value_type = TimeText, example = "30d", required = false)]
    from: Option<Moment>,
    /// End of the period.
    #[serde(deserialize_with = "by::text")]
    #[param(inline, value_type = TimeText, required = false)]
    to: Option<Moment>,
}

/// Credit usage in a period.
#[derive(Serialize, ToSchema)]
#[schema(as = Usage)]
pub(crate) struct UsageView {
    /// Start of the period.
    from: Timestamp,
    /// End of the period, inclusive.
    to: Timestamp,
    /// Number of charges.
    calls: u64,
    /// Credits charged.
    credits_charged: u64,
    /// Credits granted.
    credits_granted: u64,
    /// False if the period has too many charges: the oldest are then missing.
    complete: bool,
    /// Usage by UTC day and operation, newest day first.
    days: Vec<DayView>,
}

/// Charges of one day for one operation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageDay)]
struct DayView {
    /// UTC day.
    #[schema(example = "2026-11-25")]
    day: String,
    /// Operation, named as in this description.
    #[schema(example = "hashtag_history")]
    operation: String,
    /// Number of charges.
    calls: u64,
    /// Credits charged.
    credits: u64,
}

answer! {
    /// The usage of the account.
    UsageAnswer: UsageView
}

async fn usage(request: AuthenticatedRequest) -> Result<Content, Problem> {
    let now = request.app.clock.now();
    let UsageQuery { from, to } = request.query()?;
    let to = to.map_or(now, |to| to.end(now));
    let from = from.map_or(Timestamp::from_ms(now.as_ms() - DAYS * 86_400_000), |from| from.begin(now));
    if to < from {
        return Err(Problem::parameter("to", "to is earlier than from; give a later time"));
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
        from,
        to,
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
    /// Reads the ledger backwards. Returns false if it ended at [`ENTRIES_MAX`].
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

/// Credit usage
///
/// Sums the charges of the ledger by day and operation. Free.
#[utoipa::path(
    get,
    path = "/v1/usage",
    operation_id = "usage",
    tag = "account",
    params(UsageQuery),
    responses((status = 200, description = "The credit usage", body = UsageAnswer), FreeErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| usage(request).await)
        .await
}

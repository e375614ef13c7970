//! Checks each upstream: its secrets, whether it can be reached and accepts them, and the day's budget. Makes
//! no call that costs anything.

use super::{Context, Finding};
use crate::config::{Access, UpstreamSettings};
use crate::upstreams;
use domain::{Clock, UtcDay};
use sources::upstream::{ContractUpstream, Http, UpstreamError};
use store::Store;

pub(super) async fn check(context: &Context) -> Vec<Finding> {
    let upstreams = &context.settings.upstreams;
    if upstreams.is_empty() {
        return Vec::new();
    }
    let http = match Http::new() {
        Ok(http) => http,
        Err(error) => {
            let hint = "without it no upstream can be called over https";
            return vec![Finding::problem("upstreams", error.to_string(), hint)];
        }
    };
    let calls = calls_today(context).await;
    let mut findings = Vec::new();
    for upstream in upstreams {
        let spent = calls.as_ref().map(|calls| {
            calls.iter().find(|(name, _)| *name == upstream.name).map_or(0, |(_, calls)| *calls)
        });
        findings.push(one(upstream, &http, spent, context).await);
    }
    findings
}

/// Returns the calls of this UTC day by upstream; `None` if there is no store yet.
async fn calls_today(context: &Context) -> Option<Vec<(String, u64)>> {
    if !context.store_options().exists().await.ok()? {
        return None;
    }
    let store: Store = context.open_store().await.ok()?;
    store.upstream_calls_on(UtcDay::of(context.clock.now())).await.ok()
}

async fn one(upstream: &UpstreamSettings, http: &Http, spent: Option<u64>, context: &Context) -> Finding {
    let what = "upstream";
    if let Some(variable) = upstream.missing_variables().first() {
        let found = format!("{}: the environment variable {variable} is not set", upstream.name);
        return Finding::problem(what, found, format!("set {variable} to the secret"));
    }
    let checked = match &upstream.access {
        Access::Key(key) => {
            let key = key.reveal().unwrap_or_default();
            match ContractUpstream::new(&upstream.name, &upstream.base_url, key, http.clone()) {
                Ok(connector) => connector.check(context.clock.now()).await,
                Err(error) => Err(UpstreamError::Invalid { reason: error.to_string() }),
            }
        }
        Access::Client { .. } => match upstreams::research(upstream, http.clone()) {
            Ok(connector) => connector.check(context.clock.now()).await,
            Err(error) => Err(UpstreamError::Invalid { reason: error.to_string() }),
        },
    };
    match checked {
        Ok(()) => {
            Finding::ok(what, format!("{} accepts our key; {}", upstream.name, budget(upstream, spent)))
        }
        Err(error) => {
            let found = format!("{} at {}: {error}", upstream.name, upstream.base_url);
            Finding::problem(what, found, hint(&error))
        }
    }
}

fn budget(upstream: &UpstreamSettings, spent: Option<u64>) -> String {
    let spent = spent.unwrap_or(0);
    let credits = u128::from(spent) * u128::from(upstream.credits_per_call);
    match upstream.daily_requests {
        0 => format!("{spent} calls today ({credits} of its credits)"),
        max => format!("{spent} of {max} calls today ({credits} of its credits)"),
    }
}

fn hint(error: &UpstreamError) -> String {
    match error {
        UpstreamError::Refused { .. } => "correct the key in the settings file or the environment",
        UpstreamError::OutOfCredits => "buy more credits from it",
        UpstreamError::Connect { .. } | UpstreamError::Timeout { .. } => {
            "check base_url, and whether this machine may call it (HTTPS_PROXY applies)"
        }
        UpstreamError::Status { status: 404, .. } => "base_url is not a server of the challenge endpoints",
        _ => "try again later; until then answers come from the store",
    }
    .to_owned()
}

//! Connectors of the upstreams that the settings name.

use crate::config::{Access, Secret, Settings, UpstreamSettings};
use crate::exit::Failure;
use crate::system::random_bytes;
use catalog::Upstreams;
use catalog::upstream::backfill::ResearchSource;
use catalog::upstream::{Allowed, ContractSource};
use sources::upstream::{ContractUpstream, Http, ResearchUpstream};
use std::time::Duration;

/// Returns the servers of the contract; `None` if there are none.
pub(crate) fn contract(settings: &Settings) -> Result<Option<Upstreams>, Failure> {
    let mut contract = Vec::new();
    let mut http = None;
    for upstream in &settings.upstreams {
        let Access::Key(key) = &upstream.access else { continue };
        let http: &Http = match &http {
            Some(http) => http,
            None => http.insert(Http::new().map_err(Failure::new)?),
        };
        let key = key.reveal().map_err(|variable| missing(upstream, variable))?;
        let connector = ContractUpstream::new(&upstream.name, &upstream.base_url, key, http.clone())
            .map_err(|error| Failure::usage(format_args!("upstream {}: {error}", upstream.name)))?;
        contract.push(ContractSource { connector, allowed: allowed(upstream) });
    }
    if contract.is_empty() {
        return Ok(None);
    }
    let seed = u64::from_be_bytes(random_bytes()?);
    Ok(Some(Upstreams { freshness: settings.freshness(), contract, seed }))
}

/// Pause before a page is requested again: a fresh search is refused for some seconds.
const RESEARCH_PAUSE: Duration = Duration::from_secs(5);

/// Returns the connector of a Research API, with its limits.
pub(crate) fn research_source(upstream: &UpstreamSettings, http: Http) -> Result<ResearchSource, Failure> {
    let connector = research(upstream, http)?;
    Ok(ResearchSource { connector, allowed: allowed(upstream), pause: RESEARCH_PAUSE })
}

/// Returns the connector of a Research API.
pub(crate) fn research(upstream: &UpstreamSettings, http: Http) -> Result<ResearchUpstream, Failure> {
    let wrong =
        |error: &dyn std::fmt::Display| Failure::usage(format_args!("upstream {}: {error}", upstream.name));
    let Access::Client { key, secret, fields } = &upstream.access else {
        return Err(wrong(&"it is not a Research API"));
    };
    let reveal = |secret: &Secret| match secret.reveal() {
        Ok(text) => Ok(text.to_owned()),
        Err(variable) => Err(missing(upstream, variable)),
    };
    let (key, secret) = (reveal(key)?, reveal(secret)?);
    let connector =
        ResearchUpstream::new(&upstream.name, &key, &secret, http).map_err(|error| wrong(&error))?;
    let connector = connector.with_base_url(&upstream.base_url).map_err(|error| wrong(&error))?;
    match fields {
        Some(fields) => {
            connector.with_fields(fields.iter().map(String::as_str)).map_err(|error| wrong(&error))
        }
        None => Ok(connector),
    }
}

/// Returns the limits of an upstream.
fn allowed(upstream: &UpstreamSettings) -> Allowed {
    Allowed {
        requests_per_minute: upstream.requests_per_minute,
        daily_requests: (upstream.daily_requests > 0).then_some(upstream.daily_requests),
    }
}

/// Returns the failure of a secret whose environment variable is not set.
fn missing(upstream: &UpstreamSettings, variable: &str) -> Failure {
    Failure::usage(format_args!(
        "upstream {} ({}) needs the environment variable {variable}, which is not set",
        upstream.name, upstream.origin
    ))
    .hint(format_args!("set {variable} to the secret, or remove the upstream from the settings file"))
}

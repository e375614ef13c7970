//! `/v1`: everything beyond the contract, a file for each path and named after it. Answers are `{"data", "meta", "pagination",
//! "billing"}`, ids are strings, times are RFC 3339 in UTC, and errors are always problems.
//!
//! Reading order: `json_reply` (answers of free endpoints), `measured` (questions that cost credits), `upload` and
//! `json_body` (bodies of requests), `jobs` (lists and states of jobs), then the paths.

use crate::extract::parameters;
use crate::gate::AuthenticatedRequest;
use crate::problem::Problem;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

mod json_reply;

pub(crate) mod measured;

mod json_body;

mod upload;

mod jobs;

pub(crate) mod question;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod imports;

pub(crate) mod walks;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod trackers;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod annotations;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod campaigns;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod schedules;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod shares;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod feeds;

pub(crate) mod hashtags;

pub(crate) mod trending;

pub(crate) mod compare;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod export;

pub(crate) mod me;

pub(crate) mod balance;

pub(crate) mod status;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod usage;

pub(crate) mod metrics;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod alerts;

pub(crate) mod webhooks;

impl AuthenticatedRequest {
    /// Deserializes the query.
    fn query<T: DeserializeOwned + IntoParams>(&self) -> Result<T, Problem> {
        parameters(self.parts.uri.query().unwrap_or(""))
    }
}

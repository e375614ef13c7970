//! Endpoints for operators, tools and people with a link: liveness, readiness, metrics, the API description, shares, feeds. Free, without a key,
//! and cheap.

pub(crate) mod healthz;

pub(crate) mod readyz;

pub(crate) mod metrics;

pub(crate) mod openapi_json;

pub(crate) mod mute;

pub(crate) mod status;

pub(crate) mod unsubscribe;

mod page;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod share;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod feed;

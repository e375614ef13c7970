//! Endpoints for operators and tools: liveness, readiness, metrics, the API description. Free, without a key,
//! and cheap.

pub(crate) mod healthz;

pub(crate) mod readyz;

pub(crate) mod metrics;

pub(crate) mod openapi_json;

pub(crate) mod mute;

pub(crate) mod status;

mod page;

//! What operators and tools ask: whether it lives, whether it is ready, what it counts, what it can do. Free, without a
//! key, and cheap however often they are asked.

pub(crate) mod healthz;

pub(crate) mod readyz;

pub(crate) mod metrics;

pub(crate) mod openapi_json;

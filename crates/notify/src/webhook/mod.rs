//! Webhooks after [Standard Webhooks](https://www.standardwebhooks.com): signatures and the schedule of attempts.

pub mod schedule;
pub mod signature;

use crate::send::Post;
use crate::target::Target;
use bytes::Bytes;
use domain::Timestamp;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use signature::{MessageId, Secrets};

/// Media type of what is posted as JSON. Teams counts bytes of UTF-16 unless the charset is named.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Returns the request of one attempt at `now`: the payload, signed with all secrets in force. Later attempts have the
/// same id and payload, and another time.
pub fn post(target: Target, secrets: &Secrets, id: &MessageId, now: Timestamp, payload: Bytes) -> Post {
    let mut headers = secrets.headers(id, now, &payload);
    headers.insert(CONTENT_TYPE, JSON);
    Post { target, headers, body: payload }
}

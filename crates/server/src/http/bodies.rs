//! Reads small bodies of requests whole: within limits of size and time, and with precise errors.

use crate::errors::ErrorCode;
use crate::problem::Problem;
use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use std::error::Error;
use std::io;
use std::time::Duration;
use tokio::time::timeout;

/// Bytes of a body that is read whole.
pub(crate) const SMALL_BYTES_MAX: usize = 16 * 1024;

/// Reads a body of at most [`SMALL_BYTES_MAX`] bytes within this time.
pub(crate) async fn read_small(body: Body, within: Duration) -> Result<Bytes, Problem> {
    read_whole(body, SMALL_BYTES_MAX, within).await
}

/// Reads a body of at most `bytes_max` bytes within this time.
pub(crate) async fn read_whole(body: Body, bytes_max: usize, within: Duration) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large(bytes_max));
    }
    let reading = Limited::new(body, bytes_max).collect();
    let read = timeout(within, reading).await.map_err(|_| {
        Problem::new(ErrorCode::BodyTooSlow, "the body did not arrive in time; send the request again")
    })?;
    read.map(http_body_util::Collected::to_bytes)
        .map_err(|error| if error.is::<LengthLimitError>() { too_large(bytes_max) } else { broken(&*error) })
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(ErrorCode::BodyTooLarge, format!("the body has more than {bytes_max} bytes"))
}

/// Builds the response for a body that could not be read: it ended early, or its chunks are malformed.
pub(crate) fn broken(error: &(dyn Error + 'static)) -> Problem {
    let mut causes = std::iter::successors(Some(error), |error| (*error).source());
    let is_early = |cause: &(dyn Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof)
            || cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message)
    };
    let detail = if causes.any(is_early) {
        "the body was cut off: it ended before its Content-Length or its last chunk"
    } else {
        "the body is not valid chunked encoding: each chunk is its size in hexadecimal digits, a line break, the bytes \
         and a line break, and the last one has the size 0"
    };
    Problem::new(ErrorCode::InvalidBody, detail)
}

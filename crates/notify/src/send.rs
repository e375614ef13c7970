//! One HTTP request to a target: a connection of its own, a total time limit, no redirects, and nothing of the answer
//! but its status and `Retry-After`.

use crate::dial::{Connector, DialError};
use crate::target::Target;
use crate::webhook::schedule::Outcome;
use bytes::Bytes;
use domain::Clock;
use domain::retry_after::wait_ms;
use http::header::{HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Default time limit of a delivery, from resolving the name to the status.
pub const SEND_LIMIT: Duration = Duration::from_secs(20);
/// Most bytes of an answer's body that are read; what is read is dropped.
pub const ANSWER_BYTES_MAX: usize = 4 << 10;
/// Most bytes of an answer's status line and headers.
pub const HEADER_BYTES_MAX: usize = 16 << 10;
/// Most headers of an answer.
pub const HEADERS_MAX: usize = 64;
/// Time limit of reading an answer's body: its status has decided already.
const BODY_LIMIT: Duration = Duration::from_secs(1);
const AGENT: HeaderValue = HeaderValue::from_static(concat!("tagmeter/", env!("CARGO_PKG_VERSION")));

/// A POST to be made. `Debug` shows no secret: neither of the URL, nor of the headers.
#[derive(Clone)]
pub struct Post {
    /// URL.
    pub target: Target,
    /// Headers, `Content-Type` among them. `Host`, `User-Agent` and `Content-Length` are added.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.body.len();
        f.debug_struct("Post").field("target", &self.target).field("bytes", &bytes).finish_non_exhaustive()
    }
}

/// Answer of a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Status; a redirect is not followed.
    pub status: StatusCode,
    /// Milliseconds to wait, by its `Retry-After`; at most a day.
    pub retry_after_ms: Option<u64>,
}

/// Reason why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// There was no connection.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// No status came within the limit.
    #[error("{host} did not answer within {limit_ms} ms")]
    Timeout {
        /// Host of the target.
        host: String,
        /// Limit in milliseconds.
        limit_ms: u128,
    },
    /// The connection was closed, or what came was not HTTP.
    #[error("{host} did not answer in HTTP: {reason}")]
    Protocol {
        /// Host of the target.
        host: String,
        /// Error of the connection; nothing that the host sent.
        reason: String,
    },
}

impl From<&Result<Answer, SendError>> for Outcome {
    fn from(sent: &Result<Answer, SendError>) -> Self {
        match sent {
            Ok(answer) if answer.status.is_success() => Self::Accepted,
            Ok(answer) if answer.status == StatusCode::GONE => Self::Gone,
            Ok(answer) => Self::Failed { retry_after_ms: answer.retry_after_ms },
            Err(_) => Self::Failed { retry_after_ms: None },
        }
    }
}

/// Sends requests. Cheap to clone.
#[derive(Clone)]
pub struct Sender {
    connector: Connector,
    clock: Arc<dyn Clock>,
    limit: Duration,
}

impl Sender {
    /// Creates a sender whose deliveries end within `limit` ([`SEND_LIMIT`] unless a test has less time). The clock is
    /// for answers that name the date until which to wait.
    pub fn new(connector: Connector, clock: Arc<dyn Clock>, limit: Duration) -> Self {
        Self { connector, clock, limit }
    }

    /// Sends a request once.
    ///
    /// # Errors
    ///
    /// There was no status, within the limit, from an address that is allowed.
    pub async fn send(&self, post: &Post) -> Result<Answer, SendError> {
        let host = post.target.host();
        let limit_ms = self.limit.as_millis();
        timeout(self.limit, self.exchange(post)).await.unwrap_or(Err(SendError::Timeout { host, limit_ms }))
    }

    async fn exchange(&self, post: &Post) -> Result<Answer, SendError> {
        let protocol =
            |error: hyper::Error| SendError::Protocol { host: post.target.host(), reason: error.to_string() };
        let stream = self.connector.connect(&post.target).await?;
        let mut client = http1::Builder::new();
        client.max_buf_size(HEADER_BYTES_MAX).max_headers(HEADERS_MAX);
        let (mut requests, connection) = client.handshake(TokioIo::new(stream)).await.map_err(protocol)?;
        // The connection ends when the receiver closes it, which it may do with an answer that is still to be read.
        let connection = async {
            let _ = connection.await;
            pending::<Infallible>().await
        };
        let exchange = async {
            let response = requests.send_request(request(post)).await.map_err(protocol)?;
            let answer = self.answer(&response);
            let _ = timeout(BODY_LIMIT, drain(response)).await;
            Ok(answer)
        };
        tokio::select! {
            answer = exchange => answer,
            never = connection => match never {},
        }
    }

    fn answer(&self, response: &Response<Incoming>) -> Answer {
        let text = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after_ms = text.and_then(|text| wait_ms(text, self.clock.now()));
        Answer { status: response.status(), retry_after_ms }
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("limit", &self.limit).finish_non_exhaustive()
    }
}

fn request(post: &Post) -> Request<Full<Bytes>> {
    let url = post.target.url();
    let mut request = Request::new(Full::new(post.body.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() =
        url[url::Position::BeforePath..url::Position::AfterQuery].parse().expect("a path of a parsed URL");
    *request.headers_mut() = post.headers.clone();
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    request.headers_mut().insert(HOST, host.parse().expect("a host of a parsed URL"));
    request.headers_mut().insert(USER_AGENT, AGENT);
    request
}

/// Reads a body up to [`ANSWER_BYTES_MAX`] and drops it, so that the receiver can finish its answer.
async fn drain(response: Response<Incoming>) {
    let mut body = response.into_body();
    let mut bytes = 0;
    while bytes < ANSWER_BYTES_MAX {
        let Some(Ok(frame)) = body.frame().await else { return };
        bytes += frame.data_ref().map_or(0, Bytes::len);
    }
}

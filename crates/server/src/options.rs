//! Options of a server: limits, timeouts and the format of errors. Every limit has a named default.

pub use crate::origins::{Origins, OriginsError};
pub use crate::public_url::{PublicUrl, PublicUrlError};
use catalog::jobs::Spool;
use std::path::PathBuf;
use std::time::Duration;

/// Requests per minute of a key without a limit of its own; 0 means no limit.
pub const REQUESTS_PER_MINUTE: u32 = 6_000;
/// Connections open at once; one more is answered 503 and closed.
pub const CONNECTIONS_MAX: usize = 10_000;
/// Bytes of a request's line and headers; more is answered 431 and the connection is closed.
pub const HEADER_BLOCK_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a request's path and query; more is answered 414.
pub const URL_BYTES_MAX: usize = 8 * 1024;
/// Timeout of request line and headers; that of the first request starts when the client connects.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Timeout of an idle connection. Longer than the 60 s of most load balancers, which would otherwise send a
/// request into a connection that is being closed.
pub const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(75);
/// Timeout of a client that reads nothing of its answer; slow readers are not cut off. TCP reports what was
/// read in steps: a reader of 1 KiB/s shows no progress for more than two minutes with the usual receive buffer
/// of 128 KiB, and for longer with a larger one.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(600);
/// Unsent bytes in the kernel for each connection: the less, the more often the progress of a slow reader
/// shows. A page of 35 videos fits.
pub const UNSENT_BYTES_MAX: u32 = 64 * 1024;
/// Timeout of a look-up. Clients stop waiting at 10 s.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);
/// Time for requests in flight to finish when the server stops.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// Interval of polling the store for created and revoked keys without notifications. A revoked key is refused
/// within a second.
pub const KEYS_POLL_INTERVAL: Duration = Duration::from_millis(250);
/// Interval of polling while notifications arrive, so that a revoked key is refused soon even if one is lost.
pub const KEYS_POLL_INTERVAL_HEARD: Duration = Duration::from_secs(2);

/// Bytes of an uploaded file; more is answered 413.
pub const UPLOAD_BYTES_MAX: u64 = 4 << 30;
/// Questions of measurement at once; more of them wait.
pub const MEASURED_AT_ONCE: usize = 64;
/// Uploads at once; one more is answered 503.
pub const UPLOADS_AT_ONCE: usize = 4;
/// Time allowed for an upload on top of that for its bytes.
pub const UPLOAD_PATIENCE: Duration = Duration::from_secs(10);
/// Minimum rate of an upload on average, in bytes per second.
pub const UPLOAD_BYTES_PER_SECOND_MIN: u64 = 16 * 1024;

/// Large answers that one key may receive at once; one more is answered 429.
pub const LARGE_ANSWERS_PER_KEY: usize = 8;
/// Large answers that the server makes and sends at once; one more is answered 503.
pub const LARGE_ANSWERS_AT_ONCE: usize = 64;
/// Exports that are made at once; others wait. Each takes some tens of megabytes of memory meanwhile.
pub const EXPORTS_MADE_AT_ONCE: usize = 4;
/// Retention of a large answer after its charge, so that its download can be resumed.
pub const DOWNLOAD_RETENTION: Duration = Duration::from_secs(60 * 60);
/// Bytes of large answers on the disk, stored or being sent.
pub const DOWNLOAD_BYTES_MAX: u64 = 4 << 30;

/// Options of large answers: concurrency, the folder of their files, and retention.
#[derive(Debug, Clone)]
pub struct Downloads {
    /// The folder of their files, created when missing; `None` for a temporary one.
    pub folder: Option<PathBuf>,
    /// Bytes of all files together. The oldest stored answers are removed to make room for new ones.
    pub bytes_max: u64,
    /// Retention of a paid answer.
    pub retention: Duration,
    /// Large answers of one key at once.
    pub per_key: usize,
    /// Large answers of all keys at once.
    pub at_once: usize,
    /// Name of the node that owns the folder; other nodes refer requests for its files to it. Empty for none.
    pub node: String,
}

impl Default for Downloads {
    fn default() -> Self {
        Self {
            folder: None,
            bytes_max: DOWNLOAD_BYTES_MAX,
            retention: DOWNLOAD_RETENTION,
            per_key: LARGE_ANSWERS_PER_KEY,
            at_once: LARGE_ANSWERS_AT_ONCE,
            node: String::new(),
        }
    }
}

/// Storage of uploaded files until they are imported.
#[derive(Debug, Clone)]
pub struct Uploads {
    /// The folder.
    pub spool: Spool,
    /// Name of the node that owns the folder: only its worker can import the files.
    pub node: String,
}

/// Options of a server. The documentation states [`Options::default`].
#[derive(Debug, Clone)]
pub struct Options {
    /// Requests per minute of a key without a limit of its own; 0 for no limit.
    pub requests_per_minute: u32,
    /// True to answer the contract's errors as the original does (mostly 200 with a message) instead of by
    /// status.
    pub legacy_errors: bool,
    /// Site to which `legacy_errors` refers callers without a key.
    pub sign_up_site: String,
    /// Connections open at once.
    pub connections_max: usize,
    /// Timeout of request line and headers.
    pub header_timeout: Duration,
    /// Timeout between two requests on a connection.
    pub keep_alive_timeout: Duration,
    /// Timeout of a client that reads nothing of its answer.
    pub write_timeout: Duration,
    /// Timeout of a look-up.
    pub request_timeout: Duration,
    /// Time for requests in flight to finish when the server stops.
    pub drain_timeout: Duration,
    /// Interval of polling for changed keys without notifications.
    pub keys_poll_interval: Duration,
    /// Interval of polling with notifications; if one is lost, a revoked key is refused this much later.
    pub keys_poll_interval_heard: Duration,
    /// Storage of uploads; `None` to accept none.
    pub uploads: Option<Uploads>,
    /// Bytes of an uploaded file.
    pub upload_bytes_max: u64,
    /// Prefix of links in answers.
    pub public_url: PublicUrl,
    /// Origins whose pages may read answers.
    pub cors_origins: Origins,
    /// Large answers.
    pub downloads: Downloads,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            requests_per_minute: REQUESTS_PER_MINUTE,
            legacy_errors: false,
            sign_up_site: "this server's owner".to_owned(),
            connections_max: CONNECTIONS_MAX,
            header_timeout: HEADER_TIMEOUT,
            keep_alive_timeout: KEEP_ALIVE_TIMEOUT,
            write_timeout: WRITE_TIMEOUT,
            request_timeout: REQUEST_TIMEOUT,
            drain_timeout: DRAIN_TIMEOUT,
            keys_poll_interval: KEYS_POLL_INTERVAL,
            keys_poll_interval_heard: KEYS_POLL_INTERVAL_HEARD,
            uploads: None,
            upload_bytes_max: UPLOAD_BYTES_MAX,
            public_url: PublicUrl::default(),
            cors_origins: Origins::default(),
            downloads: Downloads::default(),
        }
    }
}

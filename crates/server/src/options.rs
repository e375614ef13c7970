//! What a server can be told: limits, time-outs and the two ways of answering errors. Every limit has a named default.

pub use crate::origins::{Origins, OriginsError};
pub use crate::public_url::{PublicUrl, PublicUrlError};
use catalog::jobs::Spool;
use std::path::PathBuf;
use std::time::Duration;

/// Requests a minute one key may make unless it has a setting of its own; 0 stands for no limit.
pub const REQUESTS_PER_MINUTE: u32 = 6_000;
/// Connections open at once; one more is told 503 and closed.
pub const CONNECTIONS_MAX: usize = 10_000;
/// Bytes of a request's line and headers; more is answered 431 and the connection is closed.
pub const HEADER_BLOCK_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a request's path and query; more is answered 414.
pub const URL_BYTES_MAX: usize = 8 * 1024;
/// How long a client may take over its request line and headers, the first one counted from when it connects.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may lie unused between two requests. Longer than the 60 s of most load balancers, which would
/// otherwise send a request into a connection that is being closed.
pub const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(75);
/// How long a client may take nothing at all of an answer that is ready. How slowly it takes it does not matter. TCP says
/// what was read in steps: of a reader of 1 KiB/s nothing is seen for more than two minutes where the receive buffer has the
/// usual 128 KiB, and for longer where it is larger.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(600);
/// Bytes of an answer that may wait in the kernel unsent, for each connection: a slow reader then takes some often, and
/// holds no more than this. A page of 35 videos fits.
pub const UNSENT_BYTES_MAX: u32 = 64 * 1024;
/// How long a look-up may take before it is given up. Clients stop waiting at 10 s.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);
/// How long requests in flight may take to finish once the server is told to stop.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the store is asked whether a key was made or revoked, where it does not tell by itself or its word does not
/// come through. A revoked key is refused within a second.
pub const KEYS_POLL_INTERVAL: Duration = Duration::from_millis(250);
/// The same as long as word of changed keys comes, so that a revoked key is refused soon even where word is lost.
pub const KEYS_POLL_INTERVAL_HEARD: Duration = Duration::from_secs(2);

/// Bytes of an uploaded file; more is answered 413.
pub const UPLOAD_BYTES_MAX: u64 = 4 << 30;
/// Questions of measurement at once; more of them wait.
pub const MEASURED_AT_ONCE: usize = 64;
/// Uploads at once; one more is answered 503.
pub const UPLOADS_AT_ONCE: usize = 4;
/// How long an upload may take beside what its bytes may take.
pub const UPLOAD_PATIENCE: Duration = Duration::from_secs(10);
/// Bytes a second that an upload must come at, on the whole.
pub const UPLOAD_BYTES_PER_SECOND_MIN: u64 = 16 * 1024;

/// Large answers that one key may receive at once; one more is answered 429.
pub const LARGE_ANSWERS_PER_KEY: usize = 8;
/// Large answers that the server makes and sends at once; one more is answered 503.
pub const LARGE_ANSWERS_AT_ONCE: usize = 64;
/// Exports that are made at once; others wait. Each takes some tens of megabytes while it is made.
pub const EXPORTS_MADE_AT_ONCE: usize = 4;
/// How long a large answer is kept after its charge, to be continued.
pub const DOWNLOADS_KEPT: Duration = Duration::from_secs(60 * 60);
/// Bytes of large answers on the disk, kept or being sent.
pub const DOWNLOAD_BYTES_MAX: u64 = 4 << 30;

/// Large answers: how many at once, where their files are, and for how long.
#[derive(Debug, Clone)]
pub struct Downloads {
    /// The folder of their files, made when missing; `None` for a temporary one.
    pub folder: Option<PathBuf>,
    /// Bytes of all files together. Kept answers go, the oldest first, to make room for new ones.
    pub bytes_max: u64,
    /// How long a paid answer is kept to be continued.
    pub keep: Duration,
    /// Large answers of one key at once.
    pub per_key: usize,
    /// Large answers of all keys at once.
    pub at_once: usize,
    /// What the node is called whose folder it is; other nodes name it to who asks them for its files. Empty for none.
    pub node: String,
}

impl Default for Downloads {
    fn default() -> Self {
        Self {
            folder: None,
            bytes_max: DOWNLOAD_BYTES_MAX,
            keep: DOWNLOADS_KEPT,
            per_key: LARGE_ANSWERS_PER_KEY,
            at_once: LARGE_ANSWERS_AT_ONCE,
            node: String::new(),
        }
    }
}

/// Where uploaded files are kept until they are imported.
#[derive(Debug, Clone)]
pub struct Uploads {
    /// The folder.
    pub spool: Spool,
    /// What the node is called whose folder it is: only its worker can import what lies there.
    pub node: String,
}

/// How a server behaves. [`Options::default`] is what the documentation says.
#[derive(Debug, Clone)]
pub struct Options {
    /// Per key and minute, unless the key says otherwise; 0 for no limit.
    pub requests_per_minute: u32,
    /// Answer the contract's errors as the original does (mostly 200 with a message) instead of honestly.
    pub legacy_errors: bool,
    /// Where `legacy_errors` sends callers without a key.
    pub sign_up_site: String,
    /// Connections open at once.
    pub connections_max: usize,
    /// For request line and headers.
    pub header_timeout: Duration,
    /// Between two requests on a connection.
    pub keep_alive_timeout: Duration,
    /// For a client to take something of its answer.
    pub write_timeout: Duration,
    /// For a look-up.
    pub request_timeout: Duration,
    /// For requests in flight when the server stops.
    pub drain_timeout: Duration,
    /// Between two looks for changed keys, where no word of them comes.
    pub keys_poll_interval: Duration,
    /// The same where word of them comes: should word be lost, a revoked key is refused so much later.
    pub keys_poll_interval_heard: Duration,
    /// Where uploads go; `None` to take none.
    pub uploads: Option<Uploads>,
    /// Bytes of an uploaded file.
    pub upload_bytes_max: u64,
    /// What links in answers begin with.
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

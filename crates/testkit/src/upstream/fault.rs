//! Faults of a stand-in, returned instead of a normal answer.

use std::io::Write;

/// A fault on the script: what the next call gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// This status with this body and these headers.
    Reply {
        /// The status.
        status: u16,
        /// Headers, each as `name: value`.
        headers: Vec<String>,
        /// The body as it stands.
        body: Vec<u8>,
    },
    /// Takes the call and never says anything.
    Hang,
    /// Closes the connection before an answer.
    Abort,
    /// Speaks no HTTP.
    Noise,
    /// Says how long the body is and ends early.
    CutShort,
    /// Sends the honest answer a byte at a time and never comes to its end.
    Drip,
    /// A body of 10 GB, announced as such.
    Huge,
    /// A body that never ends, as fast as it is taken.
    Endless,
    /// A gzipped body of a few kilobytes that is 64 MB when it is unpacked.
    GzipBomb,
    /// Says that the body is gzipped, and it is not.
    NotGzip,
    /// Sends the caller to the same address again.
    Redirect,
    /// A header block that does not end.
    EndlessHeaders,
}

impl Fault {
    /// A body with a status.
    pub fn reply(status: u16, body: &str) -> Self {
        Self::Reply { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    /// "Come back later", with what stands in `Retry-After`.
    pub fn too_many(retry_after: Option<&str>) -> Self {
        let headers = retry_after.map(|value| format!("Retry-After: {value}")).into_iter().collect();
        Self::Reply { status: 429, headers, body: b"{}".to_vec() }
    }

    /// A success with this body.
    pub fn body(body: &str) -> Self {
        Self::reply(200, body)
    }

    /// The whole answer, where it has an end.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::Reply { status, headers, body } => super::wire::reply(*status, headers, body),
            Self::Abort => Vec::new(),
            Self::Noise => b"\x16\x03\x01\x00\x02\x02\x28\r\n\r\n".to_vec(),
            Self::CutShort => {
                let mut answer = super::wire::reply(200, &[], b"{\"id\":\"7551\",\"cha_name\":\"cat\"}");
                answer.truncate(answer.len() - 12);
                answer
            }
            Self::GzipBomb => super::wire::reply(200, &["Content-Encoding: gzip".to_owned()], &bomb()),
            Self::NotGzip => {
                super::wire::reply(200, &["Content-Encoding: gzip".to_owned()], b"{\"id\":\"1\"}")
            }
            Self::Redirect => {
                super::wire::reply(302, &["Location: /challenge-info-id/?id=7551".to_owned()], b"")
            }
            Self::Hang | Self::Drip | Self::Huge | Self::Endless | Self::EndlessHeaders => return None,
        })
    }
}

fn bomb() -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(b"{\"videos\":[").expect("memory");
    let spaces = [b' '; 64 * 1024];
    for _ in 0..1024 {
        packed.write_all(&spaces).expect("memory");
    }
    packed.finish().expect("memory")
}

//! Streams the body of a request to a file, in bounded memory and at a minimum rate. Nothing is left of an
//! incomplete upload.

use crate::app::App;
use crate::errors::ErrorCode;
use crate::http::bodies::broken;
use crate::options::{UPLOAD_BYTES_PER_SECOND_MIN, UPLOAD_PATIENCE};
use crate::problem::Problem;
use axum::body::Body;
use catalog::jobs::Spool;
use futures_util::StreamExt;
use hyper::body::Body as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::private;
use tokio::fs::File;
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::time::{Instant, timeout_at};
use xxhash_rust::xxh3::Xxh3;

/// Size of the write buffer.
const BUFFER_BYTES: usize = 256 * 1024;
/// `Retry-After` when the disk is full or too many uploads are in progress.
const RETRY_SECONDS: u64 = 30;

/// An uploaded file. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Uploaded {
    path: Option<PathBuf>,
    /// Its size.
    pub(super) bytes: u64,
    /// Digest of its content, which identifies a repeated upload.
    pub(super) digest: u128,
}

impl Uploaded {
    /// Receives a body into a file of this name.
    pub(super) async fn receive(app: &App, spool: &Spool, name: &str, body: Body) -> Result<Self, Problem> {
        let bytes_max = app.options.upload_bytes_max;
        if body.size_hint().lower() > bytes_max {
            return Err(too_large(bytes_max));
        }
        let Ok(_room) = app.uploads.try_acquire() else {
            let detail = "too many uploads are in progress; try again in a moment";
            return Err(Problem::new(ErrorCode::Unavailable, detail).retry_after(RETRY_SECONDS));
        };
        private::make_folder(spool.folder()).map_err(not_written)?;
        let mut part = Self { path: Some(spool.part(name)), bytes: 0, digest: 0 };
        part.fill(body, bytes_max).await?;
        Ok(part)
    }

    async fn fill(&mut self, body: Body, bytes_max: u64) -> Result<(), Problem> {
        let Some(path) = self.path.as_deref() else { return Ok(()) };
        let mut file = BufWriter::with_capacity(BUFFER_BYTES, part_file(path).await.map_err(not_written)?);
        let (mut chunks, mut digest, began) = (body.into_data_stream(), Xxh3::new(), Instant::now());
        loop {
            let due = began + time_allowed(self.bytes);
            let Some(chunk) = timeout_at(due, chunks.next()).await.map_err(|_| too_slow())? else { break };
            let chunk = chunk.map_err(|error| broken(&error))?;
            self.bytes += chunk.len() as u64;
            if self.bytes > bytes_max {
                return Err(too_large(bytes_max));
            }
            digest.update(&chunk);
            file.write_all(&chunk).await.map_err(not_written)?;
        }
        file.flush().await.map_err(not_written)?;
        file.get_ref().sync_all().await.map_err(not_written)?;
        self.digest = digest.digest128();
        Ok(())
    }

    /// Gives the file its final name. It is still removed unless [`Self::keep`] is called.
    pub(super) async fn place(&mut self, path: PathBuf) -> Result<(), Problem> {
        if let Some(part) = &self.path {
            tokio::fs::rename(part, &path).await.map_err(not_written)?;
            self.path = Some(path);
        }
        Ok(())
    }

    /// Hands the file over to its job.
    pub(super) fn keep(mut self) {
        self.path = None;
    }
}

impl Drop for Uploaded {
    fn drop(&mut self) {
        let Some(path) = self.path.take() else { return };
        if let Err(error) = remove(&path) {
            tracing::warn!(%error, "cannot remove an unused upload");
        }
    }
}

/// Creates a file that only its owner can read, replacing one of this name.
async fn part_file(path: &Path) -> io::Result<File> {
    tokio::fs::OpenOptions::from(private::options()).write(true).create(true).truncate(true).open(path).await
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Returns the time allowed for this many bytes, from the start.
fn time_allowed(bytes: u64) -> Duration {
    UPLOAD_PATIENCE + Duration::from_millis(bytes.saturating_mul(1000) / UPLOAD_BYTES_PER_SECOND_MIN)
}

fn too_large(bytes_max: u64) -> Problem {
    let detail =
        format!("the body has more than {bytes_max} bytes; compressed files (.gz, .zst) are accepted too");
    Problem::new(ErrorCode::BodyTooLarge, detail)
}

fn too_slow() -> Problem {
    let detail = format!("the body arrived at less than {UPLOAD_BYTES_PER_SECOND_MIN} bytes per second");
    Problem::new(ErrorCode::BodyTooSlow, detail)
}

fn not_written(error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Problem::new(ErrorCode::Unavailable, "there is no room for this file at the moment")
                .retry_after(RETRY_SECONDS)
                .because(error)
        }
        _ => Problem::internal(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    /// Returns an empty upload in a folder.
    fn part(folder: &Path) -> Uploaded {
        Uploaded { path: Some(folder.join("part")), bytes: 0, digest: 0 }
    }

    fn files_in(folder: &Path) -> usize {
        std::fs::read_dir(folder).expect("a folder").count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_times_out_and_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        // A byte a second, for ever.
        let trickle = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok::<_, Infallible>("x"), ()))
        });
        let (mut part, began) = (part(folder.path()), Instant::now());
        let problem = part.fill(Body::from_stream(trickle), 1 << 20).await.expect_err("timed out");
        assert_eq!(problem.code(), ErrorCode::BodyTooSlow);
        assert_eq!(problem.code().facts().status.as_u16(), 408);
        let took = began.elapsed();
        assert!(took >= UPLOAD_PATIENCE && took <= UPLOAD_PATIENCE * 2, "{took:?}");
        drop(part);
        assert_eq!(files_in(folder.path()), 0);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_body_that_finds_no_room_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        // Every write there fails as on a full disk.
        std::os::unix::fs::symlink("/dev/full", folder.path().join("part")).expect("a link");
        let mut part = part(folder.path());
        let problem = part.fill(Body::from(vec![7; BUFFER_BYTES * 2]), 1 << 30).await.expect_err("no room");
        assert_eq!(problem.code(), ErrorCode::Unavailable);
        drop(part);
        assert_eq!(files_in(folder.path()), 0);
        assert!(Path::new("/dev/full").exists());
    }

    #[test]
    fn more_bytes_may_take_longer() {
        assert_eq!(time_allowed(0), UPLOAD_PATIENCE);
        let minute = UPLOAD_BYTES_PER_SECOND_MIN * 60;
        assert_eq!(time_allowed(minute), UPLOAD_PATIENCE + Duration::from_secs(60));
    }

    #[test]
    fn a_full_disk_is_unavailable() {
        let full = not_written(io::ErrorKind::StorageFull.into());
        assert_eq!(full.code(), ErrorCode::Unavailable);
        assert_eq!(not_written(io::ErrorKind::PermissionDenied.into()).code(), ErrorCode::Internal);
    }
}

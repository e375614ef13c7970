//! Rebuilds all trends. The recently read hashtags are known only once all are read, so trends go to a
//! temporary file first and are written to the store once; memory grows only with the figures of the peers of
//! one window.

use crate::Measure;
use crate::drafts::{Draft, Pieces, Which};
use crate::outlook::seen;
use crate::trend_codec::SourcedTrend;
use crate::trends::{TrendsProgress, WRITE_MAX, number_of, recent_since, window_of};
use catalog::CatalogError;
use domain::metrics::emerging::{Peers, components};
use domain::metrics::trend::TrendWindow;
use domain::{HashtagRow, Timestamp};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use store::StoreError;
use store::trends::{TrendPeers, TrendRow, TrendState};
use strum::VariantArray;
use tokio::task::spawn_blocking;

const BUFFER_BYTES: usize = 256 << 10;
/// Head of a record: hashtag, window, reading time, number of readings, and length of the trend in bytes.
const HEAD_BYTES: usize = 4 + 1 + 8 + 8 + 1;

impl Measure {
    /// Rebuilds the trends of all hashtags as of this change sequence.
    pub(super) async fn rebuild_trends(
        &self,
        sequence: u64,
        progress: &mut TrendsProgress,
    ) -> Result<(), CatalogError> {
        let store = &self.inner.store;
        let hashtags = u32::try_from(store.catalog_size().await?.hashtags).unwrap_or(u32::MAX);
        let mut scratch = Scratch::in_folder(&self.inner.trends_folder).map_err(CatalogError::Trends)?;
        let mut newest = None;
        let mut pieces = Pieces::of(self, Which::All, (1..=hashtags).map(HashtagRow));
        while let Some(piece) = pieces.next().await? {
            progress.add(&piece.progress);
            newest = newest.max(piece.newest);
            store.write_standings(sequence, piece.standings).await?;
            scratch.write(&piece.drafts).map_err(CatalogError::Trends)?;
        }
        let (sorting, peers) = blocking(move || Sorting::of(scratch, newest)).await?;
        self.write_all(sorting).await?;
        if let Some(newest) = newest {
            for &window in TrendWindow::VARIANTS {
                store.drop_trends_before(number_of(window), recent_since(window, newest)).await?;
            }
        }
        Ok(store.end_trends_rebuild(peers, TrendState { sequence, newest_at: newest }).await?)
    }

    /// Writes all rows to the store, reading the next ones meanwhile.
    async fn write_all(&self, sorting: Sorting) -> Result<(), CatalogError> {
        let store = &self.inner.store;
        store.begin_trends_rebuild().await?;
        let (mut sorting, mut rows) = blocking(move || sorting.rows()).await?;
        while !rows.is_empty() {
            let next = spawn_blocking(move || sorting.rows());
            store.add_rebuilt_trends(rows).await?;
            (sorting, rows) = next.await.map_err(StoreError::of_task)?.map_err(CatalogError::Trends)?;
        }
        Ok(())
    }
}

/// Runs work on the file on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, CatalogError> {
    spawn_blocking(work).await.map_err(StoreError::of_task)?.map_err(CatalogError::Trends)
}

/// Trends in a temporary file.
struct Scratch {
    out: BufWriter<File>,
}

impl Scratch {
    /// Creates a file without a name, which is removed with the process.
    fn in_folder(folder: &std::path::Path) -> io::Result<Self> {
        Ok(Self { out: BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile_in(folder)?) })
    }

    fn write(&mut self, drafts: &[Draft]) -> io::Result<()> {
        for draft in drafts {
            let bytes = draft.sourced.to_bytes();
            self.out.write_all(&draft.hashtag.0.to_le_bytes())?;
            self.out.write_all(&[number_of(draft.window)])?;
            self.out.write_all(&draft.read_at.as_ms().to_le_bytes())?;
            self.out.write_all(&draft.readings.to_le_bytes())?;
            self.out.write_all(&[u8::try_from(bytes.len()).map_err(io::Error::other)?])?;
            self.out.write_all(&bytes)?;
        }
        Ok(())
    }

    fn finish(self) -> io::Result<Reading> {
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        let mut reading = Reading { file: BufReader::with_capacity(BUFFER_BYTES, file) };
        reading.begin()?;
        Ok(reading)
    }
}

/// Reader of the temporary file.
struct Reading {
    file: BufReader<File>,
}

impl Reading {
    fn begin(&mut self) -> io::Result<()> {
        self.file.rewind()
    }

    fn next(&mut self) -> io::Result<Option<Draft>> {
        if self.file.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut head = [0; HEAD_BYTES];
        self.file.read_exact(&mut head)?;
        let mut bytes = [0; u8::MAX as usize];
        let bytes = &mut bytes[..usize::from(head[HEAD_BYTES - 1])];
        self.file.read_exact(bytes)?;
        decoded(&head, bytes).map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

fn decoded(head: &[u8; HEAD_BYTES], bytes: &[u8]) -> Option<Draft> {
    let (hashtag, rest) = head.split_first_chunk()?;
    let (number, rest) = rest.split_first()?;
    let (read_at, rest) = rest.split_first_chunk()?;
    let (readings, _) = rest.split_first_chunk()?;
    let window = window_of(*number)?;
    Some(Draft {
        hashtag: HashtagRow(u32::from_le_bytes(*hashtag)),
        window,
        read_at: Timestamp::from_ms(i64::from_le_bytes(*read_at)),
        readings: u64::from_le_bytes(*readings),
        sourced: SourcedTrend::from_bytes(bytes, window)?,
    })
}

/// The trends to write to the store.
struct Sorting {
    reading: Reading,
    /// Time of the newest reading.
    newest: Option<Timestamp>,
}

impl Sorting {
    /// Computes the peers of each window, and returns them as they are stored.
    fn of(scratch: Scratch, newest: Option<Timestamp>) -> io::Result<(Self, Vec<TrendPeers>)> {
        let mut sorting = Self { reading: scratch.finish()?, newest };
        let mut all = Vec::new();
        for &window in TrendWindow::VARIANTS {
            let peers = sorting.peers_of(window)?;
            let (bytes, made_of) = (peers.to_bytes(), peers.all());
            if made_of > 0 {
                all.push(TrendPeers { window: number_of(window), peers: bytes, made_of });
            }
        }
        sorting.reading.begin()?;
        Ok((sorting, all))
    }

    fn peers_of(&mut self, window: TrendWindow) -> io::Result<Peers> {
        self.reading.begin()?;
        let mut failed = Ok(());
        let figures = std::iter::from_fn(|| {
            loop {
                match next_recent(&mut self.reading, self.newest) {
                    Ok(Some(draft)) if draft.window == window => {
                        return Some(components(&seen(draft.sourced.trend, self.newest)));
                    }
                    Ok(Some(_)) => {}
                    Ok(None) => return None,
                    Err(error) => {
                        failed = Err(error);
                        return None;
                    }
                }
            }
        });
        let peers = Peers::of(figures);
        failed.map(|()| peers)
    }

    /// Returns the next rows; none at the end.
    fn rows(mut self) -> io::Result<(Self, Vec<TrendRow>)> {
        let mut rows = Vec::with_capacity(WRITE_MAX);
        while rows.len() < WRITE_MAX
            && let Some(draft) = next_recent(&mut self.reading, self.newest)?
        {
            rows.push(draft.into_row());
        }
        Ok((self, rows))
    }
}

/// Returns the next trend of a recently read hashtag, skipping the others.
fn next_recent(reading: &mut Reading, newest: Option<Timestamp>) -> io::Result<Option<Draft>> {
    while let Some(draft) = reading.next()? {
        if newest.is_none_or(|newest| draft.read_at >= recent_since(draft.window, newest)) {
            return Ok(Some(draft));
        }
    }
    Ok(None)
}

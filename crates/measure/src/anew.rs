//! All trends from nothing. Which hashtags were read lately is known once all are read, so trends are set aside in a temporary
//! file until then and written once; memory does not grow with them, but for the numbers that peers of one window are made of.

use crate::Measure;
use crate::drafts::{Draft, Pieces, Which};
use crate::kept::KeptTrend;
use crate::outlook::seen;
use crate::trends::{KEEP_MAX, TrendsProgress, lately, number_of, window_of};
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
/// Hashtag, window, when it was read, readings, and how many bytes the trend is.
const HEAD_BYTES: usize = 4 + 1 + 8 + 8 + 1;

impl Measure {
    /// Works out the trends of the hashtags of every row number that was given out, and notes it.
    pub(super) async fn work_all_out(
        &self,
        sequence: u64,
        progress: &mut TrendsProgress,
    ) -> Result<(), CatalogError> {
        let store = &self.inner.store;
        let hashtags = u32::try_from(store.catalog_size().await?.hashtags).unwrap_or(u32::MAX);
        let mut aside = Aside::in_folder(&self.inner.trends_folder).map_err(CatalogError::Trends)?;
        let mut newest = None;
        let mut pieces = Pieces::of(self, Which::All, (1..=hashtags).map(HashtagRow));
        while let Some(piece) = pieces.next().await? {
            progress.add(&piece.progress);
            newest = newest.max(piece.newest);
            store.keep_standings(sequence, piece.standings).await?;
            aside.put(&piece.drafts).map_err(CatalogError::Trends)?;
        }
        let (sorting, peers) = apart(move || Sorting::of(aside, newest)).await?;
        self.write_all(sorting).await?;
        if let Some(newest) = newest {
            for &window in TrendWindow::VARIANTS {
                store.drop_trends_before(number_of(window), lately(window, newest)).await?;
            }
        }
        Ok(store.end_trends_rebuild(peers, TrendState { sequence, newest_at: newest }).await?)
    }

    /// While rows are written the next ones are read.
    async fn write_all(&self, sorting: Sorting) -> Result<(), CatalogError> {
        let store = &self.inner.store;
        store.begin_trends_rebuild().await?;
        let (mut sorting, mut rows) = apart(move || sorting.rows()).await?;
        while !rows.is_empty() {
            let next = spawn_blocking(move || sorting.rows());
            store.add_rebuilt_trends(rows).await?;
            (sorting, rows) = next.await.map_err(StoreError::of_task)?.map_err(CatalogError::Trends)?;
        }
        Ok(())
    }
}

/// Does something with the file on a thread that may wait for it.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, CatalogError> {
    spawn_blocking(work).await.map_err(StoreError::of_task)?.map_err(CatalogError::Trends)
}

/// Trends set aside.
struct Aside {
    out: BufWriter<File>,
}

impl Aside {
    /// In a file without a name: it goes with the process.
    fn in_folder(folder: &std::path::Path) -> io::Result<Self> {
        Ok(Self { out: BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile_in(folder)?) })
    }

    fn put(&mut self, drafts: &[Draft]) -> io::Result<()> {
        for draft in drafts {
            let bytes = draft.kept.to_bytes();
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

/// Trends that were set aside, read again.
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
        kept: KeptTrend::from_bytes(bytes, window)?,
    })
}

/// Trends that are about to be written.
struct Sorting {
    reading: Reading,
    /// The newest reading of all.
    newest: Option<Timestamp>,
}

impl Sorting {
    /// Makes the peers of each window; also as they are kept.
    fn of(aside: Aside, newest: Option<Timestamp>) -> io::Result<(Self, Vec<TrendPeers>)> {
        let mut sorting = Self { reading: aside.finish()?, newest };
        let mut kept = Vec::new();
        for &window in TrendWindow::VARIANTS {
            let peers = sorting.peers_of(window)?;
            let (bytes, made_of) = (peers.to_bytes(), peers.all());
            if made_of > 0 {
                kept.push(TrendPeers { window: number_of(window), peers: bytes, made_of });
            }
        }
        sorting.reading.begin()?;
        Ok((sorting, kept))
    }

    fn peers_of(&mut self, window: TrendWindow) -> io::Result<Peers> {
        self.reading.begin()?;
        let mut failed = Ok(());
        let figures = std::iter::from_fn(|| {
            loop {
                match next_moving(&mut self.reading, self.newest) {
                    Ok(Some(draft)) if draft.window == window => {
                        return Some(components(&seen(draft.kept.trend, self.newest)));
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

    /// The next rows; none at the end.
    fn rows(mut self) -> io::Result<(Self, Vec<TrendRow>)> {
        let mut rows = Vec::with_capacity(KEEP_MAX);
        while rows.len() < KEEP_MAX
            && let Some(draft) = next_moving(&mut self.reading, self.newest)?
        {
            rows.push(draft.into_row());
        }
        Ok((self, rows))
    }
}

/// The next trend of a hashtag that was read lately: others are no trends any more.
fn next_moving(reading: &mut Reading, newest: Option<Timestamp>) -> io::Result<Option<Draft>> {
    while let Some(draft) = reading.next()? {
        if newest.is_none_or(|newest| draft.read_at >= lately(draft.window, newest)) {
            return Ok(Some(draft));
        }
    }
    Ok(None)
}

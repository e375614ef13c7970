//! Everything that is held of something, row by row into a file, in bounded memory.

use super::{HashtagRecord, MeasureError, Tabular};
use crate::Catalog;
use domain::{Count, Hashtag, HashtagRow};
use std::io::{self, Write};
use store::videos::VideoUnder;
use tables::{Column, Format, Kind, Value, Writer};

/// Hashtags, and videos, that are read at once.
const PART: u32 = 1_000;
/// Hashtags after which it is told how far it is.
const TOLD_EVERY: usize = 10;
/// Readings that are read at once.
const READINGS: u32 = 50_000;

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportOf {
    /// Hashtags' records.
    Hashtags,
    /// Every reading of hashtags, as told.
    History,
    /// Videos under hashtags, in numbers, each once.
    Videos,
}

impl ExportOf {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hashtags, Self::History, Self::Videos];

    /// What it is called in requests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hashtags => "hashtags",
            Self::History => "history",
            Self::Videos => "videos",
        }
    }
}

/// Columns of readings.
const READING: [(&str, Kind); 9] = [
    ("hashtag_id", Kind::Id),
    ("hashtag", Kind::Text),
    ("observed_at", Kind::Time),
    ("source", Kind::Text),
    ("views", Kind::Integer),
    ("creators", Kind::Integer),
    ("videos", Kind::Integer),
    ("views_rounded", Kind::Flag),
    ("views_step", Kind::Integer),
];

/// A file that cannot be written.
fn not_written(error: io::Error) -> MeasureError {
    MeasureError::File(error)
}

impl Catalog {
    /// Writes everything that is held, of one hashtag or of all, and gives the file back with the number of its rows. Videos
    /// without a hashtag are in none of it.
    pub async fn export<W: Write + Send>(
        &self,
        of: ExportOf,
        hashtag: Option<&Hashtag>,
        format: Format,
        out: W,
    ) -> Result<(W, u64), MeasureError> {
        self.export_telling(of, hashtag, format, out, |_, _| {}).await
    }

    /// The same; `progress` is told how many hashtags are done, of how many.
    pub async fn export_telling<W: Write + Send>(
        &self,
        of: ExportOf,
        hashtag: Option<&Hashtag>,
        format: Format,
        out: W,
        progress: impl Fn(u64, u64),
    ) -> Result<(W, u64), MeasureError> {
        let columns = match of {
            ExportOf::Hashtags => Vec::<HashtagRecord>::columns(),
            ExportOf::Videos => Vec::<super::VideoMeasuredView>::columns(),
            ExportOf::History => READING.map(|(name, kind)| Column::new(name, kind)).to_vec(),
        };
        let meta = [("of", of.name().to_owned())];
        let mut writer = Writer::begin(out, format, &columns, &meta).map_err(not_written)?;
        match (of, hashtag) {
            (ExportOf::Videos, Some(hashtag)) => self.export_videos(hashtag, |_| true, &mut writer).await?,
            (_, Some(hashtag)) => self.export_some(of, std::slice::from_ref(hashtag), &mut writer).await?,
            (_, None) => self.export_all(of, progress, &mut writer).await?,
        }
        let rows = writer.rows();
        Ok((writer.finish().map_err(not_written)?, rows))
    }

    async fn export_all<W: Write + Send>(
        &self,
        of: ExportOf,
        progress: impl Fn(u64, u64),
        writer: &mut Writer<W>,
    ) -> Result<(), MeasureError> {
        let total = self.inner.store.catalog_size().await?.hashtags;
        let (mut after, mut done): (Option<HashtagRow>, u64) = (None, 0);
        loop {
            let hashtags = self.inner.store.hashtags_after(after, PART).await?;
            let Some(last) = hashtags.last() else { return Ok(()) };
            after = Some(last.row);
            for part in hashtags.chunks(TOLD_EVERY) {
                self.export_some(of, part, writer).await?;
                done += part.len() as u64;
                progress(done, total);
            }
        }
    }

    async fn export_some<W: Write + Send>(
        &self,
        of: ExportOf,
        hashtags: &[Hashtag],
        writer: &mut Writer<W>,
    ) -> Result<(), MeasureError> {
        if of == ExportOf::Hashtags {
            let records: Vec<HashtagRecord> = hashtags.iter().map(HashtagRecord::of).collect();
            return write(writer, records.rows());
        }
        for hashtag in hashtags {
            if of == ExportOf::Videos {
                // A video is written with the first of its hashtags, and so once.
                let is_first = |video: &VideoUnder| video.tags.iter().min() == Some(&hashtag.row);
                self.export_videos(hashtag, is_first, writer).await?;
            } else if !hashtag.reported.is_empty() {
                self.export_readings(hashtag, writer).await?;
            }
        }
        Ok(())
    }

    async fn export_readings<W: Write + Send>(
        &self,
        hashtag: &Hashtag,
        writer: &mut Writer<W>,
    ) -> Result<(), MeasureError> {
        let count = |count: Option<Count>| count.map_or(Value::Absent, |count| Value::count(count.value()));
        let mut after = None;
        loop {
            let readings = self.inner.store.hashtag_snapshots(hashtag.row, after, READINGS).await?;
            let mut rows = Vec::with_capacity(readings.len());
            // Readings of one moment by several sources must not be cut in two: the last moment is read again.
            let is_last = (readings.len() as u64) < u64::from(READINGS);
            let end = readings.last().map(|reading| reading.observed_at).filter(|_| !is_last);
            for reading in readings.iter().filter(|reading| Some(reading.observed_at) != end) {
                rows.push(vec![
                    hashtag.id.map_or(Value::Absent, Value::id),
                    Value::text(hashtag.tag.name()),
                    Value::Time(reading.observed_at),
                    Value::text(reading.source.name()),
                    count(reading.counts.views),
                    count(reading.counts.creators),
                    count(reading.counts.videos),
                    reading.counts.views.map_or(Value::Absent, |views| Value::Flag(views.is_rounded())),
                    reading.counts.views.map_or(Value::Absent, |views| Value::count(views.resolution())),
                ]);
                after = Some(reading.observed_at);
            }
            write(writer, rows)?;
            if is_last {
                return Ok(());
            }
        }
    }

    async fn export_videos<W: Write + Send>(
        &self,
        hashtag: &Hashtag,
        is_wanted: impl Fn(&VideoUnder) -> bool,
        writer: &mut Writer<W>,
    ) -> Result<(), MeasureError> {
        let mut after = None;
        loop {
            let part = self.inner.store.videos_under(hashtag.row, after, PART).await?;
            let wanted: Vec<VideoUnder> = part.videos.into_iter().filter(&is_wanted).collect();
            write(writer, self.video_views(&wanted).await?.rows())?;
            match part.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }
}

fn write<W: Write + Send>(writer: &mut Writer<W>, rows: Vec<Vec<Value>>) -> Result<(), MeasureError> {
    rows.iter().try_for_each(|row| writer.row(row)).map_err(not_written)
}

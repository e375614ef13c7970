//! Exports all stored rows of a kind to a file, in bounded memory.
//!
//! One thread reads the store in parts, each of one state of it (`reading`); another converts the parts to rows
//! and writes them (`rows`). At most [`PARTS_WAITING`] parts wait in between. If one thread fails, the other
//! ends.

mod reading;

mod rows;

use crate::Measure;
use crate::parameters::{ExportOfName, OptionalTagText, one_of};
use crate::{HashtagRecord, MeasureError, Tabular, VideoMeasuredView};
use clap::Args;
use domain::Hashtag;
use reading::{Gone, Part, Parts};
use serde::Deserialize;
use std::io::{self, Write};
use strum::{Display, IntoStaticStr, VariantArray};
use tables::{Column, Format, Kind, Writer};
use tokio::sync::mpsc;
use utoipa::IntoParams;

/// Parts that may wait to be written: enough that neither side waits for every part of the other.
const PARTS_WAITING: usize = 4;

/// Rows of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Display, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ExportOf {
    /// Records of hashtags.
    #[default]
    Hashtags,
    /// Every reading of hashtags, as reported.
    History,
    /// Videos in numbers, each once.
    Videos,
}

impl ExportOf {
    /// Returns its name in requests.
    pub fn name(self) -> &'static str {
        self.into()
    }

    fn columns(self) -> Vec<Column> {
        match self {
            Self::Hashtags => Vec::<HashtagRecord>::columns(),
            Self::Videos => Vec::<VideoMeasuredView>::columns(),
            Self::History => READING.map(|(name, kind)| Column::new(name, kind)).to_vec(),
        }
    }
}

/// Question: everything stored of a kind, as a file.
#[derive(Debug, Clone, PartialEq, Deserialize, IntoParams, Args)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// Rows to export: `hashtags`, `history` (every reading of hashtags) or `videos` (every video, under hashtags or not),
    /// each once and in the order in which they were stored.
    #[arg(value_name = "WHAT", value_parser = one_of::<ExportOf>())]
    #[param(inline, value_type = ExportOfName, example = "hashtags")]
    pub of: ExportOf,
    /// Only of this hashtag: a name, with or without `#`, or an id.
    #[arg(long, value_name = "NAME|ID")]
    #[param(inline, value_type = OptionalTagText, required = false)]
    pub hashtag: Option<String>,
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

impl Measure {
    /// Writes all rows, of one hashtag or of all, in the order in which hashtags and videos were stored.
    /// Returns the file and the number of its rows.
    pub async fn export<W: Write + Send + 'static>(
        &self,
        of: ExportOf,
        hashtag: Option<&Hashtag>,
        format: Format,
        out: W,
    ) -> Result<(W, u64), MeasureError> {
        self.export_with(of, hashtag, format, out, |_, _| {}).await
    }

    /// Exports like [`Self::export`]. Calls `progress` with the numbers of hashtags, or videos of all, done and
    /// in total.
    pub async fn export_with<W: Write + Send + 'static>(
        &self,
        of: ExportOf,
        hashtag: Option<&Hashtag>,
        format: Format,
        out: W,
        progress: impl Fn(u64, u64),
    ) -> Result<(W, u64), MeasureError> {
        let meta = [("of", of.name().to_owned())];
        let writer = Writer::begin(out, format, &of.columns(), &meta).map_err(MeasureError::File)?;
        let (sender, receiver) = mpsc::channel(PARTS_WAITING);
        let writing = tokio::task::spawn_blocking(move || write(receiver, writer));
        let parts = Parts::new(sender);
        let read = match (of, hashtag) {
            (ExportOf::Hashtags, Some(hashtag)) => parts.send(Part::Hashtags(vec![hashtag.clone()])).await,
            (ExportOf::History, Some(hashtag)) => self.read_history(vec![hashtag.clone()], &parts).await,
            (ExportOf::Videos, Some(hashtag)) => self.read_videos_under(hashtag, &parts).await,
            (ExportOf::Videos, None) => self.read_videos(progress, &parts).await,
            (_, None) => self.read_hashtags(of, progress, &parts).await,
        };
        drop(parts);
        // If writing has failed, reading ended because of it.
        let written = writing.await.map_err(|error| MeasureError::File(io::Error::other(error)))?;
        let writer = written.map_err(MeasureError::File)?;
        read.map_err(|gone| match gone {
            Gone::Store(error) => error,
            Gone::Writing => MeasureError::File(io::ErrorKind::BrokenPipe.into()),
        })?;
        let rows = writer.rows();
        Ok((writer.finish().map_err(MeasureError::File)?, rows))
    }
}

/// Writes parts as they arrive. Does not finish the file, since only the reader knows if it is complete.
fn write<W: Write + Send>(mut parts: mpsc::Receiver<Part>, mut writer: Writer<W>) -> io::Result<Writer<W>> {
    while let Some(part) = parts.blocking_recv() {
        rows::write(&part, &mut writer)?;
    }
    Ok(writer)
}

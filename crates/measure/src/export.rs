//! Everything that is held of something, row by row into a file, in bounded memory.
//!
//! One thread reads the store, part by part, each of one state of it (`reading`); another makes rows of the parts and
//! writes them (`rows`). At most [`PARTS_WAITING`] parts are on their way. Whichever of the two fails ends the other.

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

/// Parts that were read and wait to be written: enough that neither side waits for every part of the other.
const PARTS_WAITING: usize = 4;

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Display, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ExportOf {
    /// Hashtags' records.
    #[default]
    Hashtags,
    /// Every reading of hashtags, as told.
    History,
    /// Videos in numbers, each once.
    Videos,
}

impl ExportOf {
    /// What it is called in requests.
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
    /// Writes everything that is held, of one hashtag or of all, and gives the file back with the number of its rows. Rows
    /// come in the order in which hashtags and videos came in.
    pub async fn export<W: Write + Send + 'static>(
        &self,
        of: ExportOf,
        hashtag: Option<&Hashtag>,
        format: Format,
        out: W,
    ) -> Result<(W, u64), MeasureError> {
        self.export_telling(of, hashtag, format, out, |_, _| {}).await
    }

    /// The same; `progress` is told how many hashtags, or videos of all, are done, of how many.
    pub async fn export_telling<W: Write + Send + 'static>(
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
        // When writing has failed, reading ended because of it.
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

/// Writes parts as they come. The file is not finished: whether it is whole, reading knows.
fn write<W: Write + Send>(mut parts: mpsc::Receiver<Part>, mut writer: Writer<W>) -> io::Result<Writer<W>> {
    while let Some(part) = parts.blocking_recv() {
        rows::write(&part, &mut writer)?;
    }
    Ok(writer)
}
